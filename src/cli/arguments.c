#include "cli/arguments.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

void vqc_text_list_release(vqc_text_list *list)
{
    free(list->items);
    *list = (vqc_text_list){0};
}

static vqc_status list_append(vqc_text_list *list, const char *text, vqc_error *error)
{
    VQC_TRY(vqc_memory_grow(&list->items, &list->capacity, list->count + 1, sizeof *list->items, "the command line",
                            error));
    list->items[list->count++] = text;
    return VQC_OK;
}

static void help_print(const vqc_arguments *arguments)
{
    (void)printf("usage: %s\n\n%s\n", arguments->usage, arguments->summary);
    if (arguments->option_count > 0)
        (void)printf("\n");
    for (size_t i = 0; i < arguments->option_count; i++) {
        const vqc_option *option = &arguments->options[i];
        char left[64];
        (void)snprintf(left, sizeof left, "%s %s", option->name, option->value == NULL ? "" : option->value);
        (void)printf("  %-26s %s\n", left, option->help);
    }
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

static const vqc_option *option_find(const vqc_arguments *arguments, const char *word, size_t length)
{
    for (size_t i = 0; i < arguments->option_count; i++)
        if (option_is_called(&arguments->options[i], word, length))
            return &arguments->options[i];
    return NULL;
}

static vqc_status integer_parse(const vqc_option *option, const char *value, vqc_error *error)
{
    char *end;
    errno = 0;
    long number = strtol(value, &end, 10);
    if (value[0] < '0' || value[0] > '9' || *end != '\0' || errno != 0)
        return vqc_error_set(error, VQC_BAD_INPUT, "%s: expected a number, found %s", option->name, value);
    *(long *)option->target = number;
    return VQC_OK;
}

static vqc_status option_set(const vqc_option *option, const char *value, vqc_error *error)
{
    switch (option->kind) {
    case VQC_OPTION_FLAG:
        *(bool *)option->target = true;
        return VQC_OK;
    case VQC_OPTION_TEXT:
        if (*(const char **)option->target != NULL)
            return vqc_error_set(error, VQC_BAD_INPUT, "%s: given twice", option->name);
        *(const char **)option->target = value;
        return VQC_OK;
    case VQC_OPTION_LIST:
        return list_append(option->target, value, error);
    case VQC_OPTION_INTEGER:
        return integer_parse(option, value, error);
    }
    return VQC_OK;
}

/* Reads the option at words[*at] with its value, and moves *at to the last word used. */
static vqc_status option_parse(const vqc_arguments *arguments, int count, char **words, int *at, vqc_error *error)
{
    const char *word = words[*at];
    size_t length = strcspn(word, "=");
    const vqc_option *option = option_find(arguments, word, length);
    if (option == NULL)
        return vqc_error_set(error, VQC_BAD_INPUT, "%.*s: unknown option; usage: %s", (int)length, word,
                             arguments->usage);
    bool joined = word[length] == '=';
    if (option->kind == VQC_OPTION_FLAG) {
        if (joined)
            return vqc_error_set(error, VQC_BAD_INPUT, "%s: takes no value", option->name);
        return option_set(option, NULL, error);
    }
    if (joined)
        return option_set(option, word + length + 1, error);
    if (*at + 1 >= count)
        return vqc_error_set(error, VQC_BAD_INPUT, "%s: expected %s after it", option->name, option->value);
    *at += 1;
    return option_set(option, words[*at], error);
}

vqc_status vqc_arguments_parse(const vqc_arguments *arguments, int count, char **words, bool *help_out,
                               vqc_error *error)
{
    bool only_operands = false;
    *help_out = false;
    for (int i = 0; i < count; i++) {
        const char *word = words[i];
        if (!only_operands && (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0)) {
            help_print(arguments);
            *help_out = true;
            return VQC_OK;
        }
        if (!only_operands && strcmp(word, "--") == 0)
            only_operands = true;
        else if (!only_operands && word[0] == '-' && word[1] != '\0')
            VQC_TRY(option_parse(arguments, count, words, &i, error));
        else
            VQC_TRY(list_append(arguments->operands, word, error));
    }
    if (arguments->operands->count < arguments->operand_minimum)
        return vqc_error_set(error, VQC_BAD_INPUT, "too few arguments; usage: %s", arguments->usage);
    if (arguments->operands->count > arguments->operand_maximum)
        return vqc_error_set(error, VQC_BAD_INPUT, "%s: not expected; usage: %s",
                             arguments->operands->items[arguments->operand_maximum], arguments->usage);
    return VQC_OK;
}

vqc_status vqc_arguments_run(const vqc_arguments *arguments, int count, char **words,
                             vqc_status (*run)(void *context, const char *operand, vqc_error *error), void *context,
                             vqc_error *error)
{
    bool help;
    vqc_text_list operands = {0};
    vqc_arguments one = *arguments;
    one.operands = &operands;
    one.operand_minimum = 1;
    one.operand_maximum = 1;
    vqc_status status = vqc_arguments_parse(&one, count, words, &help, error);
    if (status == VQC_OK && !help)
        status = run(context, operands.items[0], error);
    vqc_text_list_release(&operands);
    return status;
}

/* What a subcommand of one file and --json does, and whether it has --json. */
typedef struct file_command {
    vqc_status (*run)(const char *path, bool json, vqc_error *error);
    bool json;
} file_command;

static vqc_status file_run(void *context, const char *path, vqc_error *error)
{
    const file_command *command = context;
    return command->run(path, command->json, error);
}

vqc_status vqc_arguments_run_file(const char *usage, const char *summary, int count, char **words,
                                  vqc_status (*run)(const char *path, bool json, vqc_error *error), vqc_error *error)
{
    file_command command = {.run = run};
    const vqc_option table[] = {{"--json", NULL, "print the result as JSON", VQC_OPTION_FLAG, &command.json}};
    const vqc_arguments arguments = {.usage = usage, .summary = summary, .options = table, .option_count = 1};
    return vqc_arguments_run(&arguments, count, words, file_run, &command, error);
}
