#include <stdio.h>
#include <string.h>

#include "archive/internal.h"

/* The text of a row: "launch 3, rank 12, HOST", of the launches' and ranks' numbers from 0. */

static bool is_kept(const vqc_archive *archive)
{
    return archive->render_table[VQC_RENDER_WORKER].form.rank != 0;
}

vqc_status vqc_archive_worker_write(vqc_archive *archive, size_t render, int rank, const char *host, vqc_error *error)
{
    size_t launches;
    char row[VQC_LAYOUT_WORKER_BYTES] = {0};
    VQC_TRY(vqc_archive_writable_check(archive, error));
    VQC_TRY(vqc_archive_held_check(archive, render, error));
    VQC_TRY(vqc_archive_launch_count(archive, &launches, error));
    if (!is_kept(archive) || launches == 0)
        return VQC_OK;
    (void)snprintf(row, sizeof row, "launch %zu, rank %d, %.*s", launches - 1, rank, VQC_ARCHIVE_HOST_SIZE - 1, host);
    return vqc_archive_value_write(archive, VQC_RENDER_WORKER, render, row, error);
}

vqc_status vqc_archive_worker_read(const vqc_archive *archive, size_t render, vqc_archive_worker *worker_out,
                                   vqc_error *error)
{
    size_t launches;
    size_t launch;
    int host = 0;
    char row[VQC_LAYOUT_WORKER_BYTES + 1] = {0};
    *worker_out = (vqc_archive_worker){0};
    VQC_TRY(vqc_archive_render_check(archive, render, error));
    VQC_TRY(vqc_archive_launch_count(archive, &launches, error));
    if (!is_kept(archive))
        return VQC_OK;
    VQC_TRY(vqc_archive_value_read(archive, VQC_RENDER_WORKER, render, row, error));
    if (sscanf(row, "launch %9zu, rank %9d, %n", &launch, &worker_out->rank, &host) != 2 || host == 0)
        return VQC_OK;
    worker_out->present = launch + 1 == launches;
    (void)snprintf(worker_out->host, sizeof worker_out->host, "%s", row + host);
    return VQC_OK;
}
