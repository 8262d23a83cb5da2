#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "archive/file.h"
#include "archive/internal.h"
#include "base/memory.h"

vqc_status vqc_archive_allocate(const char *path, vqc_archive **archive_out, vqc_error *error)
{
    void *memory;
    VQC_TRY(vqc_memory_allocate(1, sizeof(vqc_archive), "an archive", &memory, error));
    vqc_archive *archive = memory;
    archive->file.id = H5I_INVALID_HID;
    archive->disk = -1;
    vqc_status status = vqc_memory_copy_text(path, &archive->path, error);
    if (status != VQC_OK) {
        free(archive);
        return status;
    }
    *archive_out = archive;
    return VQC_OK;
}

static void datasets_close(vqc_archive *archive)
{
    for (int i = 0; i < VQC_FILE_TABLE_COUNT; i++)
        vqc_dataset_close(&archive->file_table[i]);
    for (int i = 0; i < VQC_RENDER_TABLE_COUNT; i++)
        vqc_dataset_close(&archive->render_table[i]);
    for (size_t s = 0; archive->shapes && s < archive->stored.outline.shape_count; s++)
        for (int i = 0; i < VQC_SHAPE_TABLE_COUNT; i++)
            vqc_dataset_close(&archive->shapes[s].table[i]);
}

void vqc_archive_close(vqc_archive *archive)
{
    if (!archive)
        return;
    datasets_close(archive);
    vqc_error ignored;
    (void)vqc_hdf5_file_close(&archive->file, &ignored);
    if (archive->disk >= 0)
        (void)close(archive->disk);
    vqc_archive_lock_release(archive->lock);
    vqc_stored_outline_release(&archive->stored);
    free(archive->shapes);
    free(archive->rows);
    free(archive->newest_slot);
    free(archive->path);
    free(archive);
}

vqc_status vqc_archive_examine(vqc_archive *archive, bool writing, vqc_error *error)
{
    struct stat information;
    if (stat(archive->path, &information) != 0)
        return vqc_error_set(error, VQC_BAD_INPUT, "%s: cannot be opened: %s", archive->path, strerror(errno));
    if (!S_ISREG(information.st_mode))
        return vqc_error_set(error, VQC_BAD_INPUT, "%s: is not a file", archive->path);
    archive->bytes = (uint64_t)information.st_size;
    if (!writing)
        return VQC_OK;
    archive->disk = open(archive->path, O_RDWR | O_CLOEXEC);
    if (archive->disk >= 0)
        return VQC_OK;
    return vqc_error_set(error, VQC_FAILED, "%s: cannot be opened for writing: %s", archive->path, strerror(errno));
}

static vqc_status version_check(const vqc_archive *archive, vqc_error *error)
{
    uint32_t version;
    VQC_TRY(vqc_dataset_read(&archive->file_table[VQC_FILE_VERSION], 0, NULL, &version, error));
    if (version == VQC_LAYOUT_VERSION || version == VQC_LAYOUT_VERSION_PART)
        return VQC_OK;
    return vqc_error_set(error, VQC_BAD_INPUT, "%s: is of format version %u, this program reads %d", archive->path,
                         version, VQC_LAYOUT_VERSION);
}

/* A part says that it is one. */
static vqc_status part_check(const vqc_archive *archive, vqc_error *error)
{
    uint32_t version;
    const bool part = archive->stored.outline.part != NULL;
    VQC_TRY(vqc_dataset_read(&archive->file_table[VQC_FILE_VERSION], 0, NULL, &version, error));
    if (part == (version == VQC_LAYOUT_VERSION_PART))
        return VQC_OK;
    return vqc_error_set(error, VQC_BAD_INPUT,
                         "%s: is of format version %u, that of %s, and %s a dataset /study/part", archive->path,
                         version, part ? "a whole study" : "a part", part ? "has" : "lacks");
}

bool vqc_archive_has_record_digests(const vqc_archive *archive)
{
    return archive->render_table[VQC_RENDER_RECORD_SHA256].form.rank != 0;
}

/* Digests of records and of snapshots came together: without this one, marks of snapshots that were taken away would
 * be those of an archive that has no such digests. */
static vqc_status snapshot_digests_check(const vqc_archive *archive, const char *path, vqc_error *error)
{
    if (!vqc_archive_has_record_digests(archive))
        return VQC_OK;
    return vqc_error_set(error, VQC_BAD_INPUT,
                         "%s: expected a dataset %s, as archives with digests of records have one, found none",
                         archive->path, path);
}

static vqc_status shape_open(vqc_archive *archive, size_t index, size_t renders, vqc_error *error)
{
    const vqc_archive_outline *outline = &archive->stored.outline;
    const vqc_archive_extents *shape = &outline->shapes[index];
    for (int i = 0; i < VQC_SHAPE_TABLE_COUNT; i++) {
        const vqc_shape_table table = (vqc_shape_table)i;
        if (!vqc_layout_shape_present(table, shape))
            continue;
        const vqc_dataset_form form = vqc_layout_shape_form(table, index, renders, shape);
        if (vqc_layout_shape_later(table) && !vqc_dataset_exists(&archive->file, form.path)) {
            VQC_TRY(snapshot_digests_check(archive, form.path, error));
            continue;
        }
        VQC_TRY(vqc_dataset_open(&archive->file, &form, &archive->shapes[index].table[i], error));
    }
    return VQC_OK;
}

static vqc_status shapes_open(vqc_archive *archive, vqc_error *error)
{
    size_t *counts;
    const size_t shapes = archive->stored.outline.shape_count;
    VQC_TRY(vqc_outline_shapes_count(&archive->stored.outline, &counts, error));
    vqc_status status = VQC_OK;
    for (size_t i = 0; i < shapes && status == VQC_OK; i++)
        status = shape_open(archive, i, counts[i], error);
    free(counts);
    return status;
}

static vqc_status memory_make(vqc_archive *archive, vqc_error *error)
{
    const vqc_archive_outline *outline = &archive->stored.outline;
    void *memory;
    VQC_TRY(vqc_memory_allocate(outline->shape_count, sizeof(vqc_shape_datasets), "an archive", &memory, error));
    archive->shapes = memory;
    VQC_TRY(vqc_memory_allocate(outline->render_count, sizeof(size_t), "an archive", &memory, error));
    archive->rows = memory;
    VQC_TRY(vqc_memory_allocate(outline->render_count, 1, "an archive", &memory, error));
    archive->newest_slot = memory;
    memset(archive->newest_slot, SLOT_UNKNOWN, outline->render_count);
    return vqc_outline_rows_number(outline, archive->rows, error);
}

vqc_status vqc_archive_contents_open(vqc_archive *archive, vqc_error *error)
{
    for (int i = 0; i < VQC_FILE_TABLE_COUNT; i++) {
        vqc_dataset_form form = vqc_layout_file_form((vqc_file_table)i, 0);
        if (i == VQC_FILE_LAUNCH_TEXT)
            form.dims[0] = 0; /* any number */
        VQC_TRY(vqc_dataset_open(&archive->file, &form, &archive->file_table[i], error));
    }
    VQC_TRY(version_check(archive, error));
    VQC_TRY(vqc_stored_outline_read(&archive->file, &archive->stored, error));
    archive->stored.outline.launch_capacity = archive->file_table[VQC_FILE_LAUNCH_TEXT].form.dims[0];
    VQC_TRY(part_check(archive, error));
    VQC_TRY(memory_make(archive, error));
    const vqc_archive_outline *outline = &archive->stored.outline;
    for (int i = 0; i < VQC_RENDER_TABLE_COUNT; i++) {
        const vqc_render_table table = (vqc_render_table)i;
        const vqc_dataset_form form = vqc_layout_render_form(table, outline->render_count);
        if (!vqc_layout_render_optional(table) || vqc_dataset_exists(&archive->file, form.path))
            VQC_TRY(vqc_dataset_open(&archive->file, &form, &archive->render_table[i], error));
    }
    return shapes_open(archive, error);
}

vqc_status vqc_archive_unpacked_check(const vqc_archive *archive, vqc_error *error)
{
    bool packed = archive->file_table[VQC_FILE_LAUNCH_TEXT].packed;
    for (int i = 0; i < VQC_RENDER_TABLE_COUNT; i++)
        packed = packed || archive->render_table[i].packed;
    for (size_t s = 0; s < archive->stored.outline.shape_count; s++)
        for (int i = 0; i < VQC_SHAPE_TABLE_COUNT; i++)
            packed = packed || archive->shapes[s].table[i].packed;
    if (!packed)
        return VQC_OK;
    return vqc_error_set(error, VQC_BAD_INPUT,
                         "%s: is packed, and a packed archive is only read: launches go on in the one that it was "
                         "packed from",
                         archive->path);
}

static vqc_status rows_try(const vqc_dataset *dataset, vqc_error *error)
{
    const uint64_t rows = dataset->form.dims[0];
    char *memory;
    VQC_TRY(vqc_memory_allocate(1, vqc_dataset_part_bytes(dataset, 1), dataset->form.path, &memory, error));
    vqc_status status = VQC_OK;
    for (uint64_t row = 0; row < rows && status == VQC_OK; row++)
        status = vqc_dataset_read(dataset, 1, &row, memory, error);
    free(memory);
    return status == VQC_OK ? VQC_OK : VQC_BAD_INPUT;
}

vqc_status vqc_archive_packed_try(const vqc_archive *archive, vqc_error *error)
{
    if (archive->file_table[VQC_FILE_LAUNCH_TEXT].packed)
        VQC_TRY(rows_try(&archive->file_table[VQC_FILE_LAUNCH_TEXT], error));
    for (int i = 0; i < VQC_RENDER_TABLE_COUNT; i++)
        if (archive->render_table[i].packed)
            VQC_TRY(rows_try(&archive->render_table[i], error));
    for (size_t s = 0; s < archive->stored.outline.shape_count; s++)
        for (int i = 0; i < VQC_SHAPE_TABLE_COUNT; i++)
            if (archive->shapes[s].table[i].packed)
                VQC_TRY(rows_try(&archive->shapes[s].table[i], error));
    return VQC_OK;
}

vqc_status vqc_archive_open_unprobed(const char *path, vqc_archive **archive_out, vqc_error *error)
{
    vqc_archive *archive;
    VQC_TRY(vqc_archive_allocate(path, &archive, error));
    vqc_status status = vqc_archive_examine(archive, false, error);
    if (status == VQC_OK)
        status = vqc_hdf5_file_open(archive->path, archive->bytes, VQC_HDF5_READS, NULL, &archive->file, error);
    if (status == VQC_OK)
        status = vqc_archive_contents_open(archive, error);
    if (status != VQC_OK) {
        vqc_archive_close(archive);
        return status;
    }
    *archive_out = archive;
    return VQC_OK;
}
