#include "archive/outline.h"

#include <stdlib.h>
#include <string.h>

#include "archive/layout.h"
#include "base/memory.h"

/* Creates a dataset, fills it and closes it. */
static vqc_status dataset_store(const vqc_hdf5_file *file, const vqc_dataset_form *form, const void *data,
                                vqc_error *error)
{
    vqc_dataset dataset;
    VQC_TRY(vqc_dataset_create(file, form, &dataset, error));
    vqc_status status = vqc_dataset_write(&dataset, 0, NULL, data, error);
    vqc_dataset_close(&dataset);
    return status;
}

static vqc_status column_write(const vqc_hdf5_file *file, const vqc_archive_outline *outline,
                               const vqc_outline_column *column, vqc_error *error)
{
    const vqc_dataset_form form = vqc_outline_column_form(outline, column);
    const size_t rows = vqc_outline_rows(outline, column->list);
    void *memory;
    VQC_TRY(vqc_memory_allocate(rows, form.text_bytes, form.path, &memory, error));
    char *texts = memory;
    for (size_t row = 0; row < rows; row++) {
        const char *text = vqc_outline_text(outline, column, row);
        memcpy(texts + row * form.text_bytes, text, strlen(text));
    }
    vqc_status status = dataset_store(file, &form, texts, error);
    free(memory);
    return status;
}

static vqc_status loss_names_write(const vqc_hdf5_file *file, const vqc_archive_extents *shape, size_t index,
                                   vqc_error *error)
{
    const vqc_dataset_form form = vqc_layout_shape_form(VQC_SHAPE_LOSS_NAME, index, 1, shape);
    void *memory;
    VQC_TRY(vqc_memory_allocate(shape->loss_count, form.text_bytes, form.path, &memory, error));
    char *texts = memory;
    for (uint32_t i = 0; i < shape->loss_count; i++)
        memcpy(texts + i * form.text_bytes, shape->loss_names[i], strlen(shape->loss_names[i]));
    vqc_status status = dataset_store(file, &form, texts, error);
    free(memory);
    return status;
}

static vqc_status seeds_write(const vqc_hdf5_file *file, const vqc_archive_outline *outline, vqc_error *error)
{
    const vqc_dataset_form form = vqc_layout_render_form(VQC_RENDER_SEED, outline->render_count);
    void *memory;
    VQC_TRY(vqc_memory_allocate(outline->render_count, sizeof(uint64_t), form.path, &memory, error));
    uint64_t *seeds = memory;
    for (size_t i = 0; i < outline->render_count; i++)
        seeds[i] = outline->renders[i].seed;
    vqc_status status = dataset_store(file, &form, seeds, error);
    free(memory);
    return status;
}

static vqc_status places_write(const vqc_hdf5_file *file, const vqc_archive_outline *outline, const size_t *rows,
                               vqc_error *error)
{
    const vqc_dataset_form shape_form = vqc_layout_render_form(VQC_RENDER_SHAPE, outline->render_count);
    const vqc_dataset_form row_form = vqc_layout_render_form(VQC_RENDER_ROW, outline->render_count);
    void *memory;
    VQC_TRY(vqc_memory_allocate(outline->render_count, sizeof(uint32_t), row_form.path, &memory, error));
    uint32_t *numbers = memory;
    for (size_t i = 0; i < outline->render_count; i++)
        numbers[i] = outline->renders[i].shape;
    vqc_status status = dataset_store(file, &shape_form, numbers, error);
    for (size_t i = 0; i < outline->render_count; i++)
        numbers[i] = rows[i] == SIZE_MAX ? VQC_OUTLINE_NO_ROW : (uint32_t)rows[i];
    if (status == VQC_OK)
        status = dataset_store(file, &row_form, numbers, error);
    free(memory);
    return status;
}

vqc_status vqc_outline_write(const vqc_hdf5_file *file, const vqc_archive_outline *outline, const size_t *rows,
                             vqc_error *error)
{
    for (size_t i = 0; i < VQC_OUTLINE_COLUMN_COUNT; i++)
        if (vqc_outline_rows(outline, vqc_outline_columns[i].list) > 0)
            VQC_TRY(column_write(file, outline, &vqc_outline_columns[i], error));
    for (size_t i = 0; i < outline->shape_count; i++)
        VQC_TRY(loss_names_write(file, &outline->shapes[i], i, error));
    VQC_TRY(seeds_write(file, outline, error));
    return places_write(file, outline, rows, error);
}
