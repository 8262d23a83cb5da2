#define _GNU_SOURCE /* environ, pipe2 */

#include "base/program.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SAID_SIZE = 512 };

/* Has `own` lead to the descriptor, or, where that is -1, to nowhere. */
static int stream_set(posix_spawn_file_actions_t *files, int own, int descriptor)
{
    if (descriptor < 0)
        return posix_spawn_file_actions_addopen(files, own, "/dev/null", O_RDWR, 0);
    return posix_spawn_file_actions_adddup2(files, descriptor, own);
}

int vqc_program_start(const char *file, const char *const *words, int output, int errors, pid_t *process_out)
{
    sigset_t none;
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_t files;
    (void)sigemptyset(&none);
    int code = posix_spawnattr_init(&attributes);
    if (code != 0)
        return code;
    code = posix_spawn_file_actions_init(&files);
    if (code == 0) {
        (void)posix_spawnattr_setsigmask(&attributes, &none);
        (void)posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
        code = stream_set(&files, STDIN_FILENO, -1);
        if (code == 0)
            code = stream_set(&files, STDOUT_FILENO, output);
        if (code == 0)
            code = stream_set(&files, STDERR_FILENO, errors);
        if (code == 0)
            code = posix_spawnp(process_out, file, &files, &attributes, (char *const *)words, environ);
        (void)posix_spawn_file_actions_destroy(&files);
    }
    (void)posix_spawnattr_destroy(&attributes);
    return code;
}

/* Reads to the end, so that it never waits for a reader, and keeps the beginning. */
static void errors_read(int descriptor, char said[SAID_SIZE])
{
    char dropped[SAID_SIZE];
    size_t size = 0;
    for (;;) {
        const bool full = size == SAID_SIZE - 1;
        const ssize_t got =
            read(descriptor, full ? dropped : said + size, full ? sizeof dropped : SAID_SIZE - 1 - size);
        if (got == 0 || (got < 0 && errno != EINTR))
            break;
        size += got > 0 && !full ? (size_t)got : 0;
    }
    said[size] = '\0';
    said[strcspn(said, "\r\n")] = '\0';
}

/* What came of it. */
static vqc_status end_judge(const char *name, int state, const char *said, vqc_error *error)
{
    const char *colon = said[0] == '\0' ? "" : ": ";
    if (WIFSIGNALED(state))
        return vqc_error_set(error, VQC_FAILED, "%s was ended by a signal (%s)%s%s", name, strsignal(WTERMSIG(state)),
                             colon, said);
    if (WEXITSTATUS(state) != 0)
        return vqc_error_set(error, VQC_FAILED, "%s failed with exit code %d%s%s", name, WEXITSTATUS(state), colon,
                             said);
    return VQC_OK;
}

vqc_status vqc_program_run(const char *const *words, bool *found_out, vqc_error *error)
{
    char said[SAID_SIZE];
    int ends[2];
    pid_t process;
    int state = 0;
    if (pipe2(ends, O_CLOEXEC) != 0)
        return vqc_error_set(error, VQC_FAILED, "%s cannot be started: %s", words[0], strerror(errno));
    const int code = vqc_program_start(words[0], words, -1, ends[1], &process);
    (void)close(ends[1]);
    if (code == 0)
        errors_read(ends[0], said);
    (void)close(ends[0]);
    *found_out = code != ENOENT;
    if (code == ENOENT)
        return VQC_OK;
    if (code != 0)
        return vqc_error_set(error, VQC_FAILED, "%s cannot be started: %s", words[0], strerror(code));
    while (waitpid(process, &state, 0) < 0 && errno == EINTR) {
    }
    return end_judge(words[0], state, said, error);
}
