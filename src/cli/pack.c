#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "archive/archive.h"
#include "archive/pack.h"
#include "base/visible.h"
#include "cli/commands.h"
#include "cli/json_output.h"
#include "cli/packed_facts.h"

typedef struct pack_options {
    const char *output;
    bool json;
} pack_options;

static vqc_status bytes_find(const char *path, json_int_t *bytes_out, vqc_error *error)
{
    struct stat information;
    if (stat(path, &information) != 0)
        return vqc_error_set(error, VQC_FAILED, "%s: cannot be examined: %s", path, strerror(errno));
    *bytes_out = (json_int_t)information.st_size;
    return VQC_OK;
}

static vqc_status outcome_print(const char *path, const pack_options *options, vqc_error *error)
{
    json_int_t before, after;
    VQC_TRY(bytes_find(path, &before, error));
    VQC_TRY(bytes_find(options->output, &after, error));
    if (options->json)
        return vqc_json_print(json_pack("{s: s, s: s, s: I, s: I}", "archive", path, "packed", options->output,
                                        "bytes", before, "packed_bytes", after),
                              error);
    vqc_print(stdout, "%s: %.2f of the size of %s, which stays as it is\n", options->output,
              (double)after / (double)before, path);
    return VQC_OK;
}

static vqc_status archive_pack(const char *path, const pack_options *options, vqc_error *error)
{
    vqc_archive *archive;
    vqc_packed_facts facts;
    VQC_TRY(vqc_archive_open(path, &archive, error));
    vqc_status status = vqc_packed_facts_find(archive, &facts, error);
    if (status == VQC_OK)
        status = vqc_archive_pack(archive, options->output, &facts.facts, error);
    vqc_packed_facts_release(&facts);
    vqc_archive_close(archive);
    return status;
}

static vqc_status pack_run(void *context, const vqc_text_list *operands, vqc_error *error)
{
    const pack_options *options = context;
    if (options->output == NULL)
        return vqc_error_set(error, VQC_BAD_INPUT, "pack: -o, --output is needed");
    VQC_TRY(archive_pack(operands->items[0], options, error));
    return outcome_print(operands->items[0], options, error);
}

static const vqc_option table[] = {
    {.name = "-o, --output",
     .value = "FILE",
     .help = "the packed archive, which is not there yet",
     VQC_OPTION_MEMBER(pack_options, output)},
    {.name = "--json", .help = "print the sizes as JSON", VQC_OPTION_MEMBER(pack_options, json)},
};

const vqc_command vqc_command_pack = {
    .name = "pack",
    .summary = "an archive for publication: compressed, with named axes",
    .usage = "vqclip pack ARCHIVE -o FILE",
    .about =
        "Writes the archive anew, compressed, without checkpoints, with names and scales of its axes and its\n"
        "settings as columns, for programs that read HDF5. All else is as it was, to the byte, with every digest;\n"
        "show, export, report, verify, judge and score read it, and nothing writes to it. Results that do not\n"
        "have their digests, and an archive that a launch is at work on, are refused. Hosts and the paths of job\n"
        "files and models are in it, as they are in the archive.",
    .options = table,
    .option_count = sizeof table / sizeof table[0],
    .operand_minimum = 1,
    .operand_maximum = 1,
    .options_size = sizeof(pack_options),
    .run = pack_run,
};
