/* Picks the subcommand, has its error said if there is one, and exits: the only place that does. */

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/help.h"
#include "cli/interruption.h"
#include "cli/version.h"

/* Opens those of the standard descriptors that the process was started without, lest the next file that is opened, an
 * archive, takes the number, and what is printed is written into it. */
static void descriptors_open(void)
{
    for (int descriptor = STDIN_FILENO; descriptor <= STDERR_FILENO; descriptor++)
        if (fcntl(descriptor, F_GETFD) < 0 && errno == EBADF && open("/dev/null", O_RDWR) != descriptor)
            _exit(VQC_FAILED);
}

/* A write beyond the size that a file may have here (ulimit -f) fails like any other, which is said; the signal would
 * end the process without a word. */
static void size_limit_take(void)
{
    (void)signal(SIGXFSZ, SIG_IGN);
}

static vqc_status command_run(int argc, char **argv, vqc_error *error)
{
    const vqc_command *command;
    VQC_TRY(vqc_command_find(argv[1], &command, error));
    VQC_TRY(vqc_command_run(command, argc - 2, argv + 2, error));
    if (fflush(stdout) != 0 || ferror(stdout) != 0)
        return vqc_error_set(error, VQC_FAILED, "standard output cannot be written");
    return VQC_OK;
}

/* Ends the process without waiting for anything, on whatever thread it is called. */
static void process_end(const char *message)
{
    if (message[0] != '\0')
        (void)fprintf(stderr, "vqclip: %s\n", message);
    _exit(VQC_FAILED);
}

int main(int argc, char **argv)
{
    descriptors_open();
    size_limit_take();
    if (argc < 2) {
        vqc_help_overview_write(stderr);
        return VQC_BAD_INPUT;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        vqc_help_overview_write(stdout);
        return EXIT_SUCCESS;
    }
    vqc_error error = {0};
    if (strcmp(argv[1], "--version") == 0) {
        vqc_status written = vqc_version_write(stdout, &error);
        if (written != VQC_OK)
            vqc_command_error_say(&error);
        return written;
    }
    vqc_interruption_end_set(process_end);
    vqc_status status = command_run(argc, argv, &error);
    if (status != VQC_OK) /* of ranks one has said it already, the others leave it empty */
        vqc_command_error_say(&error);
    return status;
}
