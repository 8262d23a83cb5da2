#include "archive/creation.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "archive/dataset.h"
#include "archive/file.h"
#include "archive/internal.h"
#include "archive/layout.h"
#include "archive/outline.h"
#include "archive/seal.h"
#include "base/memory.h"

/* Takes the space for the whole file, so that no later write can fail for want of it. */
static vqc_status space_allocate(int descriptor, const char *path, uint64_t bytes, vqc_error *error)
{
    const int code = posix_fallocate(descriptor, 0, (off_t)bytes);
    if (code == 0)
        return VQC_OK;
    return vqc_error_set(error, VQC_FAILED, "%s: the archive needs %llu bytes (%.1f MiB) on the disk: %s", path,
                         (unsigned long long)bytes, (double)bytes / 1048576.0, strerror(code));
}

/* Asks for the space before HDF5 writes anything: HDF5 cannot get rid of a file that it failed to write. */
static vqc_status space_try(const char *partial, const char *path, uint64_t bytes, vqc_error *error)
{
    const int descriptor = open(partial, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (descriptor < 0)
        return vqc_error_set(error, VQC_FAILED, "%s: cannot be created: %s", partial, strerror(errno));
    vqc_status status = space_allocate(descriptor, path, bytes, error);
    (void)close(descriptor);
    return status;
}

/* An archive in the making. */
typedef struct new_archive {
    vqc_hdf5_file file;
    vqc_seal seal;
} new_archive;

/* Creates a dataset that launches write to; `clear` where zeros mean "nothing yet". */
static vqc_status dataset_make(new_archive *archive, const vqc_dataset_form *form, bool clear, vqc_error *error)
{
    vqc_dataset dataset;
    uint64_t offset;
    uint64_t bytes;
    VQC_TRY(vqc_dataset_create(&archive->file, form, &dataset, error));
    vqc_status status = clear ? vqc_dataset_clear(&dataset, error) : VQC_OK;
    if (status == VQC_OK)
        status = vqc_dataset_place(&dataset, &offset, &bytes, error);
    vqc_dataset_close(&dataset);
    return status == VQC_OK ? vqc_seal_add(&archive->seal, offset, bytes, error) : status;
}

static vqc_status file_tables_make(new_archive *archive, const vqc_archive_outline *outline, vqc_error *error)
{
    const uint32_t version = outline->part == NULL ? VQC_LAYOUT_VERSION : VQC_LAYOUT_VERSION_PART;
    const vqc_dataset_form form = vqc_layout_file_form(VQC_FILE_VERSION, 0);
    vqc_dataset dataset;
    VQC_TRY(vqc_dataset_create(&archive->file, &form, &dataset, error));
    vqc_status status = vqc_dataset_write(&dataset, 0, NULL, &version, error);
    vqc_dataset_close(&dataset);
    VQC_TRY(status);
    const vqc_dataset_form count = vqc_layout_file_form(VQC_FILE_LAUNCH_COUNT, 0);
    VQC_TRY(dataset_make(archive, &count, true, error));
    const vqc_dataset_form text = vqc_layout_file_form(VQC_FILE_LAUNCH_TEXT, outline->launch_capacity);
    return dataset_make(archive, &text, true, error);
}

static vqc_status render_tables_make(new_archive *archive, size_t renders, vqc_error *error)
{
    for (int table = VQC_RENDER_STATE; table < VQC_RENDER_TABLE_COUNT; table++) {
        const vqc_dataset_form form = vqc_layout_render_form((vqc_render_table)table, renders);
        VQC_TRY(dataset_make(archive, &form, true, error));
    }
    return VQC_OK;
}

static vqc_status shape_tables_make(new_archive *archive, const vqc_archive_extents *shape, size_t index,
                                    size_t renders, vqc_error *error)
{
    for (int i = 0; i < VQC_SHAPE_TABLE_COUNT; i++) {
        const vqc_shape_table table = (vqc_shape_table)i;
        if (table == VQC_SHAPE_LOSS_NAME || !vqc_layout_shape_present(table, shape))
            continue;
        const vqc_dataset_form form = vqc_layout_shape_form(table, index, renders, shape);
        const bool clear = table == VQC_SHAPE_SNAPSHOT_PRESENT || table == VQC_SHAPE_SNAPSHOT_SHA256;
        VQC_TRY(dataset_make(archive, &form, clear, error));
    }
    return VQC_OK;
}

static vqc_status shapes_make(new_archive *archive, const vqc_archive_outline *outline, vqc_error *error)
{
    size_t *counts;
    VQC_TRY(vqc_outline_shapes_count(outline, &counts, error));
    vqc_status status = VQC_OK;
    for (size_t i = 0; i < outline->shape_count && status == VQC_OK; i++)
        status = shape_tables_make(archive, &outline->shapes[i], i, counts[i], error);
    free(counts);
    return status;
}

static vqc_status structure_make(new_archive *archive, const vqc_archive_outline *outline, const size_t *rows,
                                 vqc_error *error)
{
    VQC_TRY(file_tables_make(archive, outline, error));
    VQC_TRY(vqc_outline_write(&archive->file, outline, rows, error));
    VQC_TRY(render_tables_make(archive, outline->render_count, error));
    return shapes_make(archive, outline, error);
}

static vqc_status hdf5_write(new_archive *archive, const char *partial, uint64_t block_bytes,
                             const vqc_archive_outline *outline, const size_t *rows, vqc_error *error)
{
    vqc_error ignored;
    VQC_TRY(vqc_hdf5_file_create(partial, block_bytes, &archive->file, error));
    vqc_status status = vqc_seal_add(&archive->seal, block_bytes + VQC_HDF5_MARK_OFFSET, VQC_HDF5_MARK_BYTES, error);
    if (status == VQC_OK)
        status = structure_make(archive, outline, rows, error);
    vqc_status closed = vqc_hdf5_file_close(&archive->file, status == VQC_OK ? error : &ignored);
    return status == VQC_OK ? closed : status;
}

/* Writes the whole structure and the outline, and the seal of them. */
static vqc_status contents_write(const char *partial, const vqc_archive_outline *outline, vqc_error *error)
{
    const uint64_t block_bytes = vqc_seal_block_bytes(vqc_layout_written_count(outline->shape_count));
    new_archive archive = {0};
    void *rows;
    VQC_TRY(vqc_memory_allocate(outline->render_count, sizeof(size_t), "the renders' rows", &rows, error));
    vqc_status status = vqc_outline_rows_number(outline, rows, error);
    if (status == VQC_OK)
        status = hdf5_write(&archive, partial, block_bytes, outline, rows, error);
    if (status == VQC_OK)
        status = vqc_seal_write(&archive.seal, partial, block_bytes, error);
    vqc_seal_release(&archive.seal);
    free(rows);
    return status;
}

/* Opens the archive in the making to write into it; its own place is the temporary name. */
static vqc_status filling_open(const char *partial, vqc_archive **archive_out, vqc_error *error)
{
    vqc_archive *archive;
    VQC_TRY(vqc_archive_allocate(partial, &archive, error));
    archive->in_making = true;
    vqc_status status = vqc_archive_examine(archive, true, error);
    if (status == VQC_OK)
        status = vqc_hdf5_file_open(archive->path, archive->bytes, VQC_HDF5_WRITES, NULL, &archive->file, error);
    if (status == VQC_OK)
        status = vqc_archive_contents_open(archive, error);
    if (status != VQC_OK) {
        vqc_archive_close(archive);
        return status;
    }
    *archive_out = archive;
    return VQC_OK;
}

static vqc_status partial_fill(const char *partial, vqc_archive_fill *fill, void *context, vqc_error *error)
{
    vqc_archive *archive;
    if (fill == NULL)
        return VQC_OK;
    VQC_TRY(filling_open(partial, &archive, error));
    vqc_status status = fill(archive, context, error);
    vqc_archive_close(archive);
    return status;
}

/* Allocates what HDF5 left out of the file, and forces it to the disk. */
static vqc_status file_settle(const char *partial, const char *path, vqc_error *error)
{
    const int descriptor = open(partial, O_RDWR | O_CLOEXEC);
    struct stat information;
    vqc_status status = VQC_OK;
    if (descriptor < 0 || fstat(descriptor, &information) != 0)
        status = vqc_error_set(error, VQC_FAILED, "%s: cannot be opened: %s", partial, strerror(errno));
    if (status == VQC_OK)
        status = space_allocate(descriptor, path, (uint64_t)information.st_size, error);
    if (status == VQC_OK && fsync(descriptor) != 0)
        status = vqc_error_set(error, VQC_FAILED, "%s: cannot be written to the disk: %s", partial, strerror(errno));
    if (descriptor >= 0)
        (void)close(descriptor);
    return status;
}

/* Makes the new name last. A folder that cannot be synchronised (some network file systems) does no harm: the name
 * is lost at worst when the machine stops, with the archive still empty. */
static vqc_status folder_synchronise(const char *path, vqc_error *error)
{
    char *copy;
    VQC_TRY(vqc_memory_copy_text(path, &copy, error));
    const int descriptor = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    free(copy);
    if (descriptor >= 0) {
        (void)fsync(descriptor);
        (void)close(descriptor);
    }
    return VQC_OK;
}

static vqc_status name_take(const char *partial, const char *path, vqc_error *error)
{
    if (rename(partial, path) != 0)
        return vqc_error_set(error, VQC_FAILED, "%s: cannot be renamed to %s: %s", partial, path, strerror(errno));
    return folder_synchronise(path, error);
}

static vqc_status partial_make(const char *partial, const char *path, const vqc_archive_outline *outline,
                               vqc_error *error)
{
    uint64_t bytes;
    VQC_TRY(vqc_archive_bytes(outline, &bytes, error));
    VQC_TRY(space_try(partial, path, bytes, error));
    return contents_write(partial, outline, error);
}

vqc_status vqc_archive_partial_name(const char *path, char **partial_out, vqc_error *error)
{
    static const char suffix[] = ".partial";
    const size_t size = strlen(path) + sizeof suffix;
    VQC_TRY(vqc_memory_allocate(1, size, "a file name", partial_out, error));
    (void)snprintf(*partial_out, size, "%s%s", path, suffix);
    return VQC_OK;
}

vqc_status vqc_archive_partial_finish(const char *partial, const char *path, vqc_error *error)
{
    VQC_TRY(file_settle(partial, path, error));
    return name_take(partial, path, error);
}

vqc_status vqc_archive_partial_remove(const char *path, vqc_error *error)
{
    char *partial;
    VQC_TRY(vqc_archive_partial_name(path, &partial, error));
    (void)unlink(partial);
    free(partial);
    return VQC_OK;
}

vqc_status vqc_archive_create(const char *path, const vqc_archive_outline *outline, vqc_archive_fill *fill,
                              void *context, vqc_error *error)
{
    char *partial;
    VQC_TRY(vqc_archive_partial_name(path, &partial, error));
    vqc_status status = partial_make(partial, path, outline, error);
    if (status == VQC_OK)
        status = partial_fill(partial, fill, context, error);
    if (status == VQC_OK)
        status = vqc_archive_partial_finish(partial, path, error);
    if (status != VQC_OK)
        (void)unlink(partial);
    free(partial);
    return status;
}
