#include "archive/internal.h"

vqc_status vqc_archive_render_check(const vqc_archive *archive, size_t render, vqc_error *error)
{
    if (render < archive->stored.outline.render_count)
        return VQC_OK;
    return vqc_error_set(error, VQC_FAILED, "%s: there is no render %zu among %zu", archive->path, render,
                         archive->stored.outline.render_count);
}

vqc_status vqc_archive_held_check(const vqc_archive *archive, size_t render, vqc_error *error)
{
    VQC_TRY(vqc_archive_render_check(archive, render, error));
    if (archive->rows[render] != SIZE_MAX)
        return VQC_OK;
    return vqc_error_set(error, VQC_FAILED, "%s: render %zu is not in part %s of the study", archive->path, render,
                         archive->stored.outline.part);
}

vqc_status vqc_archive_writable_check(const vqc_archive *archive, vqc_error *error)
{
    if (archive->disk >= 0)
        return vqc_archive_place_check(archive, error);
    return vqc_error_set(error, VQC_FAILED, "%s: was opened for reading only", archive->path);
}

vqc_status vqc_archive_value_write(vqc_archive *archive, vqc_render_table table, size_t render, const void *value,
                                   vqc_error *error)
{
    const uint64_t index = render;
    return vqc_dataset_write(&archive->render_table[table], 1, &index, value, error);
}

vqc_status vqc_archive_value_read(const vqc_archive *archive, vqc_render_table table, size_t render, void *value_out,
                                  vqc_error *error)
{
    const uint64_t index = render;
    return vqc_dataset_read(&archive->render_table[table], 1, &index, value_out, error);
}

/* The dataset of the render's shape; a render that is not there, or a dataset that the archive lacks, is an error. */
static vqc_status dataset_find(const vqc_archive *archive, vqc_shape_table table, size_t render,
                               const vqc_dataset **dataset_out, vqc_error *error)
{
    VQC_TRY(vqc_archive_held_check(archive, render, error));
    const uint32_t shape = archive->stored.outline.renders[render].shape;
    const vqc_dataset *dataset = &archive->shapes[shape].table[table];
    if (dataset->form.rank == 0)
        return vqc_error_set(error, VQC_FAILED, "%s: render %zu has no room for %s", archive->path, render,
                             table == VQC_SHAPE_CHECKPOINT  ? "checkpoints"
                             : table == VQC_SHAPE_RELEVANCE ? "a relevance"
                                                            : "snapshots");
    *dataset_out = dataset;
    return VQC_OK;
}

vqc_status vqc_archive_row_write(vqc_archive *archive, vqc_shape_table table, size_t render, int fixed,
                                 uint64_t second, const void *data, vqc_error *error)
{
    const vqc_dataset *dataset;
    VQC_TRY(dataset_find(archive, table, render, &dataset, error));
    const uint64_t index[2] = {archive->rows[render], second};
    return vqc_dataset_write(dataset, fixed, index, data, error);
}

vqc_status vqc_archive_row_read(const vqc_archive *archive, vqc_shape_table table, size_t render, int fixed,
                                uint64_t second, void *data_out, vqc_error *error)
{
    const vqc_dataset *dataset;
    VQC_TRY(dataset_find(archive, table, render, &dataset, error));
    const uint64_t index[2] = {archive->rows[render], second};
    return vqc_dataset_read(dataset, fixed, index, data_out, error);
}

size_t vqc_archive_row_bytes(const vqc_archive *archive, vqc_shape_table table, size_t render, int fixed)
{
    const vqc_dataset *dataset = &archive->shapes[archive->stored.outline.renders[render].shape].table[table];
    return dataset->form.rank == 0 ? 0 : vqc_dataset_part_bytes(dataset, fixed);
}
