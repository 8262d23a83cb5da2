#ifndef VQC_CLI_COMPLETION_H
#define VQC_CLI_COMPLETION_H

#include <stdio.h>

#include "base/status.h"

/* Writes the file that has a shell complete the program's commands, options, job files and files: "bash" or "zsh". It
 * is made of the commands' tables and, for what is the same for all of them, completion/complete.SHELL. Another shell
 * is VQC_BAD_INPUT. */
VQC_MUST_CHECK vqc_status vqc_completion_write(const char *shell, FILE *stream, vqc_error *error);

#endif
