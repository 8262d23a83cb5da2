/* Picks the subcommand, prints an error if there is one, and exits: the only place that does. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/interruption.h"

typedef struct command {
    const char *name;
    const char *summary;
    vqc_status (*run)(int count, char **words, vqc_error *error);
} command;

static const command commands[] = {
    {"render", "a study's pictures into an archive", vqc_command_render},
    {"plan", "the renders that a study expands to", vqc_command_plan},
    {"bench", "how long the steps of a study's render take here, and what in them", vqc_command_bench},
    {"show", "what an archive holds", vqc_command_show},
    {"export", "an archive's pictures as PNG files and a contact sheet", vqc_command_export},
    {"verify", "an archive against its digests and models, and renders made again", vqc_command_verify},
    {"inspect", "what a checkpoint file holds", vqc_command_inspect},
    {"tokenize", "texts to token ids", vqc_command_tokenize},
    {"embed", "pictures and texts to embeddings, and how alike they are", vqc_command_embed},
    {"judge", "what pictures show, as a CLIP model sees it", vqc_command_judge},
    {"reconstruct", "a picture through the generator's encoder and decoder", vqc_command_reconstruct},
};

enum { COMMAND_COUNT = sizeof commands / sizeof commands[0] };

static void usage_print(FILE *stream)
{
    (void)fprintf(stream, "usage: vqclip COMMAND ...\n\n");
    for (int i = 0; i < COMMAND_COUNT; i++)
        (void)fprintf(stream, "  %-12s %s\n", commands[i].name, commands[i].summary);
    (void)fprintf(stream, "\nvqclip COMMAND --help says more, vqclip --version which version this is.\n");
}

static const command *command_find(const char *name)
{
    for (int i = 0; i < COMMAND_COUNT; i++)
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    return NULL;
}

static vqc_status command_run(int argc, char **argv, vqc_error *error)
{
    const command *found = command_find(argv[1]);
    if (found == NULL)
        return vqc_error_set(error, VQC_BAD_INPUT, "%s: unknown command; vqclip --help lists them", argv[1]);
    VQC_TRY(found->run(argc - 2, argv + 2, error));
    if (fflush(stdout) != 0 || ferror(stdout) != 0)
        return vqc_error_set(error, VQC_FAILED, "standard output cannot be written");
    return VQC_OK;
}

/* Ends the process without waiting for anything, on whatever thread it is called. */
static void process_end(const char *message)
{
    if (message[0] != '\0')
        (void)fprintf(stderr, "vqclip: %s\n", message);
    _exit(VQC_FAILED);
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        usage_print(stderr);
        return VQC_BAD_INPUT;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        usage_print(stdout);
        return EXIT_SUCCESS;
    }
    if (strcmp(argv[1], "--version") == 0) {
        (void)printf("vqclip %s\n", VQC_VERSION);
        return EXIT_SUCCESS;
    }
    vqc_error error = {0};
    vqc_interruption_end_set(process_end);
    vqc_status status = command_run(argc, argv, &error);
    if (status != VQC_OK && error.message[0] != '\0') /* a rank leaves it empty where another one says it */
        (void)fprintf(stderr, "vqclip: %s\n", error.message);
    return status;
}
