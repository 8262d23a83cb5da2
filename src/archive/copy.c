#include "archive/copy.h"

#include <stdlib.h>
#include <unistd.h>

#include "archive/creation.h"
#include "archive/internal.h"
#include "base/memory.h"

vqc_status vqc_archive_make(const char *path, const vqc_archive_outline *outline, vqc_archive_locking locking,
                            vqc_archive_fill *fill, void *context, vqc_error *error)
{
    vqc_archive_lock *lock = NULL;
    vqc_status status = VQC_OK;
    if (locking == VQC_ARCHIVE_LOCKED)
        VQC_TRY(vqc_archive_lock_take(path, &lock, error));
    if (access(path, F_OK) == 0)
        status = vqc_error_set(error, VQC_BAD_INPUT, "%s: is there already; take another name, or remove it", path);
    else
        status = vqc_archive_create(path, outline, fill, context, error);
    vqc_archive_lock_release(lock);
    return status;
}

/* Memory for a row; NULL where the archive lacks the dataset. */
static vqc_status row_allocate(const vqc_archive *archive, vqc_shape_table table, size_t render, void *row_out,
                               vqc_error *error)
{
    const size_t bytes = vqc_archive_row_bytes(archive, table, render, 1);
    return bytes == 0 ? VQC_OK : vqc_memory_allocate(1, bytes, "a row of the archive", row_out, error);
}

/* Rows of a result, in memory of their own. */
typedef struct result_rows {
    uint8_t *picture;
    float *latent;
    int32_t *codes;
    float *losses;
    float *relevance;
} result_rows;

static void rows_release(result_rows *rows)
{
    free(rows->picture);
    free(rows->latent);
    free(rows->codes);
    free(rows->losses);
    free(rows->relevance);
}

static vqc_status rows_read(const vqc_archive *archive, size_t render, result_rows *rows, vqc_error *error)
{
    VQC_TRY(row_allocate(archive, VQC_SHAPE_PICTURE, render, &rows->picture, error));
    VQC_TRY(row_allocate(archive, VQC_SHAPE_LATENT, render, &rows->latent, error));
    VQC_TRY(row_allocate(archive, VQC_SHAPE_CODES, render, &rows->codes, error));
    VQC_TRY(row_allocate(archive, VQC_SHAPE_LOSSES, render, &rows->losses, error));
    VQC_TRY(row_allocate(archive, VQC_SHAPE_RELEVANCE, render, &rows->relevance, error));
    VQC_TRY(vqc_archive_picture_read(archive, render, rows->picture, error));
    VQC_TRY(vqc_archive_latent_read(archive, render, rows->latent, error));
    VQC_TRY(vqc_archive_codes_read(archive, render, rows->codes, error));
    VQC_TRY(vqc_archive_losses_read(archive, render, rows->losses, error));
    return rows->relevance == NULL ? VQC_OK : vqc_archive_relevance_read(archive, render, rows->relevance, error);
}

/* The digests of what is written are computed from it: they are those of what was read, which has been compared. */
static vqc_status result_copy(const vqc_archive *from, size_t render, const vqc_archive_outcome *outcome,
                              vqc_archive *to, size_t number, vqc_error *error)
{
    result_rows rows = {0};
    vqc_status status = rows_read(from, render, &rows, error);
    const vqc_archive_result result = {
        .picture = rows.picture,
        .latent = rows.latent,
        .codes = rows.codes,
        .losses = rows.losses,
        .relevance = rows.relevance,
        .seconds = outcome->seconds,
        .device = outcome->device,
        .host = outcome->host,
    };
    if (status == VQC_OK)
        status = vqc_archive_result_write(to, number, &result, error);
    rows_release(&rows);
    return status;
}

/* Whether rows of one are rows of the other. */
static vqc_status shapes_compare(const vqc_archive *from, size_t render, const vqc_archive *to, size_t number,
                                 vqc_error *error)
{
    for (int table = 0; table < VQC_SHAPE_TABLE_COUNT; table++) {
        if (table == VQC_SHAPE_LOSS_NAME || vqc_layout_shape_later((vqc_shape_table)table))
            continue;
        if (vqc_archive_row_bytes(from, (vqc_shape_table)table, render, 1) !=
            vqc_archive_row_bytes(to, (vqc_shape_table)table, number, 1))
            return vqc_error_set(error, VQC_FAILED, "%s: render %zu: is of another shape than render %zu of %s",
                                 from->path, render, number, to->path);
    }
    return VQC_OK;
}

vqc_status vqc_archive_render_copy(const vqc_archive *from, size_t render, vqc_archive *to, size_t number,
                                   vqc_archive_damage *damage_out, vqc_error *error)
{
    vqc_archive_outcome outcome;
    *damage_out = VQC_ARCHIVE_DAMAGE_NONE;
    VQC_TRY(vqc_archive_render_check(from, render, error));
    VQC_TRY(vqc_archive_render_check(to, number, error));
    VQC_TRY(shapes_compare(from, render, to, number, error));
    VQC_TRY(vqc_archive_outcome_read(from, render, &outcome, error));
    if (outcome.state == VQC_ARCHIVE_DONE)
        VQC_TRY(vqc_archive_result_check(from, render, damage_out, error));
    const bool intact = *damage_out == VQC_ARCHIVE_DAMAGE_NONE || *damage_out == VQC_ARCHIVE_DAMAGE_SNAPSHOT;
    VQC_TRY(vqc_archive_checkpoints_copy(from, render, to, number, error));
    VQC_TRY(vqc_archive_snapshots_copy(from, render, to, number, error));
    switch (outcome.state) {
    case VQC_ARCHIVE_DONE:
        return intact ? result_copy(from, render, &outcome, to, number, error) : VQC_OK;
    case VQC_ARCHIVE_FAILED:
        return vqc_archive_failure_write(to, number, outcome.reason, error);
    case VQC_ARCHIVE_PENDING:
        break;
    }
    return VQC_OK;
}

vqc_status vqc_archive_launches_copy(const vqc_archive *from, vqc_archive *to, vqc_error *error)
{
    size_t count;
    char text[VQC_ARCHIVE_LAUNCH_SIZE];
    VQC_TRY(vqc_archive_launch_count(from, &count, error));
    for (size_t i = 0; i < count; i++) {
        VQC_TRY(vqc_archive_launch_read(from, i, text, error));
        VQC_TRY(vqc_archive_launch_append(to, text, error));
    }
    return VQC_OK;
}
