#include "cli/packed_facts.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "cli/report_settings.h"
#include "cli/settings_json.h"

static vqc_status no_memory(vqc_error *error)
{
    return vqc_error_set(error, VQC_FAILED, "out of memory for an archive's settings");
}

/* The flat settings of every render, as a list. */
static vqc_status settings_read(const vqc_archive *archive, json_t *list, vqc_error *error)
{
    const vqc_archive_outline *outline = vqc_archive_outline_of(archive);
    for (size_t i = 0; i < outline->render_count; i++) {
        char name[64];
        json_t *values;
        (void)snprintf(name, sizeof name, "render %zu's settings", i);
        if (vqc_report_settings_read(name, outline->renders[i].settings, &values, error) != VQC_OK)
            return vqc_error_prefix(error, "%s", vqc_archive_path(archive));
        if (json_array_append_new(list, values) != 0)
            return no_memory(error);
    }
    return VQC_OK;
}

/* A value's text; "" where there is none. */
static const char *value_of(const json_t *list, size_t render, const char *key)
{
    const char *text = json_string_value(json_object_get(json_array_get(list, render), key));
    return text == NULL ? "" : text;
}

static bool differs(const json_t *list, const char *key)
{
    for (size_t i = 1; i < json_array_size(list); i++)
        if (strcmp(value_of(list, i, key), value_of(list, 0, key)) != 0)
            return true;
    return false;
}

/* Sets those keys, in the order of the settings, that differ among renders. */
static vqc_status varying_find(const json_t *list, json_t *keys, vqc_error *error)
{
    const char *key;
    json_t *value;
    for (size_t i = 0; i < json_array_size(list); i++)
        json_object_foreach(json_array_get(list, i), key,
                            value) if (json_object_get(keys, key) == NULL && differs(list, key) &&
                                       json_object_set(keys, key, value) != 0) return no_memory(error);
    return VQC_OK;
}

static vqc_status path_set(vqc_packed_facts *facts, size_t column, const char *name, vqc_error *error)
{
    const size_t size = sizeof "/columns/" + strlen(name);
    VQC_TRY(vqc_memory_allocate(1, size, "a column", &facts->paths[column], error));
    (void)snprintf(facts->paths[column], size, "/columns/%s", name);
    facts->columns[column] = (vqc_pack_column){.path = facts->paths[column],
                                               .texts = (const char *const *)facts->texts + column * facts->renders};
    return VQC_OK;
}

/* The first column is that of all settings. */
static vqc_status json_fill(const vqc_archive *archive, vqc_packed_facts *facts, vqc_error *error)
{
    VQC_TRY(path_set(facts, 0, "settings_json", error));
    for (size_t i = 0; i < facts->renders; i++) {
        vqc_text text = {0};
        vqc_status status =
            vqc_settings_json_append("settings", vqc_archive_outline_of(archive)->renders[i].settings, &text, error);
        facts->texts[i] = text.data;
        VQC_TRY(status);
    }
    return VQC_OK;
}

static vqc_status columns_fill(const json_t *list, json_t *keys, vqc_packed_facts *facts, vqc_error *error)
{
    const char *key;
    json_t *ignored;
    size_t column = 1;
    json_object_foreach(keys, key, ignored)
    {
        VQC_TRY(path_set(facts, column, key, error));
        for (size_t i = 0; i < facts->renders; i++)
            VQC_TRY(vqc_memory_copy_text(value_of(list, i, key), &facts->texts[column * facts->renders + i], error));
        column++;
    }
    return VQC_OK;
}

static vqc_status snapshots_fill(const vqc_archive *archive, const json_t *list, vqc_packed_facts *facts,
                                 vqc_error *error)
{
    const vqc_archive_outline *outline = vqc_archive_outline_of(archive);
    VQC_TRY(vqc_memory_allocate(outline->shape_count, sizeof *facts->snapshot_every, "the snapshots' steps",
                                &facts->snapshot_every, error));
    for (size_t i = 0; i < facts->renders; i++)
        facts->snapshot_every[outline->renders[i].shape] =
            (uint32_t)strtoul(value_of(list, i, "snapshots"), NULL, 10);
    return VQC_OK;
}

static vqc_status facts_fill(const vqc_archive *archive, json_t *list, json_t *keys, vqc_packed_facts *facts,
                             vqc_error *error)
{
    VQC_TRY(settings_read(archive, list, error));
    VQC_TRY(varying_find(list, keys, error));
    facts->renders = json_array_size(list);
    facts->count = 1 + json_object_size(keys);
    VQC_TRY(vqc_memory_allocate(facts->count, sizeof *facts->columns, "columns", &facts->columns, error));
    VQC_TRY(vqc_memory_allocate(facts->count, sizeof *facts->paths, "columns", &facts->paths, error));
    VQC_TRY(
        vqc_memory_allocate(facts->count * facts->renders, sizeof *facts->texts, "columns", &facts->texts, error));
    VQC_TRY(json_fill(archive, facts, error));
    VQC_TRY(columns_fill(list, keys, facts, error));
    VQC_TRY(snapshots_fill(archive, list, facts, error));
    facts->facts = (vqc_pack_facts){
        .columns = facts->columns, .column_count = facts->count, .snapshot_every = facts->snapshot_every};
    return VQC_OK;
}

vqc_status vqc_packed_facts_find(const vqc_archive *archive, vqc_packed_facts *facts, vqc_error *error)
{
    json_t *list = json_array();
    json_t *keys = json_object();
    *facts = (vqc_packed_facts){0};
    vqc_status status =
        list == NULL || keys == NULL ? no_memory(error) : facts_fill(archive, list, keys, facts, error);
    json_decref(list);
    json_decref(keys);
    return status;
}

void vqc_packed_facts_release(vqc_packed_facts *facts)
{
    for (size_t i = 0; facts->paths != NULL && i < facts->count; i++)
        free(facts->paths[i]);
    for (size_t i = 0; facts->texts != NULL && i < facts->count * facts->renders; i++)
        free(facts->texts[i]);
    free(facts->paths);
    free(facts->texts);
    free(facts->columns);
    free(facts->snapshot_every);
    *facts = (vqc_packed_facts){0};
}
