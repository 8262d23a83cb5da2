#ifndef VQC_CLI_ARGUMENTS_H
#define VQC_CLI_ARGUMENTS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"

/* A command as a row of data: its words are read by it, and from it come --help, `vqclip help` and the manual page.
 */

/* What the value of an option is, and the type of its member in the command's options. */
typedef enum vqc_option_kind {
    VQC_OPTION_FLAG,   /* bool: set to true */
    VQC_OPTION_TEXT,   /* const char *: the value; given twice is an error */
    VQC_OPTION_LIST,   /* vqc_text_list: every value in order */
    VQC_OPTION_INTEGER /* long: a decimal number of at least 0 */
} vqc_option_kind;

/* Texts that belong to the command line. */
typedef struct vqc_text_list {
    const char **items;
    size_t count, capacity;
} vqc_text_list;

typedef struct vqc_option {
    const char *name;  /* "--device"; a short form goes first: "-o, --output" */
    const char *value; /* what stands for the value in the help, "FILE", or its unit, "SECONDS"; NULL for flags */
    const char *usual; /* the value where none is given; NULL: none, zero, or as `help` says */
    const char *help;  /* one line */
    vqc_option_kind kind;
    size_t offset; /* of its member in the command's options */
} vqc_option;

/* The end of an option's row: its member and, from the member's type, its kind. */
#define VQC_OPTION_MEMBER(options, member)                                                                           \
    .offset = offsetof(options, member), .kind = _Generic(((options *)0)->member, bool: VQC_OPTION_FLAG,             \
        const char *: VQC_OPTION_TEXT, vqc_text_list: VQC_OPTION_LIST, long: VQC_OPTION_INTEGER)

typedef struct vqc_command {
    const char *name;    /* "inspect" */
    const char *summary; /* what it gives, in a few words */
    const char *usage;   /* "vqclip inspect FILE [--json]" */
    const char *about;   /* what it does, one or more lines */
    const vqc_option *options;
    size_t option_count;
    size_t operand_minimum, operand_maximum; /* of the words that are no options */
    size_t options_size;                     /* of the structure that `run` takes; at least 1 */
    /* Prints its result to standard output and fills the error on failure. */
    vqc_status (*run)(void *options, const vqc_text_list *operands, vqc_error *error);
} vqc_command;

/* Reads the words after the command's name and runs it: options as "--name value" or "--name=value"; "--" ends them.
 * With --help among them it prints the help instead. Unknown options, missing values and a wrong number of operands
 * are VQC_BAD_INPUT; else as the command has it. */
VQC_MUST_CHECK vqc_status vqc_command_run(const vqc_command *command, int count, char **words, vqc_error *error);

#endif
