#include "cli/score_table.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/new_file.h"

/* ---- The columns that each perceptor has ---- */

typedef double (*column_value)(const vqc_score_perceptor *perceptor, const vqc_score *score);

static double cosine_of(const vqc_score_perceptor *perceptor, const vqc_score *score)
{
    (void)perceptor;
    return score->cosine;
}

static double clipscore_of(const vqc_score_perceptor *perceptor, const vqc_score *score)
{
    (void)perceptor;
    return score->clipscore;
}

static double rank_of(const vqc_score_perceptor *perceptor, const vqc_score *score)
{
    (void)perceptor;
    return score->rank == 0 ? NAN : (double)score->rank;
}

static double hit_of(const vqc_score_perceptor *perceptor, const vqc_score *score)
{
    (void)perceptor;
    return score->rank == 0 ? NAN : score->rank == 1;
}

static double margin_of(const vqc_score_perceptor *perceptor, const vqc_score *score)
{
    (void)perceptor;
    return score->margin;
}

static double diversity_of(const vqc_score_perceptor *perceptor, const vqc_score *score)
{
    (void)perceptor;
    return score->diversity;
}

static double aesthetic_of(const vqc_score_perceptor *perceptor, const vqc_score *score)
{
    (void)perceptor;
    return score->aesthetic;
}

static double guided_of(const vqc_score_perceptor *perceptor, const vqc_score *score)
{
    (void)score;
    return perceptor->guided == VQC_SCORE_GUIDED_UNKNOWN ? NAN : perceptor->guided == VQC_SCORE_GUIDED;
}

static const struct {
    const char *name;
    column_value value;
    bool of_head; /* only where there is one */
} columns[] = {
    {.name = "cosine", .value = cosine_of},
    {.name = "clipscore", .value = clipscore_of},
    {.name = "rank", .value = rank_of},
    {.name = "hit", .value = hit_of},
    {.name = "margin", .value = margin_of},
    {.name = "diversity", .value = diversity_of},
    {.name = "aesthetic", .value = aesthetic_of, .of_head = true},
    {.name = "guided", .value = guided_of},
};

enum { COLUMN_COUNT = sizeof columns / sizeof columns[0] };

/* ---- CSV ---- */

/* A cell, in quotes where RFC 4180 wants them. */
static vqc_status cell_append(vqc_text *text, const char *cell, vqc_error *error)
{
    if (strpbrk(cell, ",\"\r\n") == NULL)
        return vqc_text_append(text, error, "%s", cell);
    VQC_TRY(vqc_text_append(text, error, "\""));
    for (const char *quote = strchr(cell, '"'); quote != NULL; quote = strchr(cell, '"')) {
        VQC_TRY(vqc_text_append(text, error, "%.*s\"\"", (int)(quote - cell), cell));
        cell = quote + 1;
    }
    return vqc_text_append(text, error, "%s\"", cell);
}

static vqc_status heading_append(const vqc_score_table *table, vqc_text *text, vqc_error *error)
{
    VQC_TRY(vqc_text_append(text, error, "number,file,id,prompt,text,seed,category,group,picture_sha256"));
    for (size_t p = 0; p < table->perceptor_count; p++)
        for (size_t c = 0; c < COLUMN_COUNT; c++)
            if (!columns[c].of_head || table->perceptors[p].has_head)
                VQC_TRY(vqc_text_append(text, error, ",%s_%s", table->perceptors[p].name, columns[c].name));
    return vqc_text_append(text, error, "\n");
}

/* What the picture is. */
static vqc_status picture_append(const vqc_score_table *table, size_t index, vqc_text *text, vqc_error *error)
{
    const vqc_scored_picture *picture = &table->scored->pictures[index];
    const char *cells[] = {picture->file,   picture->id,
                           picture->prompt, picture->text == NULL ? "" : picture->text,
                           picture->seed,   picture->category};
    VQC_TRY(vqc_text_append(text, error, "%zu", picture->number));
    for (size_t i = 0; i < sizeof cells / sizeof cells[0]; i++) {
        VQC_TRY(vqc_text_append(text, error, ","));
        VQC_TRY(cell_append(text, cells[i], error));
    }
    return vqc_text_append(text, error, ",%zu,%s", picture->group, table->sha256[index]);
}

static vqc_status row_append(const vqc_score_table *table, size_t index, vqc_text *text, vqc_error *error)
{
    VQC_TRY(picture_append(table, index, text, error));
    for (size_t p = 0; p < table->perceptor_count; p++) {
        const vqc_score_perceptor *perceptor = &table->perceptors[p];
        for (size_t c = 0; c < COLUMN_COUNT; c++) {
            if (columns[c].of_head && !perceptor->has_head)
                continue;
            const double value = columns[c].value(perceptor, &perceptor->scores[index]);
            VQC_TRY(isnan(value) ? vqc_text_append(text, error, ",") : vqc_text_append(text, error, ",%.9g", value));
        }
    }
    return vqc_text_append(text, error, "\n");
}

static vqc_status csv_append(const vqc_score_table *table, vqc_text *text, vqc_error *error)
{
    VQC_TRY(heading_append(table, text, error));
    for (size_t i = 0; i < table->scored->count; i++)
        if (table->scored->pictures[i].state == VQC_SCORED_READY)
            VQC_TRY(row_append(table, i, text, error));
    return VQC_OK;
}

/* ---- Means ---- */

typedef struct mean {
    double sum;
    size_t count;
} mean;

static void mean_add(mean *of, double value)
{
    if (isnan(value))
        return;
    of->sum += value;
    of->count++;
}

static double mean_of(const mean *of)
{
    return of->count == 0 ? NAN : of->sum / (double)of->count;
}

vqc_score_means vqc_score_means_of(const vqc_scored *scored, const vqc_score_perceptor *perceptor)
{
    mean cosine = {0};
    mean clipscore = {0};
    mean hit = {0};
    mean margin = {0};
    mean diversity = {0};
    mean aesthetic = {0};
    for (size_t i = 0; i < scored->count; i++) {
        const vqc_score *score = &perceptor->scores[i];
        if (scored->pictures[i].state != VQC_SCORED_READY)
            continue;
        mean_add(&cosine, score->cosine);
        mean_add(&clipscore, score->clipscore);
        mean_add(&hit, hit_of(perceptor, score));
        mean_add(&margin, score->margin);
        mean_add(&aesthetic, score->aesthetic);
        if (score->first)
            mean_add(&diversity, score->diversity);
    }
    return (vqc_score_means){
        .cosine = mean_of(&cosine),
        .clipscore = mean_of(&clipscore),
        .r_precision = mean_of(&hit),
        .margin = mean_of(&margin),
        .diversity = mean_of(&diversity),
        .aesthetic = mean_of(&aesthetic),
    };
}

size_t vqc_score_count(const vqc_scored *scored, vqc_scored_state state)
{
    size_t count = 0;
    for (size_t i = 0; i < scored->count; i++)
        count += scored->pictures[i].state == state;
    return count;
}

/* ---- The record ---- */

static json_t *number_to_json(double value)
{
    return isnan(value) ? json_null() : json_real(value);
}

static json_t *text_to_json(const char *text)
{
    return text == NULL || text[0] == '\0' ? json_null() : json_string(text);
}

static json_t *means_to_json(const vqc_scored *scored, const vqc_score_perceptor *perceptor)
{
    const vqc_score_means means = vqc_score_means_of(scored, perceptor);
    return json_pack("{s: o, s: o, s: o, s: o, s: o, s: o}", "cosine", number_to_json(means.cosine), "clipscore",
                     number_to_json(means.clipscore), "r_precision", number_to_json(means.r_precision), "margin",
                     number_to_json(means.margin), "diversity", number_to_json(means.diversity), "aesthetic",
                     number_to_json(means.aesthetic));
}

static json_t *perceptor_to_json(const vqc_scored *scored, const vqc_score_perceptor *perceptor)
{
    static const char *const guided[] = {
        [VQC_SCORE_UNGUIDED] = "no", [VQC_SCORE_GUIDED] = "yes", [VQC_SCORE_GUIDED_UNKNOWN] = "not known"};
    json_t *object =
        json_pack("{s: s, s: s, s: s, s: s, s: s, s: o, s: o, s: o, s: I, s: s, s: I, s: o}", "name", perceptor->name,
                  "checkpoint", perceptor->path, "sha256", perceptor->sha256, "vocabulary", perceptor->vocabulary,
                  "files", perceptor->files, "key", text_to_json(perceptor->options.key), "activation",
                  text_to_json(perceptor->options.activation), "cleaning", text_to_json(perceptor->options.cleaning),
                  "head_width", (json_int_t)perceptor->options.head_width, "guided", guided[perceptor->guided],
                  "candidates", (json_int_t)perceptor->candidates, "means", means_to_json(scored, perceptor));
    if (perceptor->has_head)
        json_object_set_new(
            object, "aesthetic_head",
            json_pack("{s: s, s: s}", "path", perceptor->head.path, "sha256", perceptor->head.sha256));
    return object;
}

/* The renders that have no row, and why. */
static json_t *left_out_to_json(const vqc_scored *scored)
{
    json_t *array = json_array();
    for (size_t i = 0; i < scored->count; i++)
        if (scored->pictures[i].state != VQC_SCORED_READY)
            json_array_append_new(array, json_pack("{s: I, s: s}", "number", (json_int_t)scored->pictures[i].number,
                                                   "state", vqc_scored_state_words[scored->pictures[i].state]));
    return array;
}

/* The digest of the lines "SHA-256  FILE\n" of the pictures that were scored. */
static vqc_status pictures_digest(const vqc_score_table *table, char digest[VQC_DIGEST_TEXT_SIZE], vqc_error *error)
{
    vqc_text lines = {0};
    vqc_status status = VQC_OK;
    for (size_t i = 0; i < table->scored->count && status == VQC_OK; i++)
        if (table->scored->pictures[i].state == VQC_SCORED_READY)
            status = vqc_text_append(&lines, error, "%s  %s\n", table->sha256[i], table->scored->pictures[i].file);
    if (status == VQC_OK)
        status = vqc_digest_bytes(lines.data, lines.size, digest, error);
    vqc_text_release(&lines);
    return status;
}

static json_t *source_to_json(const vqc_scored *scored, const char *digest)
{
    return json_pack("{s: s, s: s, s: o, s: o, s: o, s: I, s: I, s: s, s: o}", "kind", scored->kind, "path",
                     scored->path, "study", text_to_json(scored->study), "job_sha256",
                     text_to_json(scored->job_sha256), "list_sha256", text_to_json(scored->list_sha256), "pictures",
                     (json_int_t)scored->count, "scored", (json_int_t)vqc_score_count(scored, VQC_SCORED_READY),
                     "pictures_sha256", digest, "left_out", left_out_to_json(scored));
}

/* The record's text, new memory. */
static vqc_status record_make(const vqc_score_table *table, const vqc_text *csv, char **text_out, vqc_error *error)
{
    char csv_digest[VQC_DIGEST_TEXT_SIZE];
    char digest[VQC_DIGEST_TEXT_SIZE];
    json_t *perceptors = json_array();
    VQC_TRY(vqc_digest_bytes(csv->data, csv->size, csv_digest, error));
    VQC_TRY(pictures_digest(table, digest, error));
    for (size_t i = 0; i < table->perceptor_count; i++)
        json_array_append_new(perceptors, perceptor_to_json(table->scored, &table->perceptors[i]));
    json_t *record = json_pack("{s: s, s: s, s: s, s: o, s: {s: f, s: s}, s: b, s: o}", "format", "vqclip scores 1",
                               "csv_sha256", csv_digest, "environment", table->environment, "source",
                               source_to_json(table->scored, digest), "clipscore", "weight", VQC_CLIPSCORE_WEIGHT,
                               "prefix", table->prefix, "truncate", table->truncate, "perceptors", perceptors);
    *text_out = record == NULL ? NULL : json_dumps(record, JSON_INDENT(1) | JSON_REAL_PRECISION(9));
    json_decref(record);
    return *text_out != NULL ? VQC_OK : vqc_error_set(error, VQC_FAILED, "out of memory for the record of scores");
}

static vqc_status file_write(const char *path, const char *bytes, size_t size, vqc_error *error)
{
    vqc_new_file file;
    VQC_TRY(vqc_new_file_open(path, &file, error));
    if (fwrite(bytes, 1, size, file.stream) == size)
        return vqc_new_file_commit(&file, error);
    vqc_status status = vqc_error_set(error, VQC_FAILED, "%s: cannot be written: %s", path, strerror(errno));
    vqc_new_file_discard(&file);
    return status;
}

static vqc_status record_write(const vqc_score_table *table, const vqc_text *csv, const char *path, vqc_error *error)
{
    char *record;
    vqc_text name = {0};
    VQC_TRY(record_make(table, csv, &record, error));
    vqc_status status = vqc_text_append(&name, error, "%s.json", path);
    if (status == VQC_OK)
        status = file_write(name.data, record, strlen(record), error);
    vqc_text_release(&name);
    free(record);
    return status;
}

vqc_status vqc_score_table_write(const vqc_score_table *table, const char *path, vqc_error *error)
{
    vqc_text csv = {0};
    vqc_status status = csv_append(table, &csv, error);
    if (status == VQC_OK)
        status = file_write(path, csv.data, csv.size, error);
    if (status == VQC_OK)
        status = record_write(table, &csv, path, error);
    vqc_text_release(&csv);
    return status;
}
