#ifndef VQC_CLI_COMMANDS_H
#define VQC_CLI_COMMANDS_H

#include "cli/arguments.h"

/* Every command, in the order of the help. The file NAME.c defines the command NAME. */
#define VQC_COMMANDS(X)                                                                                              \
    X(render)                                                                                                        \
    X(plan)                                                                                                          \
    X(bench)                                                                                                         \
    X(show)                                                                                                          \
    X(merge)                                                                                                         \
    X(pack)                                                                                                          \
    X(export)                                                                                                        \
    X(report)                                                                                                        \
    X(verify)                                                                                                        \
    X(inspect)                                                                                                       \
    X(tokenize)                                                                                                      \
    X(embed)                                                                                                         \
    X(judge)                                                                                                         \
    X(score)                                                                                                         \
    X(reconstruct)                                                                                                   \
    X(help)

#define VQC_COMMAND_DECLARE(name) extern const vqc_command vqc_command_##name;
VQC_COMMANDS(VQC_COMMAND_DECLARE)
#undef VQC_COMMAND_DECLARE

/* All of them, in that order; a NULL ends them. */
extern const vqc_command *const vqc_commands[];

/* The command of that name. An unknown one is VQC_BAD_INPUT. */
VQC_MUST_CHECK vqc_status vqc_command_find(const char *name, const vqc_command **command_out, vqc_error *error);

/* Prints the error as the program's one line on stderr, and empties it, so that it is said once; an empty one is
 * none. */
void vqc_command_error_say(vqc_error *error);

#endif
