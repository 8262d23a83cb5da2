#include <stdio.h>

#include "base/visible.h"
#include "cli/commands.h"
#include "cli/json_output.h"
#include "record/merging.h"

typedef struct merge_options {
    const char *output;
    bool partial;
    bool no_lock;
    bool json;
} merge_options;

static void line_say(const char *line)
{
    vqc_print(stderr, "vqclip: %s\n", line);
}

static vqc_status outcome_print_json(const merge_options *options, const vqc_merging_outcome *outcome,
                                     vqc_error *error)
{
    return vqc_json_print(json_pack("{s: s, s: I, s: I, s: I, s: I, s: I}", "archive", options->output, "renders",
                                    (json_int_t)outcome->renders, "done", (json_int_t)outcome->done, "failed",
                                    (json_int_t)outcome->failed, "pending", (json_int_t)outcome->pending, "missing",
                                    (json_int_t)outcome->missing),
                          error);
}

static void outcome_print(const merge_options *options, size_t archives, const vqc_merging_outcome *outcome)
{
    vqc_print(stdout, "%zu of %zu renders in %s, of %zu archives\n", outcome->done, outcome->renders, options->output,
              archives);
    if (outcome->done < outcome->renders)
        vqc_print(stdout,
                  "%zu are not finished: with this archive as DIR/STUDY.h5, vqclip render JOB -o DIR goes on\n",
                  outcome->renders - outcome->done);
}

static vqc_status merge_run(void *context, const vqc_text_list *operands, vqc_error *error)
{
    const merge_options *options = context;
    vqc_merging_outcome outcome;
    if (options->output == NULL)
        return vqc_error_set(error, VQC_BAD_INPUT, "merge: -o, --output is needed");
    const vqc_merging merging = {
        .paths = operands->items,
        .count = operands->count,
        .output = options->output,
        .partial = options->partial,
        .locking = options->no_lock ? VQC_ARCHIVE_UNLOCKED : VQC_ARCHIVE_LOCKED,
        .say = line_say,
    };
    VQC_TRY(vqc_archives_merge(&merging, &outcome, error));
    if (options->json)
        return outcome_print_json(options, &outcome, error);
    outcome_print(options, operands->count, &outcome);
    return VQC_OK;
}

static const vqc_option table[] = {
    {.name = "-o, --output",
     .value = "FILE",
     .help = "the new archive, which is not there yet",
     VQC_OPTION_MEMBER(merge_options, output)},
    {.name = "--partial",
     .help = "also where parts are missing, whose renders are pending then",
     VQC_OPTION_MEMBER(merge_options, partial)},
    {.name = "--no-lock",
     .help = "where the file system cannot lock; nothing keeps a second merge from the same file then",
     VQC_OPTION_MEMBER(merge_options, no_lock)},
    {.name = "--json", .help = "print the result as JSON", VQC_OPTION_MEMBER(merge_options, json)},
};

const vqc_command vqc_command_merge = {
    .name = "merge",
    .summary = "the archives of a study's parts as one",
    .usage = "vqclip merge ARCHIVE... -o FILE [--partial]",
    .about = "Joins archives of one study that vqclip render --part made into one, as a single launch would have\n"
             "made it, with the launches of all. They stay as they are. Archives of different studies, renders that\n"
             "differ in two of them and results without their digests are refused. What is not finished goes on in\n"
             "the new archive: as DIR/STUDY.h5, by vqclip render.",
    .options = table,
    .option_count = sizeof table / sizeof table[0],
    .operand_minimum = 1,
    .operand_maximum = SIZE_MAX,
    .options_size = sizeof(merge_options),
    .run = merge_run,
};
