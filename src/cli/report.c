#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/base64.h"
#include "base/digest.h"
#include "base/memory.h"
#include "base/new_file.h"
#include "base/visible.h"
#include "cli/commands.h"
#include "cli/report_data.h"
#include "cli/report_pictures.h"

/* The parts of the page that are the same for every study: report_page/. */
extern const char vqc_report_body[];
extern const char vqc_report_style[];
extern const char vqc_report_script[];

typedef struct report_options {
    const char *output;
    long full;
} report_options;

enum { MOST_ARCHIVES = 16, MEGABYTE = 1000000 };

typedef struct report_work {
    const report_options *options;
    vqc_report_archive archives[MOST_ARCHIVES];
    size_t count;
    vqc_report_bounds bounds;
    size_t damaged; /* renders */
} report_work;

static vqc_status options_check(const report_options *options, vqc_error *error)
{
    const char *ending = options->output == NULL ? NULL : strrchr(options->output, '.');
    if (options->output == NULL)
        return vqc_error_set(error, VQC_BAD_INPUT, "report: -o, --output is needed");
    if (ending == NULL || strcmp(ending, ".html") != 0)
        return vqc_error_set(error, VQC_BAD_INPUT, "--output: expected a file that ends in .html, found %s",
                             options->output);
    return VQC_OK;
}

static vqc_status archives_open(report_work *work, const vqc_text_list *paths, vqc_error *error)
{
    for (size_t i = 0; i < paths->count; i++) {
        vqc_report_archive *source = &work->archives[i];
        source->path = paths->items[i];
        VQC_TRY(vqc_archive_open(source->path, &source->archive, error));
        work->count++;
        VQC_TRY(vqc_memory_allocate(vqc_archive_outline_of(source->archive)->render_count, sizeof *source->done,
                                    "a report", &source->done, error));
    }
    return VQC_OK;
}

static void archives_close(report_work *work)
{
    for (size_t i = 0; i < work->count; i++) {
        free(work->archives[i].done);
        vqc_archive_close(work->archives[i].archive);
    }
}

/* What the page says of itself. */
static json_t *page_describe(const report_work *work)
{
    char made[32] = "";
    const time_t now = time(NULL);
    struct tm parts;
    if (gmtime_r(&now, &parts) != NULL)
        (void)strftime(made, sizeof made, "%Y-%m-%dT%H:%M:%SZ", &parts);
    return json_pack("{s: s, s: s, s: b, s: I, s: i}", "vqclip", VQC_VERSION, "made", made, "full", work->bounds.full,
                     "view_side", (json_int_t)work->bounds.view_side, "thumbnail_side", VQC_REPORT_THUMBNAIL_SIDE);
}

static vqc_status archives_describe(report_work *work, json_t *list, vqc_error *error)
{
    for (size_t i = 0; i < work->count; i++) {
        json_t *data;
        VQC_TRY(vqc_report_data_make(&work->archives[i], &work->damaged, &data, error));
        if (json_array_append_new(list, data) != 0)
            return vqc_error_set(error, VQC_FAILED, "out of memory for a report's data");
    }
    return VQC_OK;
}

/* All of the page's data; and from what is done, how much of the pictures it can have. */
static vqc_status data_make(report_work *work, json_t **data_out, vqc_error *error)
{
    json_t *list = json_array();
    vqc_status status = list == NULL ? vqc_error_set(error, VQC_FAILED, "out of memory for a report's data")
                                     : archives_describe(work, list, error);
    if (status != VQC_OK) {
        json_decref(list);
        return status;
    }
    work->bounds = vqc_report_bounds_find(work->archives, work->count, (uint64_t)work->options->full * MEGABYTE);
    json_t *page = page_describe(work);
    *data_out = json_pack("{s: o, s: o}", "page", page, "archives", list);
    return *data_out == NULL ? vqc_error_set(error, VQC_FAILED, "out of memory for a report's data") : VQC_OK;
}

/* The script's digest as a page's policy names it: no other script runs in the page, whatever it holds. */
static vqc_status script_allow(FILE *stream, vqc_error *error)
{
    char digest[VQC_DIGEST_TEXT_SIZE];
    unsigned char bytes[(VQC_DIGEST_TEXT_SIZE - 1) / 2];
    VQC_TRY(vqc_digest_bytes(vqc_report_script, strlen(vqc_report_script), digest, error));
    for (size_t i = 0; i < sizeof bytes; i++) {
        const char pair[] = {digest[2 * i], digest[2 * i + 1], '\0'};
        bytes[i] = (unsigned char)strtoul(pair, NULL, 16);
    }
    (void)fprintf(stream, "script-src 'sha256-");
    vqc_base64_write(stream, bytes, sizeof bytes);
    (void)fprintf(stream, "'");
    return VQC_OK;
}

static vqc_status head_write(FILE *stream, vqc_error *error)
{
    (void)fprintf(stream,
                  "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                  "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                  "<meta name=\"referrer\" content=\"no-referrer\">\n"
                  "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; base-uri 'none'; "
                  "form-action 'none'; img-src data:; style-src 'unsafe-inline'; ");
    VQC_TRY(script_allow(stream, error));
    (void)fprintf(stream, "\">\n<title>vqclip report</title>\n<style>\n%s</style>\n</head>\n", vqc_report_style);
    return VQC_OK;
}

/* The page shows its gallery as soon as the script has run; the pictures behind it come as they are read. */
static vqc_status page_write(FILE *stream, const report_work *work, const json_t *data, vqc_error *error)
{
    VQC_TRY(head_write(stream, error));
    (void)fprintf(stream, "<body>\n%s<script type=\"application/json\" id=\"data\">", vqc_report_body);
    VQC_TRY(vqc_report_data_write(stream, data, error));
    (void)fprintf(stream, "</script>\n<script>%s</script>\n", vqc_report_script);
    for (size_t i = 0; i < work->count; i++)
        VQC_TRY(vqc_report_pictures_write(stream, &work->archives[i], i, &work->bounds, error));
    (void)fprintf(stream, "</body>\n</html>\n");
    return VQC_OK;
}

static vqc_status file_write(const report_work *work, const json_t *data, vqc_error *error)
{
    vqc_new_file file;
    VQC_TRY(vqc_new_file_open(work->options->output, &file, error));
    vqc_status status = page_write(file.stream, work, data, error);
    if (status == VQC_OK && ferror(file.stream) != 0)
        status = vqc_error_set(error, VQC_FAILED, "%s: cannot be written", work->options->output);
    if (status == VQC_OK)
        return vqc_new_file_commit(&file, error);
    vqc_new_file_discard(&file);
    return status;
}

static void outcome_print(const report_work *work)
{
    size_t renders = 0;
    size_t done = 0;
    for (size_t a = 0; a < work->count; a++) {
        const size_t count = vqc_archive_outline_of(work->archives[a].archive)->render_count;
        renders += count;
        for (size_t i = 0; i < count; i++)
            done += work->archives[a].done[i];
    }
    vqc_print(stdout, "%zu of %zu renders in %s\n", done, renders, work->options->output);
    if (!work->bounds.full && work->bounds.view_side > 0)
        (void)printf(
            "pictures as JPEG of at most %lld pixels a side, as all of them have over %ld MB; --full allows more\n",
            (long long)work->bounds.view_side, work->options->full);
    else if (!work->bounds.full)
        (void)printf("thumbnails alone, as all pictures have over %ld MB; --full allows more\n", work->options->full);
}

static vqc_status report_make(report_work *work, vqc_error *error)
{
    json_t *data;
    VQC_TRY(data_make(work, &data, error));
    vqc_status status = file_write(work, data, error);
    json_decref(data);
    VQC_TRY(status);
    outcome_print(work);
    if (work->damaged == 0)
        return VQC_OK;
    return vqc_error_set(error, VQC_FAILED,
                         "%s: %zu renders are damaged, and shown as such; vqclip verify says what of them",
                         work->options->output, work->damaged);
}

static vqc_status report_run(void *context, const vqc_text_list *operands, vqc_error *error)
{
    const report_options *options = context;
    report_work work = {.options = options};
    VQC_TRY(options_check(options, error));
    vqc_status status = archives_open(&work, operands, error);
    if (status == VQC_OK)
        status = report_make(&work, error);
    archives_close(&work);
    return status;
}

static const vqc_option table[] = {
    {.name = "-o, --output",
     .value = "FILE",
     .help = "the page, FILE.html; one that is there is replaced",
     VQC_OPTION_MEMBER(report_options, output)},
    {.name = "--full",
     .value = "MB",
     .usual = "200",
     .help = "megabytes of pixels up to which all pictures are in the page as they are; else smaller",
     VQC_OPTION_MEMBER(report_options, full)},
};

const vqc_command vqc_command_report = {
    .name = "report",
    .summary = "a page to look at archives, in any browser",
    .usage = "vqclip report ARCHIVE... -o FILE.html [--full MB]",
    .about =
        "Writes one HTML file that opens from disk and loads nothing: a gallery with filters by prompt, category,\n"
        "seed and the settings that differ, two archives or two values of a setting side by side, of each render\n"
        "its losses, snapshots, settings and digests, and why renders failed. A launch may be writing the archives\n"
        "meanwhile. Folders of models and inputs are not in it; hosts, and the job file's text, are.",
    .options = table,
    .option_count = sizeof table / sizeof table[0],
    .operand_minimum = 1,
    .operand_maximum = MOST_ARCHIVES,
    .options_size = sizeof(report_options),
    .run = report_run,
};
