#include <stdlib.h>
#include <string.h>

#include "archive/layout.h"
#include "archive/outline.h"
#include "base/memory.h"
#include "base/utf8.h"

/* Texts of one byte, and the pointers to them, take most of what a file's byte may. */
enum { BYTES_EACH = 16, BYTES_MORE = 1 << 20 };

/* Memory that lives as long as the outline. */
static vqc_status block_allocate(vqc_stored_outline *stored, size_t count, size_t size, const char *what,
                                 void *pointer_out, vqc_error *error)
{
    uint64_t bytes;
    if (__builtin_mul_overflow((uint64_t)count, (uint64_t)size, &bytes) ||
        __builtin_add_overflow(stored->bytes, bytes, &stored->bytes) || stored->bytes > stored->bytes_maximum)
        return vqc_error_set(error, VQC_BAD_INPUT,
                             "%s: %s: the datasets hold more than there is room for in the file: several lie in one "
                             "place",
                             stored->path, what);
    VQC_TRY(vqc_memory_grow(&stored->blocks, &stored->block_capacity, stored->block_count + 1, sizeof(void *), what,
                            error));
    void *memory;
    VQC_TRY(vqc_memory_allocate(count, size, what, &memory, error));
    stored->blocks[stored->block_count++] = memory;
    memcpy(pointer_out, &memory, sizeof memory);
    return VQC_OK;
}

/* What is packed is more than the file's bytes. */
static void room_find(vqc_stored_outline *stored, const vqc_dataset *dataset)
{
    if (dataset->packed)
        stored->bytes_maximum = VQC_DATASET_DEFLATE_MOST * stored->file_bytes + BYTES_MORE;
}

/* Reads a dataset of texts; text i, with a NUL at its end, is at *texts_out + i × *stride_out. */
static vqc_status texts_read(vqc_stored_outline *stored, const vqc_dataset *dataset, const char **texts_out,
                             size_t *stride_out, vqc_error *error)
{
    const size_t bytes = dataset->form.text_bytes;
    const size_t rows = vqc_dataset_part_bytes(dataset, 0) / bytes;
    char *texts;
    room_find(stored, dataset);
    VQC_TRY(block_allocate(stored, rows, bytes + 1, dataset->form.path, &texts, error));
    VQC_TRY(vqc_dataset_read(dataset, 0, NULL, texts, error));
    /* From the last: spreading the rows out to make room for the NULs must not overwrite those still to move. */
    for (size_t row = rows; row-- > 0;) {
        char *text = texts + row * (bytes + 1);
        memmove(text, texts + row * bytes, bytes);
        text[bytes] = '\0';
        if (!vqc_utf8_is_valid(text, strlen(text)))
            return vqc_error_set(error, VQC_BAD_INPUT, "%s: dataset %s: row %zu is not UTF-8", dataset->file_path,
                                 dataset->form.path, row);
    }
    *texts_out = texts;
    *stride_out = bytes + 1;
    return VQC_OK;
}

/* Makes the list that the column belongs to, where it is the first of that list. */
static vqc_status list_make(vqc_stored_outline *stored, const vqc_outline_column *column, size_t rows,
                            vqc_error *error)
{
    vqc_archive_outline *outline = &stored->outline;
    if (column->list == VQC_OUTLINE_MODELS && !stored->models) {
        VQC_TRY(block_allocate(stored, rows, sizeof *stored->models, "the models", &stored->models, error));
        outline->models = stored->models;
        outline->model_count = rows;
    }
    if (column->list == VQC_OUTLINE_INPUTS && !stored->inputs) {
        VQC_TRY(block_allocate(stored, rows, sizeof *stored->inputs, "the inputs", &stored->inputs, error));
        outline->inputs = stored->inputs;
        outline->input_count = rows;
    }
    if (column->list == VQC_OUTLINE_JOBS && !stored->jobs) {
        VQC_TRY(block_allocate(stored, rows, sizeof *stored->jobs, "the job files", &stored->jobs, error));
        outline->jobs = stored->jobs;
        outline->job_count = rows;
    }
    if (column->list == VQC_OUTLINE_CATEGORIES) {
        VQC_TRY(
            block_allocate(stored, rows, sizeof *stored->categories, "the categories", &stored->categories, error));
        outline->categories = stored->categories;
        outline->category_count = rows;
    }
    if (column->list == VQC_OUTLINE_SOURCES && !stored->sources) {
        VQC_TRY(block_allocate(stored, rows, sizeof *stored->sources, "its sources", &stored->sources, error));
        outline->sources = stored->sources;
        outline->source_count = rows;
    }
    if (column->list == VQC_OUTLINE_RENDERS && !stored->renders) {
        VQC_TRY(block_allocate(stored, rows, sizeof *stored->renders, "the renders", &stored->renders, error));
        outline->renders = stored->renders;
        outline->render_count = rows;
    }
    return VQC_OK;
}

/* Sets a column's text in a row. */
static void text_set(vqc_stored_outline *stored, const vqc_outline_column *column, size_t row, const char *text)
{
    char *element = (char *)&stored->outline;
    if (column->list == VQC_OUTLINE_MODELS)
        element = (char *)&stored->models[row];
    if (column->list == VQC_OUTLINE_INPUTS)
        element = (char *)&stored->inputs[row];
    if (column->list == VQC_OUTLINE_JOBS)
        element = (char *)&stored->jobs[row];
    if (column->list == VQC_OUTLINE_RENDERS)
        element = (char *)&stored->renders[row];
    if (column->list == VQC_OUTLINE_SOURCES)
        element = (char *)&stored->sources[row];
    if (column->list == VQC_OUTLINE_CATEGORIES)
        element = (char *)&stored->categories[row];
    memcpy(element + column->offset, &text, sizeof text);
}

static vqc_status column_fill(vqc_stored_outline *stored, const vqc_outline_column *column,
                              const vqc_dataset *dataset, vqc_error *error)
{
    const size_t rows = vqc_outline_list_rank(column->list) == 0 ? 1 : dataset->form.dims[0];
    VQC_TRY(list_make(stored, column, rows, error));
    const char *texts;
    size_t stride;
    VQC_TRY(texts_read(stored, dataset, &texts, &stride, error));
    for (size_t row = 0; row < rows; row++)
        text_set(stored, column, row, texts + row * stride);
    return VQC_OK;
}

static vqc_status column_read(const vqc_hdf5_file *file, vqc_stored_outline *stored, const vqc_outline_column *column,
                              vqc_error *error)
{
    vqc_dataset_form form = {.element = VQC_ELEMENT_TEXT, .rank = vqc_outline_list_rank(column->list)};
    memcpy(form.path, column->path, strlen(column->path) + 1);
    form.dims[0] = vqc_outline_rows(&stored->outline, column->list); /* 0 at the list's first column: any number */
    if (column->list == VQC_OUTLINE_CATEGORIES)
        form.dims[0] = stored->outline.render_count;
    vqc_dataset dataset;
    VQC_TRY(vqc_dataset_open(file, &form, &dataset, error));
    vqc_status status = column_fill(stored, column, &dataset, error);
    vqc_dataset_close(&dataset);
    return status;
}

/* Reads a table of numbers with one for each render. */
static vqc_status numbers_read(const vqc_hdf5_file *file, vqc_stored_outline *stored, vqc_render_table table,
                               void *numbers_out, vqc_error *error)
{
    const vqc_dataset_form form = vqc_layout_render_form(table, stored->outline.render_count);
    vqc_dataset dataset;
    VQC_TRY(vqc_dataset_open(file, &form, &dataset, error));
    void *numbers;
    room_find(stored, &dataset);
    vqc_status status = block_allocate(stored, 1, vqc_dataset_part_bytes(&dataset, 0), form.path, &numbers, error);
    if (status == VQC_OK)
        status = vqc_dataset_read(&dataset, 0, NULL, numbers, error);
    vqc_dataset_close(&dataset);
    if (status == VQC_OK)
        memcpy(numbers_out, &numbers, sizeof numbers);
    return status;
}

static vqc_status render_numbers_read(const vqc_hdf5_file *file, vqc_stored_outline *stored, vqc_error *error)
{
    const uint64_t *seeds;
    const uint32_t *shapes;
    VQC_TRY(numbers_read(file, stored, VQC_RENDER_SEED, &seeds, error));
    VQC_TRY(numbers_read(file, stored, VQC_RENDER_SHAPE, &shapes, error));
    vqc_archive_outline *outline = &stored->outline;
    for (size_t i = 0; i < outline->render_count; i++) {
        stored->renders[i].seed = seeds[i];
        stored->renders[i].shape = shapes[i];
        /* Every shape has a render, so there are no more shapes than renders. */
        if (shapes[i] >= outline->render_count)
            return vqc_error_set(error, VQC_BAD_INPUT, "%s: dataset /renders/shape: render %zu has shape %u",
                                 file->path, i, shapes[i]);
        outline->shape_count = shapes[i] >= outline->shape_count ? (size_t)shapes[i] + 1 : outline->shape_count;
    }
    return VQC_OK;
}

/* The renders of a part are those that have rows. */
static vqc_status held_read(const vqc_hdf5_file *file, vqc_stored_outline *stored, vqc_error *error)
{
    const uint32_t *rows;
    const size_t count = stored->outline.render_count;
    if (stored->outline.part == NULL)
        return VQC_OK;
    VQC_TRY(numbers_read(file, stored, VQC_RENDER_ROW, &rows, error));
    VQC_TRY(block_allocate(stored, count, sizeof *stored->held, "the renders of the part", &stored->held, error));
    for (size_t i = 0; i < count; i++)
        stored->held[i] = rows[i] != VQC_OUTLINE_NO_ROW;
    stored->outline.held = stored->held;
    return VQC_OK;
}

static vqc_status loss_names_fill(vqc_stored_outline *stored, const vqc_dataset *dataset, vqc_archive_extents *shape,
                                  vqc_error *error)
{
    const char *texts;
    size_t stride;
    VQC_TRY(texts_read(stored, dataset, &texts, &stride, error));
    const char **names;
    const size_t count = dataset->form.dims[0];
    if (count > UINT32_MAX)
        return vqc_error_set(error, VQC_BAD_INPUT, "%s: dataset %s is too large", dataset->file_path,
                             dataset->form.path);
    VQC_TRY(block_allocate(stored, count, sizeof *names, dataset->form.path, &names, error));
    for (size_t i = 0; i < count; i++)
        names[i] = texts + i * stride;
    shape->loss_names = names;
    shape->loss_count = (uint32_t)count;
    return VQC_OK;
}

/* Finds a shape's sizes from its datasets. */
static vqc_status shape_read(const vqc_hdf5_file *file, vqc_stored_outline *stored, size_t index, size_t renders,
                             vqc_archive_extents *shape, vqc_error *error)
{
    if (renders == 0)
        return vqc_error_set(error, VQC_BAD_INPUT, "%s: dataset /renders/shape: no render has shape %zu", file->path,
                             index);
    for (int i = 0; i < VQC_SHAPE_TABLE_COUNT; i++) {
        const vqc_shape_table table = (vqc_shape_table)i;
        const vqc_dataset_form form = vqc_layout_shape_form(table, index, renders, shape);
        const bool absent = vqc_layout_shape_optional(table) && !vqc_dataset_exists(file, form.path);
        if (table == VQC_SHAPE_CODES)
            shape->without_codes = absent;
        if (absent)
            continue;
        vqc_dataset dataset;
        VQC_TRY(vqc_dataset_open(file, &form, &dataset, error));
        vqc_status status = vqc_layout_shape_learn(table, &dataset, shape, error);
        if (status == VQC_OK && table == VQC_SHAPE_LOSS_NAME)
            status = loss_names_fill(stored, &dataset, shape, error);
        vqc_dataset_close(&dataset);
        VQC_TRY(status);
    }
    return VQC_OK;
}

vqc_status vqc_stored_outline_read(const vqc_hdf5_file *file, vqc_stored_outline *stored, vqc_error *error)
{
    bool present = true; /* of the list that the last column was of: its first column says so */
    stored->path = file->path;
    stored->file_bytes = file->bytes;
    stored->bytes_maximum = BYTES_EACH * file->bytes + BYTES_MORE;
    for (size_t i = 0; i < VQC_OUTLINE_COLUMN_COUNT; i++) {
        const vqc_outline_column *column = &vqc_outline_columns[i];
        if (i == 0 || column->list != vqc_outline_columns[i - 1].list)
            present = !vqc_outline_list_optional(column->list) || vqc_dataset_exists(file, column->path);
        if (present)
            VQC_TRY(column_read(file, stored, column, error));
    }
    VQC_TRY(render_numbers_read(file, stored, error));
    VQC_TRY(held_read(file, stored, error));
    vqc_archive_extents *shapes;
    VQC_TRY(
        block_allocate(stored, stored->outline.shape_count, sizeof *shapes, "the archive's shapes", &shapes, error));
    stored->outline.shapes = shapes;
    size_t *counts;
    VQC_TRY(vqc_outline_shapes_count(&stored->outline, &counts, error));
    vqc_status status = VQC_OK;
    for (size_t i = 0; i < stored->outline.shape_count && status == VQC_OK; i++)
        status = shape_read(file, stored, i, counts[i], &shapes[i], error);
    free(counts);
    return status;
}

void vqc_stored_outline_release(vqc_stored_outline *stored)
{
    for (size_t i = 0; i < stored->block_count; i++)
        free(stored->blocks[i]);
    free(stored->blocks);
    *stored = (vqc_stored_outline){0};
}
