#include "cli/arguments.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "cli/help.h"

/* A command whose words are read: its options, in memory of options_size bytes, and its operands. */
typedef struct reading {
    const vqc_command *command;
    char *options;
    vqc_text_list operands;
    bool help; /* is asked for; the rest means nothing then */
} reading;

static vqc_status list_append(vqc_text_list *list, const char *text, vqc_error *error)
{
    VQC_TRY(vqc_memory_grow(&list->items, &list->capacity, list->count + 1, sizeof *list->items, "the command line",
                            error));
    list->items[list->count++] = text;
    return VQC_OK;
}

/* Whether the word's first `length` characters are one of the option's comma-separated names. */
static bool option_is_called(const vqc_option *option, const char *word, size_t length)
{
    const char *name = option->name;
    while (*name != '\0') {
        size_t size = strcspn(name, ",");
        if (size == length && strncmp(name, word, size) == 0)
            return true;
        name += size;
        name += strspn(name, ", ");
    }
    return false;
}

static const vqc_option *option_find(const vqc_command *command, const char *word, size_t length)
{
    for (size_t i = 0; i < command->option_count; i++)
        if (option_is_called(&command->options[i], word, length))
            return &command->options[i];
    return NULL;
}

static vqc_status integer_parse(const vqc_option *option, const char *value, long *number_out, vqc_error *error)
{
    char *end;
    errno = 0;
    long number = strtol(value, &end, 10);
    if (value[0] < '0' || value[0] > '9' || *end != '\0' || errno != 0)
        return vqc_error_set(error, VQC_BAD_INPUT, "%s: expected a number, found %s", option->name, value);
    *number_out = number;
    return VQC_OK;
}

static vqc_status option_set(reading *read, const vqc_option *option, const char *value, vqc_error *error)
{
    void *member = read->options + option->offset;
    const char **text = member;
    switch (option->kind) {
    case VQC_OPTION_FLAG:
        *(bool *)member = true;
        return VQC_OK;
    case VQC_OPTION_TEXT:
        if (*text != option->usual)
            return vqc_error_set(error, VQC_BAD_INPUT, "%s: given twice", option->name);
        *text = value;
        return VQC_OK;
    case VQC_OPTION_LIST:
        return list_append(member, value, error);
    case VQC_OPTION_INTEGER:
        return integer_parse(option, value, member, error);
    }
    return VQC_OK;
}

/* Sets what has a usual value to it. */
static vqc_status options_init(reading *read, vqc_error *error)
{
    const vqc_command *command = read->command;
    VQC_TRY(vqc_memory_allocate(1, command->options_size, "the command line", &read->options, error));
    for (size_t i = 0; i < command->option_count; i++) {
        const vqc_option *option = &command->options[i];
        if (option->kind == VQC_OPTION_TEXT)
            *(const char **)(void *)(read->options + option->offset) = option->usual;
        else if (option->usual != NULL)
            VQC_TRY(option_set(read, option, option->usual, error));
    }
    return VQC_OK;
}

static void reading_release(reading *read)
{
    for (size_t i = 0; i < read->command->option_count && read->options != NULL; i++) {
        const vqc_option *option = &read->command->options[i];
        if (option->kind == VQC_OPTION_LIST)
            free(((vqc_text_list *)(void *)(read->options + option->offset))->items);
    }
    free(read->options);
    free(read->operands.items);
}

/* Reads the option at words[*at] with its value, and moves *at to the last word used. */
static vqc_status option_parse(reading *read, int count, char **words, int *at, vqc_error *error)
{
    const char *word = words[*at];
    size_t length = strcspn(word, "=");
    const vqc_option *option = option_find(read->command, word, length);
    if (option == NULL)
        return vqc_error_set(error, VQC_BAD_INPUT, "%.*s: unknown option; usage: %s", (int)length, word,
                             read->command->usage);
    bool joined = word[length] == '=';
    if (option->kind == VQC_OPTION_FLAG && joined)
        return vqc_error_set(error, VQC_BAD_INPUT, "%s: takes no value", option->name);
    if (option->kind == VQC_OPTION_FLAG)
        return option_set(read, option, NULL, error);
    if (joined)
        return option_set(read, option, word + length + 1, error);
    if (*at + 1 >= count)
        return vqc_error_set(error, VQC_BAD_INPUT, "%s: expected %s after it", option->name, option->value);
    *at += 1;
    return option_set(read, option, words[*at], error);
}

static vqc_status operands_check(const reading *read, vqc_error *error)
{
    const vqc_command *command = read->command;
    if (read->operands.count < command->operand_minimum)
        return vqc_error_set(error, VQC_BAD_INPUT, "too few arguments; usage: %s", command->usage);
    if (read->operands.count > command->operand_maximum)
        return vqc_error_set(error, VQC_BAD_INPUT, "%s: not expected; usage: %s",
                             read->operands.items[command->operand_maximum], command->usage);
    return VQC_OK;
}

static vqc_status words_parse(reading *read, int count, char **words, vqc_error *error)
{
    bool only_operands = false;
    VQC_TRY(options_init(read, error));
    for (int i = 0; i < count; i++) {
        const char *word = words[i];
        if (!only_operands && (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0)) {
            read->help = true;
            return VQC_OK;
        }
        if (!only_operands && strcmp(word, "--") == 0)
            only_operands = true;
        else if (!only_operands && word[0] == '-' && word[1] != '\0')
            VQC_TRY(option_parse(read, count, words, &i, error));
        else
            VQC_TRY(list_append(&read->operands, word, error));
    }
    return operands_check(read, error);
}

vqc_status vqc_command_run(const vqc_command *command, int count, char **words, vqc_error *error)
{
    reading read = {.command = command};
    vqc_status status = words_parse(&read, count, words, error);
    if (status == VQC_OK && read.help)
        vqc_help_command_write(command, stdout);
    else if (status == VQC_OK)
        status = command->run(read.options, &read.operands, error);
    reading_release(&read);
    return status;
}
