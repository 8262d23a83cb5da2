#include "archive/pack.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "archive/creation.h"
#include "archive/describe.h"
#include "archive/file.h"
#include "archive/internal.h"
#include "archive/seal.h"
#include "base/memory.h"

/* --- Whether there is anything to pack, and all of it right --- */

static vqc_status render_check(const vqc_archive *archive, size_t render, size_t *done, vqc_error *error)
{
    vqc_archive_state state;
    vqc_archive_damage damage;
    VQC_TRY(vqc_archive_state_read(archive, render, &state, error));
    if (state != VQC_ARCHIVE_DONE)
        return VQC_OK;
    VQC_TRY(vqc_archive_result_check(archive, render, &damage, error));
    ++*done;
    if (damage == VQC_ARCHIVE_DAMAGE_NONE)
        return VQC_OK;
    return vqc_error_set(error, VQC_BAD_INPUT, "%s: render %zu: %s does not have the recorded SHA-256", archive->path,
                         render, vqc_archive_damage_word(damage));
}

/* *done_out: how many renders are done. */
static vqc_status archive_check(const vqc_archive *archive, size_t *done_out, vqc_error *error)
{
    *done_out = 0;
    VQC_TRY(vqc_archive_check(archive, error));
    for (size_t i = 0; i < archive->stored.outline.render_count; i++)
        VQC_TRY(render_check(archive, i, done_out, error));
    return VQC_OK;
}

/* --- Datasets --- */

static bool is_zero(const char *bytes, size_t size)
{
    return size == 0 || (bytes[0] == 0 && memcmp(bytes, bytes + 1, size - 1) == 0);
}

/* Copies what is left of the dataset where its first `fixed` indices are given; zeros are there already. */
static vqc_status part_copy(const vqc_dataset *from, const vqc_dataset *to, int fixed, uint64_t row, char *memory,
                            vqc_error *error)
{
    const size_t bytes = vqc_dataset_part_bytes(from, fixed);
    VQC_TRY(vqc_dataset_read(from, fixed, &row, memory, error));
    if (fixed > 0 && is_zero(memory, bytes))
        return VQC_OK;
    return vqc_dataset_write(to, fixed, &row, memory, error);
}

/* Row by row what is larger than this. */
static vqc_status dataset_copy(const vqc_dataset *from, const vqc_dataset *to, vqc_error *error)
{
    enum { AT_ONCE = 1 << 20 };
    const int fixed = from->form.rank > 0 && vqc_dataset_part_bytes(from, 0) > AT_ONCE ? 1 : 0;
    const uint64_t rows = fixed == 0 ? 1 : from->form.dims[0];
    char *memory;
    VQC_TRY(vqc_memory_allocate(1, vqc_dataset_part_bytes(from, fixed), from->form.path, &memory, error));
    vqc_status status = VQC_OK;
    for (uint64_t row = 0; row < rows && status == VQC_OK; row++)
        status = part_copy(from, to, fixed, row, memory, error);
    free(memory);
    return status;
}

static vqc_status dataset_pack(const vqc_hdf5_file *file, const vqc_dataset *from, vqc_error *error)
{
    vqc_dataset to;
    VQC_TRY(vqc_dataset_create_packed(file, &from->form, &to, error));
    vqc_status status = dataset_copy(from, &to, error);
    vqc_dataset_close(&to);
    return status;
}

/* One that is there, and says nothing. */
static vqc_status dataset_leave(const vqc_hdf5_file *file, const vqc_dataset *from, vqc_error *error)
{
    vqc_dataset to;
    VQC_TRY(vqc_dataset_create_packed(file, &from->form, &to, error));
    vqc_status status = vqc_dataset_clear(&to, error);
    vqc_dataset_close(&to);
    return status;
}

/* --- The archive --- */

static bool is_of_checkpoints(vqc_render_table table)
{
    return table == VQC_RENDER_CHECKPOINT_STEP || table == VQC_RENDER_CHECKPOINT_SHA256 ||
           table == VQC_RENDER_CHECKPOINT_ENVIRONMENT;
}

static vqc_status column_pack(const vqc_archive *archive, const vqc_hdf5_file *file, const vqc_outline_column *column,
                              vqc_error *error)
{
    const vqc_dataset_form form = vqc_outline_column_form(&archive->stored.outline, column);
    vqc_dataset_form any = {.element = form.element, .rank = form.rank};
    vqc_dataset from;
    memcpy(any.path, form.path, sizeof any.path);
    VQC_TRY(vqc_dataset_open(&archive->file, &any, &from, error));
    vqc_status status = dataset_pack(file, &from, error);
    vqc_dataset_close(&from);
    return status;
}

static vqc_status outline_pack(const vqc_archive *archive, const vqc_hdf5_file *file, vqc_error *error)
{
    for (size_t i = 0; i < VQC_OUTLINE_COLUMN_COUNT; i++)
        if (vqc_outline_rows(&archive->stored.outline, vqc_outline_columns[i].list) > 0)
            VQC_TRY(column_pack(archive, file, &vqc_outline_columns[i], error));
    return VQC_OK;
}

/* Tables that an archive of an earlier version lacks have no rank. */
static vqc_status tables_pack(const vqc_archive *archive, const vqc_hdf5_file *file, vqc_error *error)
{
    for (int i = 0; i < VQC_FILE_TABLE_COUNT; i++)
        VQC_TRY(dataset_pack(file, &archive->file_table[i], error));
    for (int i = 0; i < VQC_RENDER_TABLE_COUNT; i++) {
        const vqc_dataset *table = &archive->render_table[i];
        if (table->form.rank > 0)
            VQC_TRY(is_of_checkpoints((vqc_render_table)i) ? dataset_leave(file, table, error)
                                                           : dataset_pack(file, table, error));
    }
    for (size_t shape = 0; shape < archive->stored.outline.shape_count; shape++)
        for (int i = 0; i < VQC_SHAPE_TABLE_COUNT; i++)
            if (i != VQC_SHAPE_CHECKPOINT && archive->shapes[shape].table[i].form.rank > 0)
                VQC_TRY(dataset_pack(file, &archive->shapes[shape].table[i], error));
    return VQC_OK;
}

static vqc_status texts_pack(const vqc_hdf5_file *file, const vqc_dataset_form *form, const vqc_pack_column *column,
                             vqc_error *error)
{
    vqc_dataset to;
    char *texts;
    VQC_TRY(vqc_memory_allocate(form->dims[0], form->text_bytes, form->path, &texts, error));
    for (size_t i = 0; i < form->dims[0]; i++)
        memcpy(texts + i * form->text_bytes, column->texts[i], strlen(column->texts[i]));
    vqc_status status = vqc_dataset_create_packed(file, form, &to, error);
    if (status == VQC_OK) {
        status = vqc_dataset_write(&to, 0, NULL, texts, error);
        vqc_dataset_close(&to);
    }
    free(texts);
    return status;
}

/* What is to be packed, and beside it. */
typedef struct packing {
    const vqc_archive *archive;
    const vqc_pack_facts *facts;
} packing;

static vqc_status description_write(const packing *work, const vqc_hdf5_file *file, vqc_error *error)
{
    const char **paths;
    VQC_TRY(vqc_memory_allocate(work->facts->column_count, sizeof *paths, "an archive's axes", &paths, error));
    for (size_t i = 0; i < work->facts->column_count; i++)
        paths[i] = work->facts->columns[i].path;
    const vqc_description what = {.outline = &work->archive->stored.outline,
                                  .rows = work->archive->rows,
                                  .snapshot_every = work->facts->snapshot_every,
                                  .paths = paths,
                                  .path_count = work->facts->column_count};
    vqc_status status = vqc_archive_describe(file, &what, error);
    free(paths);
    return status;
}

static vqc_status contents_pack(const packing *work, const vqc_hdf5_file *file, vqc_error *error)
{
    const vqc_archive_outline *outline = &work->archive->stored.outline;
    VQC_TRY(outline_pack(work->archive, file, error));
    VQC_TRY(tables_pack(work->archive, file, error));
    for (size_t i = 0; i < work->facts->column_count; i++) {
        vqc_dataset_form form = {.element = VQC_ELEMENT_TEXT,
                                 .rank = 1,
                                 .dims = {outline->render_count},
                                 .text_bytes =
                                     vqc_layout_text_bytes(work->facts->columns[i].texts, outline->render_count)};
        if (strlen(work->facts->columns[i].path) >= sizeof form.path)
            return vqc_error_set(error, VQC_FAILED, "%s: too long a name for a dataset",
                                 work->facts->columns[i].path);
        memcpy(form.path, work->facts->columns[i].path, strlen(work->facts->columns[i].path) + 1);
        VQC_TRY(texts_pack(file, &form, &work->facts->columns[i], error));
    }
    return description_write(work, file, error);
}

/* The whole file is sealed, as nothing is written to it any more. */
static vqc_status file_pack(const packing *work, const char *partial, vqc_error *error)
{
    vqc_hdf5_file file;
    vqc_seal seal = {0};
    vqc_error ignored;
    const uint64_t block_bytes = vqc_seal_block_bytes(0);
    VQC_TRY(vqc_hdf5_file_create(partial, block_bytes, &file, error));
    vqc_status status = contents_pack(work, &file, error);
    vqc_status closed = vqc_hdf5_file_close(&file, status == VQC_OK ? error : &ignored);
    VQC_TRY(status);
    VQC_TRY(closed);
    return vqc_seal_write(&seal, partial, block_bytes, error);
}

/* Reads what was written. */
static vqc_status packed_check(const char *partial, size_t done, vqc_error *error)
{
    vqc_archive *archive;
    size_t found = 0;
    VQC_TRY(vqc_archive_open(partial, &archive, error));
    vqc_status status = archive_check(archive, &found, error);
    vqc_archive_close(archive);
    if (status == VQC_OK && found != done)
        status =
            vqc_error_set(error, VQC_FAILED, "%s: %zu renders were packed, and %zu are found", partial, done, found);
    return status;
}

static vqc_status archive_pack(const packing *work, const char *to, size_t done, vqc_error *error)
{
    char *partial;
    VQC_TRY(vqc_archive_partial_name(to, &partial, error));
    vqc_status status = file_pack(work, partial, error);
    if (status == VQC_OK)
        status = packed_check(partial, done, error);
    if (status == VQC_OK)
        status = vqc_archive_partial_finish(partial, to, error);
    if (status != VQC_OK)
        (void)unlink(partial);
    free(partial);
    return status;
}

static vqc_status places_check(const char *path, const char *to, vqc_error *error)
{
    if (vqc_archive_is_held(path))
        return vqc_error_set(error, VQC_BAD_INPUT,
                             "%s: a launch is at work on it; it can be packed when that has ended", path);
    if (access(to, F_OK) == 0)
        return vqc_error_set(error, VQC_BAD_INPUT, "%s: is there already; take another name, or remove it", to);
    return VQC_OK;
}

vqc_status vqc_archive_pack(const vqc_archive *archive, const char *to, const vqc_pack_facts *facts, vqc_error *error)
{
    const packing work = {.archive = archive, .facts = facts};
    size_t done;
    VQC_TRY(places_check(archive->path, to, error));
    VQC_TRY(archive_check(archive, &done, error));
    if (done == 0)
        return vqc_error_set(error, VQC_BAD_INPUT, "%s: no render of it is done", archive->path);
    return archive_pack(&work, to, done, error);
}
