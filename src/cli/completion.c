#include "cli/completion.h"

#include <stdbool.h>
#include <string.h>

#include "cli/commands.h"

extern const char vqc_complete_bash[];
extern const char vqc_complete_zsh[];

/* What a command's operands are, by what its usage calls them. */
typedef enum operand_kind { OPERAND_FILE, OPERAND_JOB, OPERAND_SUBJECT } operand_kind;

static operand_kind operand_of(const vqc_command *command)
{
    if (strstr(command->usage, "[COMMAND") != NULL)
        return OPERAND_SUBJECT;
    return strstr(command->usage, " JOB") != NULL ? OPERAND_JOB : OPERAND_FILE;
}

/* An option has one name or two, a short one first. */
static const char *long_name(const vqc_option *option)
{
    const char *comma = strchr(option->name, ',');
    return comma == NULL ? option->name : comma + 2;
}

static int short_name_length(const vqc_option *option)
{
    return (int)strcspn(option->name, ",");
}

static bool has_short_name(const vqc_option *option)
{
    return strchr(option->name, ',') != NULL;
}

/* ---- bash ---- */

/* A pattern of `case` for the option's names. */
static void bash_value_write(const vqc_option *option, FILE *stream)
{
    if (option->value == NULL)
        return;
    (void)fprintf(stream, "        ");
    if (has_short_name(option))
        (void)fprintf(stream, "%.*s | ", short_name_length(option), option->name);
    (void)fprintf(stream, "%s) value='%s' ;;\n", long_name(option), option->value);
}

static void bash_command_write(const vqc_command *command, FILE *stream)
{
    static const char *const operands[] = {
        [OPERAND_FILE] = "file", [OPERAND_JOB] = "job", [OPERAND_SUBJECT] = "subject"};
    (void)fprintf(stream, "    %s)\n        operand=%s options='", command->name, operands[operand_of(command)]);
    for (size_t i = 0; i < command->option_count; i++)
        (void)fprintf(stream, "%s%s", i == 0 ? "" : " ", long_name(&command->options[i]));
    (void)fprintf(stream, "'\n        case $2 in\n");
    for (size_t i = 0; i < command->option_count; i++)
        bash_value_write(&command->options[i], stream);
    (void)fprintf(stream, "        esac\n        ;;\n");
}

static void bash_write(FILE *stream)
{
    (void)fprintf(stream,
                  "# Completes vqclip in bash; written by vqclip help --completion bash.\n\n_vqclip_commands='");
    for (size_t i = 0; vqc_commands[i] != NULL; i++)
        (void)fprintf(stream, "%s%s", i == 0 ? "" : " ", vqc_commands[i]->name);
    (void)fprintf(stream,
                  "'\n\n# The options of a command, what its operands are, and what stands for the value of the "
                  "option before.\n_vqclip_options() {\n    case $1 in\n");
    for (size_t i = 0; vqc_commands[i] != NULL; i++)
        bash_command_write(vqc_commands[i], stream);
    (void)fprintf(stream, "    esac\n}\n%s", vqc_complete_bash);
}

/* ---- zsh ---- */

/* A text within single quotes, in which _arguments and _describe find no signs of theirs. */
static void zsh_text_write(const char *text, FILE *stream)
{
    for (; *text != '\0'; text++) {
        if (*text == '\'')
            (void)fprintf(stream, "'\\''");
        else if (strchr("[]:\\", *text) != NULL)
            (void)fprintf(stream, "\\%c", *text);
        else
            (void)fputc(*text, stream);
    }
}

/* What completes a value. */
static const char *zsh_value_action(const char *value)
{
    if (strcmp(value, "DIR") == 0)
        return "_files -/";
    return strstr(value, "FILE") != NULL || strcmp(value, "YAML") == 0 ? "_files" : "";
}

static void zsh_option_write(const vqc_option *option, FILE *stream)
{
    (void)fprintf(stream, " \\\n        ");
    if (option->kind == VQC_OPTION_LIST)
        (void)fprintf(stream, "'*'");
    if (has_short_name(option))
        (void)fprintf(stream, "{%.*s,%s}", short_name_length(option), option->name, long_name(option));
    else
        (void)fprintf(stream, "%s", long_name(option));
    (void)fprintf(stream, "'[");
    zsh_text_write(option->help, stream);
    (void)fprintf(stream, "]");
    if (option->value != NULL) {
        (void)fprintf(stream, ":");
        zsh_text_write(option->value, stream);
        (void)fprintf(stream, ":%s", zsh_value_action(option->value));
    }
    (void)fprintf(stream, "'");
}

static void zsh_command_write(const vqc_command *command, FILE *stream)
{
    static const char *const operands[] = {[OPERAND_FILE] = "file:_files",
                                           [OPERAND_JOB] = "job:_vqclip_job",
                                           [OPERAND_SUBJECT] = "subject:_vqclip_subject"};
    (void)fprintf(stream, "\n_vqclip_command_%s() {\n    _arguments", command->name);
    for (size_t i = 0; i < command->option_count; i++)
        zsh_option_write(&command->options[i], stream);
    (void)fprintf(stream, " \\\n        --help'[say what it does, and its options]' \\\n        '*:%s'\n}\n",
                  operands[operand_of(command)]);
}

static void zsh_write(FILE *stream)
{
    (void)fprintf(stream, "#compdef vqclip\n# Completes vqclip in zsh; written by vqclip help --completion zsh.\n\n"
                          "_vqclip_commands() {\n    local -a commands\n    commands=(\n");
    for (size_t i = 0; vqc_commands[i] != NULL; i++) {
        (void)fprintf(stream, "        '%s:", vqc_commands[i]->name);
        zsh_text_write(vqc_commands[i]->summary, stream);
        (void)fprintf(stream, "'\n");
    }
    (void)fprintf(stream, "    )\n    _describe command commands\n}\n");
    for (size_t i = 0; vqc_commands[i] != NULL; i++)
        zsh_command_write(vqc_commands[i], stream);
    (void)fprintf(stream, "%s", vqc_complete_zsh);
}

vqc_status vqc_completion_write(const char *shell, FILE *stream, vqc_error *error)
{
    if (strcmp(shell, "bash") == 0)
        bash_write(stream);
    else if (strcmp(shell, "zsh") == 0)
        zsh_write(stream);
    else
        return vqc_error_set(error, VQC_BAD_INPUT, "--completion: expected bash or zsh, found %s", shell);
    return VQC_OK;
}
