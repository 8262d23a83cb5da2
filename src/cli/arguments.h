#ifndef VQC_CLI_ARGUMENTS_H
#define VQC_CLI_ARGUMENTS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"

/* The command line of a subcommand, described by a table. */
typedef enum vqc_option_kind {
    VQC_OPTION_FLAG,   /* bool *: set to true */
    VQC_OPTION_TEXT,   /* const char **: the value; given twice is an error */
    VQC_OPTION_LIST,   /* vqc_text_list *: every value in order */
    VQC_OPTION_INTEGER /* long *: a decimal number of at least 0 */
} vqc_option_kind;

/* Texts that belong to the command line. */
typedef struct vqc_text_list {
    const char **items;
    size_t count, capacity;
} vqc_text_list;

void vqc_text_list_release(vqc_text_list *list);

typedef struct vqc_option {
    const char *name;  /* "--device"; a short form goes first: "-o, --output" */
    const char *value; /* what stands for the value in the help, "FILE"; NULL for flags */
    const char *help;  /* one line */
    vqc_option_kind kind;
    void *target;
} vqc_option;

typedef struct vqc_arguments {
    const char *usage;   /* "vqclip inspect FILE [--json]" */
    const char *summary; /* what the subcommand does, one or more lines */
    const vqc_option *options;
    size_t option_count;
    vqc_text_list *operands; /* what is not an option goes here */
    size_t operand_minimum, operand_maximum;
} vqc_arguments;

/* Reads the words after the subcommand: options as "--name value" or "--name=value", "--" ends them. With --help it
 * prints the help to standard output and sets *help_out; the targets then mean nothing. Unknown options, missing
 * values and a wrong number of operands are VQC_BAD_INPUT. */
VQC_MUST_CHECK vqc_status vqc_arguments_parse(const vqc_arguments *arguments, int count, char **words, bool *help_out,
                                              vqc_error *error);

/* The whole of a subcommand that takes one operand: reads the words by the description, which needs no operands, and
 * calls `run` with the context and the operand unless they ask for help. */
VQC_MUST_CHECK vqc_status vqc_arguments_run(const vqc_arguments *arguments, int count, char **words,
                                            vqc_status (*run)(void *context, const char *operand, vqc_error *error),
                                            void *context, vqc_error *error);

/* The whole of a subcommand that takes one file and --json: reads the words and calls `run` unless they ask for help.
 */
VQC_MUST_CHECK vqc_status vqc_arguments_run_file(const char *usage, const char *summary, int count, char **words,
                                                 vqc_status (*run)(const char *path, bool json, vqc_error *error),
                                                 vqc_error *error);

#endif
