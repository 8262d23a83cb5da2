#define _GNU_SOURCE /* environ */

#include "archive/probe.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "archive/internal.h"
#include "base/program.h"

/* By what name a program knows that it was started to look at an archive. The word after it: the path. */
static const char probe_name[] = "vqclip-archive-probe";
enum { PROBE_WORDS = 2 };

/* What the process answers: a digit, the status, and the error's message. */
typedef struct probe_answer {
    char text[1 + VQC_ERROR_MESSAGE_SIZE];
    size_t size;
} probe_answer;

/* --- The process --- */

/* Processor time is bounded, also for archives of gigabytes; and nobody waits for it when the other process is gone.
 * What fails here is no reason not to look. */
static void limits_set(const char *path)
{
    enum { SECONDS = 60 };
    struct stat information;
    const rlim_t more = stat(path, &information) == 0 ? (rlim_t)information.st_size >> 20 : 0;
    const rlim_t seconds = SECONDS + more;
    const struct rlimit time = {.rlim_cur = seconds, .rlim_max = seconds};
    const struct rlimit none = {0};
    (void)setrlimit(RLIMIT_CPU, &time);
    (void)setrlimit(RLIMIT_CORE, &none);
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
}

/* Before main, in every program that can open an archive: so the tests and fuzz targets have their probe as vqclip
 * has, and none can forget to answer and begin all over instead. */
__attribute__((constructor)) static void probe_run(int argc, char **argv)
{
    vqc_archive *archive;
    vqc_error error = {0};
    if (argc != PROBE_WORDS || strcmp(argv[0], probe_name) != 0)
        return;
    limits_set(argv[1]);
    vqc_status status = vqc_archive_open_unprobed(argv[1], &archive, &error);
    if (status == VQC_OK) {
        status = vqc_archive_packed_try(archive, &error);
        vqc_archive_close(archive);
    }
    char text[1 + VQC_ERROR_MESSAGE_SIZE] = {(char)('0' + status)};
    memcpy(text + 1, error.message, sizeof error.message);
    _exit(write(STDOUT_FILENO, text, sizeof text) == (ssize_t)sizeof text ? EXIT_SUCCESS : EXIT_FAILURE);
}

/* --- Who asks --- */

/* Starts this program once more, with this descriptor for its answer. */
static int process_start(const char *path, int answer, pid_t *process_out)
{
    const char *const words[PROBE_WORDS + 1] = {probe_name, path, NULL};
    return vqc_program_start("/proc/self/exe", words, answer, -1, process_out);
}

static void answer_read(int descriptor, probe_answer *answer)
{
    while (answer->size < sizeof answer->text) {
        const ssize_t size = read(descriptor, answer->text + answer->size, sizeof answer->text - answer->size);
        if (size == 0 || (size < 0 && errno != EINTR))
            return;
        answer->size += size > 0 ? (size_t)size : 0;
    }
}

static int process_end(pid_t process)
{
    int state = 0;
    while (waitpid(process, &state, 0) < 0 && errno == EINTR) {
    }
    return state;
}

/* What the answer, or its absence, says of the file. */
static vqc_status answer_take(const char *path, probe_answer *answer, int state, vqc_error *error)
{
    if (WIFSIGNALED(state))
        return vqc_error_set(error, VQC_BAD_INPUT,
                             "%s: HDF5 does not come through reading this file (%s): it is damaged, or no archive of "
                             "vqclip",
                             path, strsignal(WTERMSIG(state)));
    if (answer->size != sizeof answer->text || answer->text[0] < '0' + VQC_OK || answer->text[0] > '0' + VQC_STOPPED)
        return vqc_error_set(error, VQC_BAD_INPUT,
                             "%s: HDF5 does not come through reading this file (exit code %d): it is damaged, or no "
                             "archive of vqclip",
                             path, WEXITSTATUS(state));
    if (answer->text[0] == '0' + VQC_OK)
        return VQC_OK;
    answer->text[sizeof answer->text - 1] = '\0';
    return vqc_error_set(error, (vqc_status)(answer->text[0] - '0'), "%s", answer->text + 1);
}

vqc_status vqc_archive_probe(const char *path, vqc_error *error)
{
    int ends[2];
    pid_t process;
    probe_answer answer = {0};
    int code = pipe2(ends, O_CLOEXEC) == 0 ? 0 : errno;
    if (code == 0) {
        code = process_start(path, ends[1], &process);
        (void)close(ends[1]);
        if (code == 0)
            answer_read(ends[0], &answer);
        (void)close(ends[0]);
    }
    if (code != 0)
        return vqc_error_set(error, VQC_FAILED,
                             "%s: this archive has no seal and is read in a process of its own first, which cannot "
                             "be started: %s",
                             path, strerror(code));
    return answer_take(path, &answer, process_end(process), error);
}
