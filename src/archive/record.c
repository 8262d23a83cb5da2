#include <stdlib.h>
#include <string.h>

#include "archive/internal.h"
#include "base/memory.h"

/* Over the render's number as 8 little-endian bytes, the two digests, the seconds, device and host with a NUL each,
 * then codes, losses and relevance. The number is in it so that rows which change places are found. */
static vqc_status record_digest(const vqc_archive *archive, size_t render, const vqc_archive_record *record,
                                char digest[VQC_DIGEST_TEXT_SIZE], vqc_error *error)
{
    uint8_t number[8];
    for (int i = 0; i < 8; i++)
        number[i] = (uint8_t)((uint64_t)render >> (8 * i));
    const vqc_digest_piece pieces[] = {
        {.data = number, .size = sizeof number},
        {.data = record->picture_sha256, .size = VQC_LAYOUT_DIGEST_BYTES},
        {.data = record->latent_sha256, .size = VQC_LAYOUT_DIGEST_BYTES},
        {.data = &record->seconds, .size = sizeof record->seconds},
        {.data = record->device, .size = strlen(record->device) + 1},
        {.data = record->host, .size = strlen(record->host) + 1},
        {.data = record->codes, .size = vqc_archive_row_bytes(archive, VQC_SHAPE_CODES, render, 1)},
        {.data = record->losses, .size = vqc_archive_row_bytes(archive, VQC_SHAPE_LOSSES, render, 1)},
        {.data = record->relevance, .size = vqc_archive_row_bytes(archive, VQC_SHAPE_RELEVANCE, render, 1)},
    };
    return vqc_digest_pieces(pieces, sizeof pieces / sizeof pieces[0], digest, error);
}

vqc_status vqc_archive_record_digest_write(vqc_archive *archive, size_t render, const vqc_archive_record *record,
                                           vqc_error *error)
{
    char digest[VQC_DIGEST_TEXT_SIZE];
    if (!vqc_archive_has_record_digests(archive))
        return VQC_OK;
    VQC_TRY(record_digest(archive, render, record, digest, error));
    return vqc_archive_value_write(archive, VQC_RENDER_RECORD_SHA256, render, digest, error);
}

static vqc_status labels_read(const vqc_archive *archive, size_t render, vqc_archive_record *record, vqc_error *error)
{
    *record = (vqc_archive_record){0};
    VQC_TRY(vqc_archive_value_read(archive, VQC_RENDER_PICTURE_SHA256, render, record->picture_sha256, error));
    VQC_TRY(vqc_archive_value_read(archive, VQC_RENDER_LATENT_SHA256, render, record->latent_sha256, error));
    VQC_TRY(vqc_archive_value_read(archive, VQC_RENDER_SECONDS, render, &record->seconds, error));
    VQC_TRY(vqc_archive_value_read(archive, VQC_RENDER_DEVICE, render, record->device, error));
    return vqc_archive_value_read(archive, VQC_RENDER_HOST, render, record->host, error);
}

/* Reads a row into new memory; nothing where the archive lacks the dataset. */
static vqc_status row_take(const vqc_archive *archive, vqc_shape_table table, size_t render, void **row_out,
                           vqc_error *error)
{
    const size_t bytes = vqc_archive_row_bytes(archive, table, render, 1);
    if (bytes == 0)
        return VQC_OK;
    VQC_TRY(vqc_memory_allocate(1, bytes, "a row of the archive", row_out, error));
    return vqc_archive_row_read(archive, table, render, 1, 0, *row_out, error);
}

vqc_status vqc_archive_record_check(const vqc_archive *archive, size_t render, bool *intact_out, vqc_error *error)
{
    vqc_archive_record record;
    char stored[VQC_DIGEST_TEXT_SIZE] = {0};
    char found[VQC_DIGEST_TEXT_SIZE] = {0};
    void *rows[3] = {NULL};
    *intact_out = true;
    VQC_TRY(vqc_archive_render_check(archive, render, error));
    if (!vqc_archive_has_record_digests(archive))
        return VQC_OK;
    VQC_TRY(vqc_archive_value_read(archive, VQC_RENDER_RECORD_SHA256, render, stored, error));
    VQC_TRY(labels_read(archive, render, &record, error));
    vqc_status status = row_take(archive, VQC_SHAPE_CODES, render, &rows[0], error);
    if (status == VQC_OK)
        status = row_take(archive, VQC_SHAPE_LOSSES, render, &rows[1], error);
    if (status == VQC_OK)
        status = row_take(archive, VQC_SHAPE_RELEVANCE, render, &rows[2], error);
    record.codes = rows[0];
    record.losses = rows[1];
    record.relevance = rows[2];
    if (status == VQC_OK)
        status = record_digest(archive, render, &record, found, error);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        free(rows[i]);
    *intact_out = strcmp(stored, found) == 0;
    return status;
}
