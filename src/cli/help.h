#ifndef VQC_CLI_HELP_H
#define VQC_CLI_HELP_H

#include <stdio.h>

#include "cli/arguments.h"

/* What the rows of the commands say, for people. */

/* The list of commands. */
void vqc_help_overview_write(FILE *stream);

/* A command's usage, what it does, and its options. */
void vqc_help_command_write(const vqc_command *command, FILE *stream);

/* The manual page vqclip(1), in man's language. */
void vqc_help_manual_write(FILE *stream);

#endif
