#include "archive/archive.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "archive/creation.h"
#include "archive/file.h"
#include "archive/internal.h"
#include "archive/probe.h"
#include "archive/seal.h"
#include "base/memory.h"

/* Makes sure that HDF5 comes through reading the file: by its seal, or by trying. */
static vqc_status file_trust(const char *path, vqc_error *error)
{
    bool sealed;
    VQC_TRY(vqc_seal_check(path, &sealed, error));
    return sealed ? VQC_OK : vqc_archive_probe(path, error);
}

bool vqc_archive_is_held(const char *path)
{
    return vqc_archive_lock_is_held(path);
}

vqc_status vqc_archive_open(const char *path, vqc_archive **archive_out, vqc_error *error)
{
    VQC_TRY(file_trust(path, error));
    return vqc_archive_open_unprobed(path, archive_out, error);
}

vqc_status vqc_archive_place_check(const vqc_archive *archive, vqc_error *error)
{
    struct stat opened;
    struct stat named;
    if (fstat(archive->disk, &opened) != 0)
        return vqc_error_set(error, VQC_FAILED, "%s: cannot be examined: %s", archive->path, strerror(errno));
    if (stat(archive->path, &named) != 0)
        return vqc_error_set(error, VQC_FAILED, "%s: this archive was taken away while the launch wrote to it: %s",
                             archive->path, strerror(errno));
    if (named.st_dev != opened.st_dev || named.st_ino != opened.st_ino)
        return vqc_error_set(error, VQC_FAILED,
                             "%s: another file was put in this archive's place while the launch wrote to it",
                             archive->path);
    if ((uint64_t)opened.st_size == archive->bytes)
        return VQC_OK;
    return vqc_error_set(error, VQC_FAILED,
                         "%s: this archive was changed while the launch wrote to it: expected %llu bytes, found %llu",
                         archive->path, (unsigned long long)archive->bytes, (unsigned long long)opened.st_size);
}

/* Whether the archive at this path is the outline's study. */
static vqc_status existing_check(const char *path, const vqc_archive_outline *outline, vqc_error *error)
{
    vqc_archive *archive;
    VQC_TRY(vqc_outline_check(outline, error));
    VQC_TRY(vqc_archive_open(path, &archive, error));
    vqc_status status = vqc_archive_unpacked_check(archive, error);
    if (status == VQC_OK && vqc_outline_compare(&archive->stored.outline, outline, error) != VQC_OK)
        status = vqc_error_prefix(error, "%s", path);
    vqc_archive_close(archive);
    return status;
}

/* Rank 0's part of the start: afterwards the file is there, is the outline's, and is this launch's. */
static vqc_status file_prepare(vqc_archive *archive, const vqc_archive_outline *outline, vqc_archive_locking locking,
                               bool *created_out, vqc_error *error)
{
    if (locking == VQC_ARCHIVE_LOCKED)
        VQC_TRY(vqc_archive_lock_take(archive->path, &archive->lock, error));
    *created_out = access(archive->path, F_OK) != 0;
    if (*created_out)
        return vqc_archive_create(archive->path, outline, NULL, NULL, error);
    if (locking == VQC_ARCHIVE_LOCKED)
        VQC_TRY(vqc_archive_partial_remove(archive->path, error));
    return existing_check(archive->path, outline, error);
}

/* Opens the file on all ranks; one that is changed meanwhile is said to be, whatever HDF5 finds then. */
static vqc_status file_open(vqc_archive *archive, vqc_comm *comm, vqc_error *error)
{
    vqc_error changed;
    VQC_TRY(vqc_comm_agree(comm, vqc_archive_examine(archive, true, error), error));
    vqc_status status =
        vqc_hdf5_file_open(archive->path, archive->bytes, VQC_HDF5_WRITES, comm, &archive->file, error);
    status = vqc_comm_agree(comm, status, error);
    if (status == VQC_OK)
        status = vqc_comm_agree(comm, vqc_archive_contents_open(archive, error), error);
    if (status == VQC_OK || vqc_archive_place_check(archive, &changed) == VQC_OK)
        return status;
    *error = changed;
    return VQC_FAILED;
}

static vqc_status archive_start(vqc_archive *archive, vqc_comm *comm, const vqc_archive_outline *outline,
                                vqc_archive_locking locking, bool *created_out, vqc_error *error)
{
    vqc_status status = VQC_OK;
    if (vqc_comm_rank(comm) == 0)
        status = file_prepare(archive, outline, locking, created_out, error);
    VQC_TRY(vqc_comm_agree(comm, status, error));
    VQC_TRY(vqc_comm_broadcast(comm, created_out, sizeof *created_out, 0, error));
    return vqc_comm_agree(comm, file_open(archive, comm, error), error);
}

vqc_status vqc_archive_start(vqc_comm *comm, const char *path, const vqc_archive_outline *outline,
                             vqc_archive_locking locking, vqc_archive **archive_out, bool *created_out,
                             vqc_error *error)
{
    vqc_archive *archive = NULL;
    vqc_status status = vqc_comm_agree(comm, vqc_archive_allocate(path, &archive, error), error);
    if (status == VQC_OK)
        status = archive_start(archive, comm, outline, locking, created_out, error);
    if (status != VQC_OK) {
        vqc_archive_close(archive);
        return status;
    }
    *archive_out = archive;
    return VQC_OK;
}

const vqc_archive_outline *vqc_archive_outline_of(const vqc_archive *archive)
{
    return &archive->stored.outline;
}

const char *vqc_archive_path(const vqc_archive *archive)
{
    return archive->path;
}
