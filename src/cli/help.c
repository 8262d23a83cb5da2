#include "cli/help.h"

#include <string.h>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/completion.h"
#include "cli/shipped_jobs.h"
#include "study/manual.h"

/* ---- On a terminal ---- */

void vqc_help_overview_write(FILE *stream)
{
    (void)fprintf(stream, "usage: vqclip COMMAND ...\n\n");
    for (size_t i = 0; vqc_commands[i] != NULL; i++)
        (void)fprintf(stream, "  %-12s %s\n", vqc_commands[i]->name, vqc_commands[i]->summary);
    (void)fprintf(
        stream, "\nvqclip help COMMAND, or vqclip COMMAND --help, says more; vqclip help job which keys a job file\n"
                "has; vqclip --version which version this is, and of which libraries.\n");
}

void vqc_help_command_write(const vqc_command *command, FILE *stream)
{
    (void)fprintf(stream, "usage: %s\n\n%s\n", command->usage, command->about);
    if (command->option_count > 0)
        (void)fprintf(stream, "\n");
    for (size_t i = 0; i < command->option_count; i++) {
        const vqc_option *option = &command->options[i];
        char left[64];
        (void)snprintf(left, sizeof left, "%s %s", option->name, option->value == NULL ? "" : option->value);
        (void)fprintf(stream, "  %-26s %s", left, option->help);
        if (option->usual != NULL)
            (void)fprintf(stream, " (default %s)", option->usual);
        (void)fprintf(stream, "\n");
    }
}

/* ---- The manual page ---- */

/* Writes a text so that man shows it as it is. */
static void man_text(FILE *stream, const char *text)
{
    bool at_start = true;
    for (; *text != '\0'; text++) {
        if (at_start && (*text == '.' || *text == '\''))
            (void)fprintf(stream, "\\&");
        at_start = *text == '\n';
        if (*text == '-')
            (void)fprintf(stream, "\\-");
        else if (*text == '\\')
            (void)fprintf(stream, "\\e");
        else
            (void)fputc(*text, stream);
    }
}

/* Usage lines stand as they are, without what makes them line up on a terminal. */
static void man_usage(FILE *stream, const char *usage)
{
    (void)fprintf(stream, ".nf\n");
    for (; *usage != '\0'; usage += strspn(usage, "\n")) {
        size_t length = strcspn(usage, "\n");
        char line[160];
        (void)snprintf(line, sizeof line, "%.*s", (int)length, usage);
        man_text(stream, line);
        (void)fprintf(stream, "\n");
        usage += length;
    }
    (void)fprintf(stream, ".fi\n");
}

static void man_option(FILE *stream, const vqc_option *option)
{
    (void)fprintf(stream, ".TP\n\\fB");
    man_text(stream, option->name);
    (void)fprintf(stream, "\\fR");
    if (option->value != NULL)
        (void)fprintf(stream, " \\fI%s\\fR", option->value);
    (void)fprintf(stream, "\n");
    man_text(stream, option->help);
    if (option->usual != NULL) {
        (void)fprintf(stream, " (default ");
        man_text(stream, option->usual);
        (void)fprintf(stream, ")");
    }
    (void)fprintf(stream, "\n");
}

static void man_command(FILE *stream, const vqc_command *command)
{
    (void)fprintf(stream, ".SS %s\n", command->name);
    man_usage(stream, command->usage);
    (void)fprintf(stream, ".PP\n");
    man_text(stream, command->about);
    (void)fprintf(stream, "\n");
    for (size_t i = 0; i < command->option_count; i++)
        man_option(stream, &command->options[i]);
}

static const char man_end[] =
    ".SH EXIT STATUS\n"
    ".TP\n0\nAll is done.\n"
    ".TP\n1\nThe run failed, or some renders did.\n"
    ".TP\n2\nThe command line, or a file that it names, is wrong: one line says what was expected and what was "
    "found.\n"
    ".TP\n3\nThe launch was asked to stop and has saved what it was doing; the same command goes on from there.\n"
    ".SH EXAMPLES\n"
    ".nf\n"
    "vqclip plan study.yaml\n"
    "mpirun \\-n 4 vqclip render study.yaml \\-o out\n"
    "vqclip export out/study.h5 \\-o out/pictures\n"
    ".fi\n"
    ".SH SEE ALSO\n"
    "K. Crowson and others,\n"
    ".IR \"VQGAN\\-CLIP: Open Domain Image Generation and Editing with Natural Language Guidance\" ,\n"
    "ECCV 2022.\n";

void vqc_help_manual_write(FILE *stream)
{
    (void)fprintf(stream,
                  ".TH VQCLIP 1 \"%s\" \"vqclip %s\"\n"
                  ".SH NAME\n"
                  "vqclip \\- make pictures from text by optimisation, on clusters\n"
                  ".SH SYNOPSIS\n"
                  ".B vqclip\n"
                  ".I command\n"
                  ".RI [ option \\&...]\n"
                  ".RI [ argument \\&...]\n"
                  ".SH DESCRIPTION\n"
                  "Renders a study, one YAML file of prompts, seeds and settings, into one archive of pictures:\n"
                  "a VQGAN's latent is optimised until CLIP finds its picture like the prompt.\n"
                  "One MPI rank drives one GPU or a share of a CPU.\n"
                  ".SH COMMANDS\n",
                  VQC_DATE, VQC_VERSION);
    for (size_t i = 0; vqc_commands[i] != NULL; i++)
        man_command(stream, vqc_commands[i]);
    (void)fprintf(stream, "%s", man_end);
}

/* ---- The command ---- */

typedef struct help_options {
    bool man, markdown, names;
    const char *shell; /* NULL: none */
} help_options;

static vqc_status job_help(bool markdown, vqc_error *error)
{
    vqc_text text = {0};
    vqc_status status = vqc_job_manual_write(&text, markdown, error);
    if (status == VQC_OK)
        (void)fputs(text.data, stdout);
    vqc_text_release(&text);
    return status;
}

static vqc_status help_run(void *context, const vqc_text_list *operands, vqc_error *error)
{
    const help_options *options = context;
    const char *subject = operands->count == 0 ? "" : operands->items[0];
    const vqc_command *command;
    if (options->shell != NULL && operands->count == 0 && !options->man && !options->markdown && !options->names)
        return vqc_completion_write(options->shell, stdout, error);
    if (strcmp(subject, "job") == 0 && !options->man)
        return job_help(options->markdown, error);
    if (strcmp(subject, "jobs") == 0 && !options->man && !options->markdown)
        return vqc_shipped_jobs_print(stdout, options->names, error);
    if (options->markdown || options->names || options->shell != NULL || (options->man && operands->count > 0))
        return vqc_error_set(error, VQC_BAD_INPUT,
                             "help: --markdown is for job, --names for jobs, --man and --completion for no command");
    if (options->man)
        vqc_help_manual_write(stdout);
    else if (operands->count == 0)
        vqc_help_overview_write(stdout);
    else {
        VQC_TRY(vqc_command_find(subject, &command, error));
        vqc_help_command_write(command, stdout);
    }
    return VQC_OK;
}

static const vqc_option table[] = {
    {.name = "--man",
     .help = "print the manual page vqclip(1), in man's language",
     VQC_OPTION_MEMBER(help_options, man)},
    {.name = "--completion",
     .value = "SHELL",
     .help = "print what has bash or zsh complete the program's words",
     VQC_OPTION_MEMBER(help_options, shell)},
    {.name = "--markdown", .help = "with job: print its keys as Markdown", VQC_OPTION_MEMBER(help_options, markdown)},
    {.name = "--names", .help = "with jobs: print their names alone", VQC_OPTION_MEMBER(help_options, names)},
};

const vqc_command vqc_command_help = {
    .name = "help",
    .summary = "what a command does, and its options; the keys of a job file; the jobs that come with it",
    .usage = "vqclip help [COMMAND | job | jobs]",
    .about =
        "Lists the commands, or says what one of them does and which options it has. `vqclip help job` is the\n"
        "manual of the job file: every key with its kind and range, its default and what it does. `vqclip help\n"
        "jobs` lists the job files that come with the program; render, plan and bench take their names for paths.",
    .options = table,
    .option_count = sizeof table / sizeof table[0],
    .operand_maximum = 1,
    .options_size = sizeof(help_options),
    .run = help_run,
};
