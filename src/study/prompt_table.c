#include "study/prompt_table.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/memory.h"
#include "base/text_file.h"
#include "config/table.h"
#include "study/settings.h"

enum { NAMED = 4 };

/* The columns that are no settings: their key in a prompt's mapping, and what they are called in tables. */
static const struct {
    const char *key;
    const char *heading;
    bool text;
    size_t offset; /* of another name for it in the form */
} named[NAMED] = {
    {.key = "id", .heading = "id", .text = true, .offset = offsetof(vqc_prompt_table_form, id)},
    {.key = "text", .heading = "prompt", .text = true, .offset = offsetof(vqc_prompt_table_form, prompt)},
    {.key = "category", .heading = "category", .text = true, .offset = offsetof(vqc_prompt_table_form, category)},
    {.key = "seed", .heading = "seed", .text = false, .offset = offsetof(vqc_prompt_table_form, seed)},
};

char vqc_prompt_table_separator(const char *path)
{
    static const struct {
        const char *ending;
        char separator;
    } endings[] = {{".csv", ','}, {".tsv", '\t'}, {".tab", '\t'}};
    const size_t length = strlen(path);
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        const size_t size = strlen(endings[i].ending);
        if (length >= size && strcasecmp(path + length - size, endings[i].ending) == 0)
            return endings[i].separator;
    }
    return '\0';
}

/* What the form calls one of the named columns. */
static const char *heading_of(const vqc_prompt_table_form *form, size_t index)
{
    const char *given;
    memcpy(&given, (const char *)form + named[index].offset, sizeof given);
    return given == NULL ? named[index].heading : given;
}

static bool is_ignored(const vqc_prompt_table_form *form, const char *heading)
{
    for (size_t i = 0; form->ignore != NULL && i < vqc_yaml_count(form->ignore); i++)
        if (strcmp(vqc_yaml_scalar(vqc_yaml_at(form->ignore, i)), heading) == 0)
            return true;
    return false;
}

/* Refuses a column with the nearest known one. */
static vqc_status column_refuse(const vqc_table *table, size_t column, const vqc_prompt_table_form *form,
                                vqc_error *error)
{
    const char *keys[NAMED + VQC_SCHEMA_FIELDS];
    for (size_t i = 0; i < NAMED; i++)
        keys[i] = heading_of(form, i);
    const size_t count = NAMED + vqc_schema_keys(&vqc_settings_schema, keys + NAMED);
    const char *heading = vqc_table_heading(table, column);
    return vqc_table_heading_error(
        table, column, error,
        "unknown column \"%s\", the nearest known one is %s; columns that are not meant are "
        "named by prompts: {file: ..., ignore: [...]}",
        heading, vqc_yaml_nearest(keys, count, heading));
}

/* Finds out what a column is. */
static vqc_status column_read(const vqc_table *table, size_t column, const vqc_prompt_table_form *form,
                              vqc_table_column *column_out, vqc_error *error)
{
    static const char prefix[] = "render.";
    const char *heading = vqc_table_heading(table, column);
    *column_out = (vqc_table_column){.key = NULL};
    for (size_t i = 0; i < NAMED; i++)
        if (strcmp(heading, heading_of(form, i)) == 0)
            *column_out = (vqc_table_column){.key = named[i].key, .text = named[i].text};
    if (is_ignored(form, heading))
        return column_out->key == NULL
                   ? VQC_OK
                   : vqc_table_heading_error(table, column, error, "the column is the %s and is to be ignored too",
                                             column_out->key);
    if (column_out->key != NULL)
        return VQC_OK;
    const char *key = strncmp(heading, prefix, strlen(prefix)) == 0 ? heading + strlen(prefix) : heading;
    const vqc_field *field = vqc_schema_find(&vqc_settings_schema, key);
    if (field == NULL)
        return column_refuse(table, column, form, error);
    column_out->key = field->key;
    return VQC_OK;
}

/* That no column stands twice. */
static vqc_status column_once(const vqc_table *table, size_t column, const vqc_table_column *columns,
                              vqc_error *error)
{
    for (size_t i = 0; i < column; i++)
        if (columns[column].key != NULL && columns[i].key != NULL && strcmp(columns[i].key, columns[column].key) == 0)
            return vqc_table_heading_error(table, column, error, "the column stands twice, as column %zu too", i + 1);
    return VQC_OK;
}

/* The column that becomes the key must be there where the form names it, or it is needed. */
static vqc_status named_check(const vqc_table *table, const char *path, const vqc_table_column *columns,
                              const vqc_prompt_table_form *form, size_t index, vqc_error *error)
{
    for (size_t i = 0; i < vqc_table_column_count(table); i++)
        if (columns[i].key == named[index].key)
            return VQC_OK;
    if (strcmp(named[index].key, "text") != 0 && heading_of(form, index) == named[index].heading)
        return VQC_OK;
    return vqc_error_set(error, VQC_BAD_INPUT, "%s: expected a column \"%s\", found none in the heading", path,
                         heading_of(form, index));
}

/* The same for columns that are to be ignored: a name that is not there may be a slip. */
static vqc_status ignored_check(const vqc_table *table, const vqc_prompt_table_form *form, vqc_error *error)
{
    for (size_t i = 0; form->ignore != NULL && i < vqc_yaml_count(form->ignore); i++) {
        const vqc_yaml_node *node = vqc_yaml_at(form->ignore, i);
        bool found = false;
        for (size_t j = 0; j < vqc_table_column_count(table); j++)
            found = found || strcmp(vqc_table_heading(table, j), vqc_yaml_scalar(node)) == 0;
        if (!found)
            return vqc_yaml_error(node, error, "the table has no column \"%s\"", vqc_yaml_scalar(node));
    }
    return VQC_OK;
}

/* That every row has a prompt. */
static vqc_status prompts_check(const vqc_table *table, const vqc_table_column *columns, vqc_error *error)
{
    size_t prompt = 0;
    while (columns[prompt].key == NULL || strcmp(columns[prompt].key, "text") != 0)
        prompt++;
    for (size_t i = 0; i < vqc_table_row_count(table); i++)
        if (vqc_table_cell(table, i, prompt)[0] == '\0')
            return vqc_table_cell_error(table, i, prompt, error, "expected a prompt, found an empty cell");
    return VQC_OK;
}

static vqc_status columns_read(const vqc_table *table, const char *path, const vqc_prompt_table_form *form,
                               vqc_table_column *columns, vqc_error *error)
{
    for (size_t i = 0; i < vqc_table_column_count(table); i++) {
        VQC_TRY(column_read(table, i, form, &columns[i], error));
        VQC_TRY(column_once(table, i, columns, error));
    }
    for (size_t i = 0; i < NAMED; i++)
        VQC_TRY(named_check(table, path, columns, form, i, error));
    VQC_TRY(ignored_check(table, form, error));
    return prompts_check(table, columns, error);
}

vqc_status vqc_prompt_table_parse(const char *path, const char *text, size_t size, const vqc_prompt_table_form *form,
                                  vqc_yaml **yaml_out, vqc_error *error)
{
    const vqc_table_form how = {.separator = vqc_prompt_table_separator(path), .bare = form->quotes_are_text};
    vqc_table *table;
    vqc_table_column *columns = NULL;
    if (how.separator == '\0')
        return vqc_error_set(error, VQC_BAD_INPUT,
                             "%s: expected the name of a table, which ends in .csv, .tsv or .tab", path);
    VQC_TRY(vqc_table_parse(path, text, size, how, &table, error));
    vqc_status status =
        vqc_memory_allocate(vqc_table_column_count(table), sizeof *columns, "a table", &columns, error);
    if (status == VQC_OK)
        status = columns_read(table, path, form, columns, error);
    if (status == VQC_OK)
        status = vqc_table_to_yaml(table, columns, yaml_out, error);
    free(columns);
    vqc_table_destroy(table);
    return status;
}

vqc_status vqc_prompt_table_read(const char *path, const vqc_prompt_table_form *form, vqc_yaml **yaml_out,
                                 vqc_error *error)
{
    vqc_text file;
    VQC_TRY(vqc_text_file_read(path, VQC_TABLE_MAX_SIZE, &file, error));
    vqc_status status =
        vqc_prompt_table_parse(path, file.data == NULL ? "" : file.data, file.size, form, yaml_out, error);
    vqc_text_release(&file);
    return status;
}
