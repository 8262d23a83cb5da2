#ifndef VQC_TESTS_SUPPORT_COMMAND_RUN_H
#define VQC_TESTS_SUPPORT_COMMAND_RUN_H

#include <stdio.h>
#include <unistd.h>

#include "cli/arguments.h"

/* Runs a command as main does, with its standard output going to a new file. */
static inline vqc_status command_run_into(const char *path, const vqc_command *command, int count, char **words,
                                          vqc_error *error)
{
    (void)fflush(stdout);
    int kept = dup(STDOUT_FILENO);
    assert_non_null(freopen(path, "w", stdout));
    *error = (vqc_error){0};
    vqc_status status = vqc_command_run(command, count, words, error);
    (void)fflush(stdout);
    assert_true(dup2(kept, STDOUT_FILENO) >= 0);
    (void)close(kept);
    return status;
}

#endif
