#include "archive/outline.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "archive/layout.h"
#include "archive/seal.h"
#include "base/memory.h"
#include "base/utf8.h"

const vqc_outline_column vqc_outline_columns[VQC_OUTLINE_COLUMN_COUNT] = {
    {"/study/name", VQC_OUTLINE_STUDY, offsetof(vqc_archive_outline, study), true},
    {"/study/job_sha256", VQC_OUTLINE_STUDY, offsetof(vqc_archive_outline, job_sha256), true},
    {"/study/job_text", VQC_OUTLINE_STUDY, offsetof(vqc_archive_outline, job_text), false},
    {"/study/versions", VQC_OUTLINE_STUDY, offsetof(vqc_archive_outline, versions), false},
    {"/study/build", VQC_OUTLINE_STUDY, offsetof(vqc_archive_outline, build), false},
    {"/models/role", VQC_OUTLINE_MODELS, offsetof(vqc_archive_model, role), true},
    {"/models/name", VQC_OUTLINE_MODELS, offsetof(vqc_archive_model, name), true},
    {"/models/path", VQC_OUTLINE_MODELS, offsetof(vqc_archive_model, path), false},
    {"/models/sha256", VQC_OUTLINE_MODELS, offsetof(vqc_archive_model, sha256), true},
    {"/models/configuration", VQC_OUTLINE_MODELS, offsetof(vqc_archive_model, configuration), true},
    {"/inputs/what", VQC_OUTLINE_INPUTS, offsetof(vqc_archive_input, what), false},
    {"/inputs/path", VQC_OUTLINE_INPUTS, offsetof(vqc_archive_input, path), false},
    {"/inputs/size", VQC_OUTLINE_INPUTS, offsetof(vqc_archive_input, size), false},
    {"/inputs/sha256", VQC_OUTLINE_INPUTS, offsetof(vqc_archive_input, sha256), false},
    {"/renders/id", VQC_OUTLINE_RENDERS, offsetof(vqc_archive_render, id), true},
    {"/renders/prompt", VQC_OUTLINE_RENDERS, offsetof(vqc_archive_render, prompt), true},
    {"/renders/settings", VQC_OUTLINE_RENDERS, offsetof(vqc_archive_render, settings), true},
    {"/jobs/text", VQC_OUTLINE_JOBS, offsetof(vqc_archive_job, text), false},
    {"/jobs/sha256", VQC_OUTLINE_JOBS, offsetof(vqc_archive_job, sha256), false},
    {"/jobs/prompts", VQC_OUTLINE_JOBS, offsetof(vqc_archive_job, table), false},
    {"/jobs/versions", VQC_OUTLINE_JOBS, offsetof(vqc_archive_job, versions), false},
    {"/jobs/renders", VQC_OUTLINE_JOBS, offsetof(vqc_archive_job, renders), false},
    {"/jobs/added", VQC_OUTLINE_JOBS, offsetof(vqc_archive_job, added), false},
    {"/study/prompts", VQC_OUTLINE_TABLE, offsetof(vqc_archive_outline, table), false},
    {"/renders/category", VQC_OUTLINE_CATEGORIES, 0, true},
    {"/study/part", VQC_OUTLINE_PART, offsetof(vqc_archive_outline, part), true},
    {"/merged/file", VQC_OUTLINE_SOURCES, offsetof(vqc_archive_source, file), false},
    {"/merged/part", VQC_OUTLINE_SOURCES, offsetof(vqc_archive_source, part), false},
    {"/merged/versions", VQC_OUTLINE_SOURCES, offsetof(vqc_archive_source, versions), false},
    {"/merged/build", VQC_OUTLINE_SOURCES, offsetof(vqc_archive_source, build), false},
};

bool vqc_outline_list_optional(vqc_outline_list list)
{
    switch (list) {
    case VQC_OUTLINE_INPUTS:
    case VQC_OUTLINE_TABLE:
    case VQC_OUTLINE_JOBS:
    case VQC_OUTLINE_CATEGORIES:
    case VQC_OUTLINE_PART:
    case VQC_OUTLINE_SOURCES:
        return true;
    case VQC_OUTLINE_STUDY:
    case VQC_OUTLINE_MODELS:
    case VQC_OUTLINE_RENDERS:
        break;
    }
    return false;
}

int vqc_outline_list_rank(vqc_outline_list list)
{
    return list == VQC_OUTLINE_STUDY || list == VQC_OUTLINE_TABLE || list == VQC_OUTLINE_PART ? 0 : 1;
}

size_t vqc_outline_rows(const vqc_archive_outline *outline, vqc_outline_list list)
{
    switch (list) {
    case VQC_OUTLINE_MODELS:
        return outline->model_count;
    case VQC_OUTLINE_INPUTS:
        return outline->input_count;
    case VQC_OUTLINE_TABLE:
        return outline->table == NULL ? 0 : 1;
    case VQC_OUTLINE_PART:
        return outline->part == NULL ? 0 : 1;
    case VQC_OUTLINE_SOURCES:
        return outline->source_count;
    case VQC_OUTLINE_JOBS:
        return outline->job_count;
    case VQC_OUTLINE_CATEGORIES:
        return outline->category_count;
    case VQC_OUTLINE_RENDERS:
        return outline->render_count;
    case VQC_OUTLINE_STUDY:
        break;
    }
    return 1;
}

/* The address of an element of a list. */
static const char *element_at(const vqc_archive_outline *outline, vqc_outline_list list, size_t row)
{
    switch (list) {
    case VQC_OUTLINE_MODELS:
        return (const char *)&outline->models[row];
    case VQC_OUTLINE_INPUTS:
        return (const char *)&outline->inputs[row];
    case VQC_OUTLINE_JOBS:
        return (const char *)&outline->jobs[row];
    case VQC_OUTLINE_RENDERS:
        return (const char *)&outline->renders[row];
    case VQC_OUTLINE_CATEGORIES:
        return (const char *)&outline->categories[row];
    case VQC_OUTLINE_SOURCES:
        return (const char *)&outline->sources[row];
    case VQC_OUTLINE_PART:
    case VQC_OUTLINE_TABLE:
    case VQC_OUTLINE_STUDY:
        break;
    }
    return (const char *)outline;
}

const char *vqc_outline_text(const vqc_archive_outline *outline, const vqc_outline_column *column, size_t row)
{
    const char *text;
    memcpy(&text, element_at(outline, column->list, row) + column->offset, sizeof text);
    return text;
}

vqc_dataset_form vqc_outline_column_form(const vqc_archive_outline *outline, const vqc_outline_column *column)
{
    vqc_dataset_form form = {.element = VQC_ELEMENT_TEXT, .rank = vqc_outline_list_rank(column->list)};
    memcpy(form.path, column->path, strlen(column->path) + 1);
    form.dims[0] = vqc_outline_rows(outline, column->list);
    form.text_bytes = 1;
    for (size_t row = 0; row < form.dims[0]; row++) {
        const char *text = vqc_outline_text(outline, column, row);
        const size_t bytes = vqc_layout_text_bytes(&text, 1);
        form.text_bytes = bytes > form.text_bytes ? bytes : form.text_bytes;
    }
    return form;
}

vqc_status vqc_outline_shapes_count(const vqc_archive_outline *outline, size_t **counts_out, vqc_error *error)
{
    void *memory;
    VQC_TRY(vqc_memory_allocate(outline->shape_count, sizeof(size_t), "the shapes' renders", &memory, error));
    size_t *counts = memory;
    for (size_t i = 0; i < outline->render_count; i++)
        counts[outline->renders[i].shape] += vqc_archive_outline_holds(outline, i);
    for (size_t i = 0; i < outline->render_count; i++)
        if (counts[outline->renders[i].shape] == 0)
            counts[outline->renders[i].shape] = 1;
    *counts_out = counts;
    return VQC_OK;
}

vqc_status vqc_outline_rows_number(const vqc_archive_outline *outline, size_t *rows_out, vqc_error *error)
{
    void *memory;
    VQC_TRY(vqc_memory_allocate(outline->shape_count, sizeof(size_t), "the shapes' rows", &memory, error));
    size_t *next = memory;
    for (size_t i = 0; i < outline->render_count; i++)
        rows_out[i] = vqc_archive_outline_holds(outline, i) ? next[outline->renders[i].shape]++ : SIZE_MAX;
    free(next);
    return VQC_OK;
}

bool vqc_archive_outline_holds(const vqc_archive_outline *outline, size_t render)
{
    return outline->held == NULL || outline->held[render];
}

size_t vqc_archive_outline_held(const vqc_archive_outline *outline)
{
    size_t count = 0;
    for (size_t i = 0; i < outline->render_count; i++)
        count += vqc_archive_outline_holds(outline, i);
    return count;
}

static vqc_status text_check(const char *what, size_t row, const char *text, vqc_error *error)
{
    if (text && vqc_utf8_is_valid(text, strlen(text)) && strlen(text) < INT_MAX)
        return VQC_OK;
    return vqc_error_set(error, VQC_BAD_INPUT, "%s of row %zu cannot be stored: expected UTF-8 text", what, row);
}

/* A row is one message to MPI, whose sizes are ints. */
static vqc_status row_check(const vqc_dataset_form *form, size_t shape, vqc_error *error)
{
    vqc_dataset_form row = *form;
    row.dims[0] = 1;
    if (form->rank == 5)
        row.dims[1] = 1; /* snapshots are written one by one */
    uint64_t bytes;
    if (vqc_dataset_form_bytes(&row, &bytes) && bytes <= INT_MAX)
        return VQC_OK;
    return vqc_error_set(error, VQC_BAD_INPUT,
                         "shape %zu of the renders cannot be stored: a row of %s must have 1 to %d bytes", shape,
                         form->path, INT_MAX);
}

static vqc_status shape_check(const vqc_archive_outline *outline, size_t index, size_t renders, vqc_error *error)
{
    const vqc_archive_extents *shape = &outline->shapes[index];
    if (renders == 0)
        return vqc_error_set(error, VQC_BAD_INPUT, "no render has shape %zu", index);
    for (uint32_t i = 0; i < shape->loss_count; i++)
        VQC_TRY(text_check("the loss's name", i, shape->loss_names[i], error));
    for (int table = 0; table < VQC_SHAPE_TABLE_COUNT; table++) {
        if (!vqc_layout_shape_present((vqc_shape_table)table, shape))
            continue;
        const vqc_dataset_form form = vqc_layout_shape_form((vqc_shape_table)table, index, renders, shape);
        VQC_TRY(row_check(&form, index, error));
    }
    return VQC_OK;
}

static vqc_status shapes_check(const vqc_archive_outline *outline, vqc_error *error)
{
    size_t *counts;
    VQC_TRY(vqc_outline_shapes_count(outline, &counts, error));
    vqc_status status = VQC_OK;
    for (size_t i = 0; i < outline->shape_count && status == VQC_OK; i++)
        status = shape_check(outline, i, counts[i], error);
    free(counts);
    return status;
}

vqc_status vqc_outline_check(const vqc_archive_outline *outline, vqc_error *error)
{
    if (outline->model_count == 0 || outline->shape_count == 0 || outline->render_count == 0)
        return vqc_error_set(error, VQC_BAD_INPUT, "a study without models or renders cannot be stored");
    if (outline->render_count >= VQC_OUTLINE_NO_ROW)
        return vqc_error_set(error, VQC_BAD_INPUT, "%zu renders are too many for an archive", outline->render_count);
    for (size_t i = 0; i < VQC_OUTLINE_COLUMN_COUNT; i++)
        for (size_t row = 0; row < vqc_outline_rows(outline, vqc_outline_columns[i].list); row++)
            VQC_TRY(text_check(vqc_outline_columns[i].path, row,
                               vqc_outline_text(outline, &vqc_outline_columns[i], row), error));
    for (size_t i = 0; i < outline->render_count; i++)
        if (outline->renders[i].shape >= outline->shape_count)
            return vqc_error_set(error, VQC_BAD_INPUT, "render %zu has shape %u, there are %zu", i,
                                 outline->renders[i].shape, outline->shape_count);
    return shapes_check(outline, error);
}

static vqc_status bytes_add(uint64_t *sum, const vqc_dataset_form *form, vqc_error *error)
{
    /* What HDF5 adds for a dataset's header and name. */
    enum { OVERHEAD = 1024 };
    uint64_t bytes;
    if (!vqc_dataset_form_bytes(form, &bytes) || __builtin_add_overflow(*sum, bytes + OVERHEAD, sum) ||
        *sum > INT64_MAX)
        return vqc_error_set(error, VQC_BAD_INPUT, "the renders are too many and too large for one archive");
    return VQC_OK;
}

/* What the datasets of all shapes take. */
static vqc_status shapes_add(uint64_t *sum, const vqc_archive_outline *outline, vqc_error *error)
{
    size_t *counts;
    VQC_TRY(vqc_outline_shapes_count(outline, &counts, error));
    vqc_status status = VQC_OK;
    for (size_t i = 0; i < outline->shape_count; i++) {
        for (int table = 0; table < VQC_SHAPE_TABLE_COUNT && status == VQC_OK; table++) {
            const vqc_archive_extents *shape = &outline->shapes[i];
            const vqc_dataset_form form = vqc_layout_shape_form((vqc_shape_table)table, i, counts[i], shape);
            if (vqc_layout_shape_present((vqc_shape_table)table, shape))
                status = bytes_add(sum, &form, error);
        }
    }
    free(counts);
    return status;
}

vqc_status vqc_archive_bytes(const vqc_archive_outline *outline, uint64_t *bytes_out, vqc_error *error)
{
    VQC_TRY(vqc_outline_check(outline, error));
    uint64_t sum = vqc_seal_block_bytes(vqc_layout_written_count(outline->shape_count));
    vqc_dataset_form form;
    for (size_t i = 0; i < VQC_OUTLINE_COLUMN_COUNT; i++) {
        form = vqc_outline_column_form(outline, &vqc_outline_columns[i]);
        if (vqc_outline_rows(outline, vqc_outline_columns[i].list) > 0)
            VQC_TRY(bytes_add(&sum, &form, error));
    }
    for (int table = 0; table < VQC_FILE_TABLE_COUNT; table++) {
        form = vqc_layout_file_form((vqc_file_table)table, outline->launch_capacity);
        VQC_TRY(bytes_add(&sum, &form, error));
    }
    for (int table = 0; table < VQC_RENDER_TABLE_COUNT; table++) {
        form = vqc_layout_render_form((vqc_render_table)table, outline->render_count);
        VQC_TRY(bytes_add(&sum, &form, error));
    }
    VQC_TRY(shapes_add(&sum, outline, error));
    *bytes_out = sum;
    return VQC_OK;
}
