#include <stddef.h>
#include <string.h>

#include "base/text_file.h"
#include "cli/scored_sources.h"
#include "config/table.h"
#include "study/repeats.h"

/* The columns of a list that are used, and where their cells go. */
typedef struct list_column {
    const char *heading;
    bool needed;
    size_t offset; /* in a picture */
} list_column;

static const list_column columns[] = {
    {.heading = "file", .needed = true, .offset = offsetof(vqc_scored_picture, file)},
    {.heading = "prompt", .needed = true, .offset = offsetof(vqc_scored_picture, prompt)},
    {.heading = "id", .offset = offsetof(vqc_scored_picture, id)},
    {.heading = "seed", .offset = offsetof(vqc_scored_picture, seed)},
    {.heading = "category", .offset = offsetof(vqc_scored_picture, category)},
    {.heading = "settings", .offset = offsetof(vqc_scored_picture, settings)},
};

enum { COLUMN_COUNT = sizeof columns / sizeof columns[0] };

/* Takes the cells of a column into the pictures. */
static vqc_status column_take(vqc_scored *scored, const vqc_table *table, size_t column, const list_column *use,
                              vqc_error *error)
{
    for (size_t row = 0; row < scored->count; row++) {
        const char *text;
        VQC_TRY(vqc_study_storage_text(scored->storage, &text, error, "%s", vqc_table_cell(table, row, column)));
        if (use->needed && text[0] == '\0')
            return vqc_table_cell_error(table, row, column, error, "expected the %s of a picture, found nothing",
                                        use->heading);
        memcpy((char *)&scored->pictures[row] + use->offset, &text, sizeof text);
    }
    return VQC_OK;
}

/* The use of a column, NULL for none. */
static const list_column *use_find(const char *heading)
{
    for (size_t i = 0; i < COLUMN_COUNT; i++)
        if (strcmp(columns[i].heading, heading) == 0)
            return &columns[i];
    return NULL;
}

static int pictures_compare(const void *pictures, size_t a, size_t b)
{
    const vqc_scored_picture *one = (const vqc_scored_picture *)pictures + a;
    const vqc_scored_picture *other = (const vqc_scored_picture *)pictures + b;
    const int order = strcmp(one->file, other->file);
    return order != 0 ? order : strcmp(one->prompt, other->prompt);
}

/* That no picture stands twice with the same prompt: it would count twice, and be unlike itself by nothing. */
static vqc_status repeats_check(const vqc_scored *scored, const vqc_table *table, vqc_error *error)
{
    bool found;
    size_t first;
    size_t second;
    VQC_TRY(vqc_repeat_find(scored->pictures, scored->count, pictures_compare, &found, &first, &second, error));
    if (!found)
        return VQC_OK;
    return vqc_table_cell_error(table, second, 0, error,
                                "expected pictures that differ, found %s with the prompt of picture %zu again",
                                scored->pictures[second].file, first + 1);
}

static vqc_status table_take(vqc_scored *scored, const char *list, const vqc_table *table, vqc_error *error)
{
    bool found[COLUMN_COUNT] = {false};
    for (size_t column = 0; column < vqc_table_column_count(table); column++) {
        const list_column *use = use_find(vqc_table_heading(table, column));
        if (use == NULL)
            return vqc_table_heading_error(table, column, error,
                                           "expected file, prompt, id, seed, category or settings, found \"%s\"",
                                           vqc_table_heading(table, column));
        if (found[use - columns])
            return vqc_table_heading_error(table, column, error, "a second column %s", use->heading);
        found[use - columns] = true;
        VQC_TRY(column_take(scored, table, column, use, error));
    }
    for (size_t i = 0; i < COLUMN_COUNT; i++)
        if (columns[i].needed && !found[i])
            return vqc_error_set(error, VQC_BAD_INPUT, "%s: expected a column %s, found none", list,
                                 columns[i].heading);
    for (size_t row = 0; row < scored->count; row++) {
        scored->pictures[row].number = row;
        scored->pictures[row].text = scored->pictures[row].prompt;
    }
    return repeats_check(scored, table, error);
}

vqc_status vqc_scored_list_open(vqc_scored *scored, const char *list, char separator, vqc_error *error)
{
    char digest[VQC_DIGEST_TEXT_SIZE];
    vqc_text text = {0};
    vqc_table *table = NULL;
    const vqc_table_form form = {.separator = separator};
    scored->kind = "listed pictures";
    VQC_TRY(vqc_text_file_read(list, VQC_TABLE_MAX_SIZE, &text, error));
    vqc_status status = vqc_digest_bytes(text.data, text.size, digest, error);
    if (status == VQC_OK)
        status = vqc_study_storage_text(scored->storage, &scored->list_sha256, error, "%s", digest);
    if (status == VQC_OK)
        status = vqc_table_parse(list, text.data, text.size, form, &table, error);
    if (status == VQC_OK && vqc_table_row_count(table) == 0)
        status = vqc_error_set(error, VQC_BAD_INPUT, "%s: expected pictures, found no row", list);
    if (status == VQC_OK)
        status = vqc_scored_allocate(scored, vqc_table_row_count(table), error);
    if (status == VQC_OK)
        status = table_take(scored, list, table, error);
    vqc_table_destroy(table);
    vqc_text_release(&text);
    return status;
}
