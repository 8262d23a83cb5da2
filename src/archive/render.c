#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "archive/internal.h"
#include "base/memory.h"
#include "base/utf8.h"

/* A text for a row of `size` bytes, all zeros before: cut at a character's end so that a NUL follows it. */
static void text_cut(const char *text, char *row, size_t size)
{
    const size_t capacity = size - 1;
    const size_t length = strlen(text);
    size_t kept = 0;
    while (kept < length) {
        size_t bytes = vqc_utf8_sequence_size(text + kept, length - kept);
        if (bytes == 0 || kept + bytes > capacity)
            break;
        memcpy(row + kept, text + kept, bytes);
        kept += bytes;
    }
}

static vqc_status state_write(vqc_archive *archive, size_t render, vqc_archive_state state, vqc_error *error)
{
    const uint8_t value = (uint8_t)state;
    return vqc_archive_value_write(archive, VQC_RENDER_STATE, render, &value, error);
}

vqc_status vqc_archive_state_read(const vqc_archive *archive, size_t render, vqc_archive_state *state_out,
                                  vqc_error *error)
{
    uint8_t value;
    VQC_TRY(vqc_archive_render_check(archive, render, error));
    VQC_TRY(vqc_archive_value_read(archive, VQC_RENDER_STATE, render, &value, error));
    if (value > VQC_ARCHIVE_FAILED)
        return vqc_error_set(error, VQC_BAD_INPUT, "%s: dataset /renders/state: render %zu has unknown state %u",
                             archive->path, render, value);
    *state_out = (vqc_archive_state)value;
    return VQC_OK;
}

static vqc_status unfinished_check(const vqc_archive *archive, size_t render, vqc_error *error)
{
    vqc_archive_state state;
    VQC_TRY(vqc_archive_writable_check(archive, error));
    VQC_TRY(vqc_archive_held_check(archive, render, error));
    VQC_TRY(vqc_archive_state_read(archive, render, &state, error));
    if (state != VQC_ARCHIVE_DONE)
        return VQC_OK;
    return vqc_error_set(error, VQC_FAILED, "%s: render %zu is done already", archive->path, render);
}

/* Of a render that is there. */
static bool has_codes(const vqc_archive *archive, size_t render)
{
    const vqc_archive_outline *outline = &archive->stored.outline;
    return !outline->shapes[outline->renders[render].shape].without_codes;
}

static vqc_status data_write(vqc_archive *archive, size_t render, const vqc_archive_result *result, vqc_error *error)
{
    VQC_TRY(vqc_archive_row_write(archive, VQC_SHAPE_PICTURE, render, 1, 0, result->picture, error));
    VQC_TRY(vqc_archive_row_write(archive, VQC_SHAPE_LATENT, render, 1, 0, result->latent, error));
    if (has_codes(archive, render))
        VQC_TRY(vqc_archive_row_write(archive, VQC_SHAPE_CODES, render, 1, 0, result->codes, error));
    VQC_TRY(vqc_archive_row_write(archive, VQC_SHAPE_LOSSES, render, 1, 0, result->losses, error));
    if (result->relevance != NULL)
        VQC_TRY(vqc_archive_row_write(archive, VQC_SHAPE_RELEVANCE, render, 1, 0, result->relevance, error));
    return VQC_OK;
}

/* Digest of the bytes of a row of the shape of a render that is there. */
static vqc_status row_digest(const vqc_archive *archive, vqc_shape_table table, size_t render, const void *data,
                             char text[VQC_DIGEST_TEXT_SIZE], vqc_error *error)
{
    return vqc_digest_bytes(data, vqc_archive_row_bytes(archive, table, render, 1), text, error);
}

/* Time, place and digests. */
static vqc_status record_write(vqc_archive *archive, size_t render, const vqc_archive_result *result,
                               vqc_error *error)
{
    vqc_archive_record record = {
        .seconds = result->seconds, .codes = result->codes, .losses = result->losses, .relevance = result->relevance};
    text_cut(result->device, record.device, VQC_ARCHIVE_DEVICE_SIZE);
    text_cut(result->host, record.host, VQC_ARCHIVE_HOST_SIZE);
    VQC_TRY(vqc_archive_value_write(archive, VQC_RENDER_SECONDS, render, &record.seconds, error));
    VQC_TRY(vqc_archive_value_write(archive, VQC_RENDER_DEVICE, render, record.device, error));
    VQC_TRY(vqc_archive_value_write(archive, VQC_RENDER_HOST, render, record.host, error));
    VQC_TRY(row_digest(archive, VQC_SHAPE_PICTURE, render, result->picture, record.picture_sha256, error));
    VQC_TRY(vqc_archive_value_write(archive, VQC_RENDER_PICTURE_SHA256, render, record.picture_sha256, error));
    VQC_TRY(row_digest(archive, VQC_SHAPE_LATENT, render, result->latent, record.latent_sha256, error));
    VQC_TRY(vqc_archive_value_write(archive, VQC_RENDER_LATENT_SHA256, render, record.latent_sha256, error));
    return vqc_archive_record_digest_write(archive, render, &record, error);
}

vqc_status vqc_archive_result_write(vqc_archive *archive, size_t render, const vqc_archive_result *result,
                                    vqc_error *error)
{
    VQC_TRY(unfinished_check(archive, render, error));
    VQC_TRY(data_write(archive, render, result, error));
    VQC_TRY(record_write(archive, render, result, error));
    /* A process that dies loses nothing that was written; a machine that stops may keep the state and not the data.
     */
    if (!archive->in_making && fdatasync(archive->disk) != 0)
        return vqc_error_set(error, VQC_FAILED, "%s: cannot be written to the disk: %s", archive->path,
                             strerror(errno));
    return state_write(archive, render, VQC_ARCHIVE_DONE, error);
}

vqc_status vqc_archive_failure_write(vqc_archive *archive, size_t render, const char *reason, vqc_error *error)
{
    char row[VQC_ARCHIVE_REASON_SIZE] = {0};
    text_cut(reason, row, sizeof row);
    VQC_TRY(unfinished_check(archive, render, error));
    VQC_TRY(vqc_archive_value_write(archive, VQC_RENDER_REASON, render, row, error));
    return state_write(archive, render, VQC_ARCHIVE_FAILED, error);
}

vqc_status vqc_archive_result_discard(vqc_archive *archive, size_t render, vqc_error *error)
{
    VQC_TRY(vqc_archive_writable_check(archive, error));
    VQC_TRY(vqc_archive_render_check(archive, render, error));
    return state_write(archive, render, VQC_ARCHIVE_PENDING, error);
}

/* Archives of vqclip 0.1.0 do not have them. */
static bool has_snapshot_digests(const vqc_archive *archive, size_t render)
{
    return vqc_archive_row_bytes(archive, VQC_SHAPE_SNAPSHOT_SHA256, render, 2) > 0;
}

vqc_status vqc_archive_snapshot_write(vqc_archive *archive, size_t render, uint32_t snapshot, const uint8_t *picture,
                                      vqc_error *error)
{
    const uint8_t present = 1;
    char digest[VQC_DIGEST_TEXT_SIZE];
    VQC_TRY(vqc_archive_writable_check(archive, error));
    VQC_TRY(vqc_archive_row_write(archive, VQC_SHAPE_SNAPSHOT, render, 2, snapshot, picture, error));
    VQC_TRY(vqc_digest_bytes(picture, vqc_archive_row_bytes(archive, VQC_SHAPE_SNAPSHOT, render, 2), digest, error));
    if (has_snapshot_digests(archive, render))
        VQC_TRY(vqc_archive_row_write(archive, VQC_SHAPE_SNAPSHOT_SHA256, render, 2, snapshot, digest, error));
    return vqc_archive_row_write(archive, VQC_SHAPE_SNAPSHOT_PRESENT, render, 2, snapshot, &present, error);
}

/* One snapshot, if it is there. Where the archive that it comes from has no digests, this one's is of what is read.
 */
static vqc_status snapshot_copy(const vqc_archive *from, size_t render, vqc_archive *to, size_t number,
                                uint32_t snapshot, uint8_t *picture, vqc_error *error)
{
    uint8_t present;
    char digest[VQC_DIGEST_TEXT_SIZE] = {0};
    VQC_TRY(vqc_archive_row_read(from, VQC_SHAPE_SNAPSHOT_PRESENT, render, 2, snapshot, &present, error));
    if (present == 0)
        return VQC_OK;
    VQC_TRY(vqc_archive_row_read(from, VQC_SHAPE_SNAPSHOT, render, 2, snapshot, picture, error));
    VQC_TRY(vqc_archive_snapshot_write(to, number, snapshot, picture, error));
    if (!has_snapshot_digests(from, render) || !has_snapshot_digests(to, number))
        return VQC_OK;
    VQC_TRY(vqc_archive_row_read(from, VQC_SHAPE_SNAPSHOT_SHA256, render, 2, snapshot, digest, error));
    return vqc_archive_row_write(to, VQC_SHAPE_SNAPSHOT_SHA256, number, 2, snapshot, digest, error);
}

vqc_status vqc_archive_snapshots_copy(const vqc_archive *from, size_t render, vqc_archive *to, size_t number,
                                      vqc_error *error)
{
    const vqc_archive_outline *outline = &from->stored.outline;
    const uint32_t count = outline->shapes[outline->renders[render].shape].snapshot_count;
    void *picture;
    if (count == 0)
        return VQC_OK;
    VQC_TRY(vqc_memory_allocate(1, vqc_archive_row_bytes(from, VQC_SHAPE_SNAPSHOT, render, 2), "a snapshot", &picture,
                                error));
    vqc_status status = VQC_OK;
    for (uint32_t i = 0; i < count && status == VQC_OK; i++)
        status = snapshot_copy(from, render, to, number, i, picture, error);
    free(picture);
    return status;
}

static vqc_status digest_compare(const vqc_archive *archive, size_t render, const char *what, const char *stored,
                                 const char *found, vqc_error *error)
{
    if (strcmp(stored, found) == 0)
        return VQC_OK;
    return vqc_error_set(error, VQC_BAD_INPUT,
                         "%s: render %zu: its %s does not have the recorded SHA-256: expected %.12s..., found "
                         "%.12s...",
                         archive->path, render, what, stored[0] == '\0' ? "none" : stored, found);
}

vqc_status vqc_archive_snapshot_read(const vqc_archive *archive, size_t render, uint32_t snapshot,
                                     uint8_t *picture_out, bool *present_out, vqc_error *error)
{
    uint8_t present;
    VQC_TRY(vqc_archive_row_read(archive, VQC_SHAPE_SNAPSHOT_PRESENT, render, 2, snapshot, &present, error));
    *present_out = present != 0;
    if (present == 0)
        return VQC_OK;
    VQC_TRY(vqc_archive_row_read(archive, VQC_SHAPE_SNAPSHOT, render, 2, snapshot, picture_out, error));
    if (!has_snapshot_digests(archive, render))
        return VQC_OK;
    char stored[VQC_DIGEST_TEXT_SIZE] = {0};
    char found[VQC_DIGEST_TEXT_SIZE];
    VQC_TRY(vqc_archive_row_read(archive, VQC_SHAPE_SNAPSHOT_SHA256, render, 2, snapshot, stored, error));
    VQC_TRY(
        vqc_digest_bytes(picture_out, vqc_archive_row_bytes(archive, VQC_SHAPE_SNAPSHOT, render, 2), found, error));
    return digest_compare(archive, render, "snapshot", stored, found, error);
}

vqc_status vqc_archive_outcome_read(const vqc_archive *archive, size_t render, vqc_archive_outcome *outcome_out,
                                    vqc_error *error)
{
    vqc_archive_outcome outcome = {0};
    VQC_TRY(vqc_archive_state_read(archive, render, &outcome.state, error));
    VQC_TRY(vqc_archive_value_read(archive, VQC_RENDER_SECONDS, render, &outcome.seconds, error));
    VQC_TRY(vqc_archive_value_read(archive, VQC_RENDER_DEVICE, render, outcome.device, error));
    VQC_TRY(vqc_archive_value_read(archive, VQC_RENDER_HOST, render, outcome.host, error));
    if (outcome.state == VQC_ARCHIVE_FAILED)
        VQC_TRY(vqc_archive_value_read(archive, VQC_RENDER_REASON, render, outcome.reason, error));
    VQC_TRY(vqc_archive_value_read(archive, VQC_RENDER_PICTURE_SHA256, render, outcome.picture_sha256, error));
    VQC_TRY(vqc_archive_value_read(archive, VQC_RENDER_LATENT_SHA256, render, outcome.latent_sha256, error));
    /* Another program may have filled these up to the end. */
    outcome.device[sizeof outcome.device - 1] = '\0';
    outcome.host[sizeof outcome.host - 1] = '\0';
    outcome.reason[sizeof outcome.reason - 1] = '\0';
    *outcome_out = outcome;
    return VQC_OK;
}

/* Reads a row that has a digest, and compares. */
static vqc_status digested_read(const vqc_archive *archive, vqc_shape_table table, vqc_render_table digest,
                                const char *what, size_t render, void *data_out, vqc_error *error)
{
    vqc_archive_state state;
    char stored[VQC_DIGEST_TEXT_SIZE] = {0};
    char found[VQC_DIGEST_TEXT_SIZE] = {0};
    VQC_TRY(vqc_archive_row_read(archive, table, render, 1, 0, data_out, error));
    VQC_TRY(vqc_archive_state_read(archive, render, &state, error));
    if (state != VQC_ARCHIVE_DONE)
        return VQC_OK;
    VQC_TRY(row_digest(archive, table, render, data_out, found, error));
    VQC_TRY(vqc_archive_value_read(archive, digest, render, stored, error));
    return digest_compare(archive, render, what, stored, found, error);
}

vqc_status vqc_archive_picture_read(const vqc_archive *archive, size_t render, uint8_t *picture_out, vqc_error *error)
{
    return digested_read(archive, VQC_SHAPE_PICTURE, VQC_RENDER_PICTURE_SHA256, "picture", render, picture_out,
                         error);
}

vqc_status vqc_archive_latent_read(const vqc_archive *archive, size_t render, float *latent_out, vqc_error *error)
{
    return digested_read(archive, VQC_SHAPE_LATENT, VQC_RENDER_LATENT_SHA256, "latent", render, latent_out, error);
}

vqc_status vqc_archive_codes_read(const vqc_archive *archive, size_t render, int32_t *codes_out, vqc_error *error)
{
    VQC_TRY(vqc_archive_render_check(archive, render, error));
    if (!has_codes(archive, render))
        return VQC_OK;
    return vqc_archive_row_read(archive, VQC_SHAPE_CODES, render, 1, 0, codes_out, error);
}

vqc_status vqc_archive_losses_read(const vqc_archive *archive, size_t render, float *losses_out, vqc_error *error)
{
    return vqc_archive_row_read(archive, VQC_SHAPE_LOSSES, render, 1, 0, losses_out, error);
}

vqc_status vqc_archive_relevance_read(const vqc_archive *archive, size_t render, float *relevance_out,
                                      vqc_error *error)
{
    return vqc_archive_row_read(archive, VQC_SHAPE_RELEVANCE, render, 1, 0, relevance_out, error);
}

/* Whether the row's bytes have the digest that the table of digests holds. */
static vqc_status row_check(const vqc_archive *archive, vqc_shape_table table, vqc_render_table digest, size_t render,
                            bool *intact_out, vqc_error *error)
{
    void *data;
    VQC_TRY(vqc_archive_render_check(archive, render, error));
    VQC_TRY(vqc_memory_allocate(1, vqc_archive_row_bytes(archive, table, render, 1), "a row of the archive", &data,
                                error));
    char stored[VQC_DIGEST_TEXT_SIZE] = {0};
    char found[VQC_DIGEST_TEXT_SIZE] = {0};
    vqc_status status = vqc_archive_row_read(archive, table, render, 1, 0, data, error);
    if (status == VQC_OK)
        status = row_digest(archive, table, render, data, found, error);
    free(data);
    VQC_TRY(status);
    VQC_TRY(vqc_archive_value_read(archive, digest, render, stored, error));
    *intact_out = memcmp(stored, found, VQC_LAYOUT_DIGEST_BYTES) == 0;
    return VQC_OK;
}

/* Whether all snapshots are there and have their digests. Each was written before its render was done; where there
 * are no digests it is not known. */
static vqc_status snapshots_check(const vqc_archive *archive, size_t render, bool *intact_out, vqc_error *error)
{
    const vqc_archive_outline *outline = &archive->stored.outline;
    const uint32_t count = outline->shapes[outline->renders[render].shape].snapshot_count;
    void *picture;
    bool all = true;
    *intact_out = true;
    if (count == 0 || !has_snapshot_digests(archive, render))
        return VQC_OK;
    VQC_TRY(vqc_memory_allocate(1, vqc_archive_row_bytes(archive, VQC_SHAPE_SNAPSHOT, render, 2), "a snapshot",
                                &picture, error));
    vqc_status status = VQC_OK;
    for (uint32_t i = 0; i < count && status == VQC_OK; i++) {
        bool present = true;
        status = vqc_archive_snapshot_read(archive, render, i, picture, &present, error);
        all = all && present;
    }
    free(picture);
    *intact_out = status != VQC_BAD_INPUT && all;
    return status == VQC_BAD_INPUT ? VQC_OK : status;
}

/* Whether picture and latent have their digests. */
static vqc_status data_check(const vqc_archive *archive, size_t render, bool *intact_out, vqc_error *error)
{
    VQC_TRY(row_check(archive, VQC_SHAPE_PICTURE, VQC_RENDER_PICTURE_SHA256, render, intact_out, error));
    if (!*intact_out)
        return VQC_OK;
    return row_check(archive, VQC_SHAPE_LATENT, VQC_RENDER_LATENT_SHA256, render, intact_out, error);
}

vqc_status vqc_archive_claim_check(const vqc_archive *archive, size_t render, vqc_archive_damage *damage_out,
                                   vqc_error *error)
{
    bool intact;
    const bool recorded = vqc_archive_has_record_digests(archive);
    if (recorded)
        VQC_TRY(vqc_archive_record_check(archive, render, &intact, error));
    else
        VQC_TRY(data_check(archive, render, &intact, error));
    *damage_out = intact     ? VQC_ARCHIVE_DAMAGE_NONE
                  : recorded ? VQC_ARCHIVE_DAMAGE_RECORD
                             : VQC_ARCHIVE_DAMAGE_PICTURE;
    return VQC_OK;
}

vqc_status vqc_archive_result_check(const vqc_archive *archive, size_t render, vqc_archive_damage *damage_out,
                                    vqc_error *error)
{
    bool intact;
    *damage_out = VQC_ARCHIVE_DAMAGE_PICTURE;
    VQC_TRY(data_check(archive, render, &intact, error));
    if (!intact)
        return VQC_OK;
    *damage_out = VQC_ARCHIVE_DAMAGE_RECORD;
    VQC_TRY(vqc_archive_record_check(archive, render, &intact, error));
    if (!intact)
        return VQC_OK;
    VQC_TRY(snapshots_check(archive, render, &intact, error));
    *damage_out = intact ? VQC_ARCHIVE_DAMAGE_NONE : VQC_ARCHIVE_DAMAGE_SNAPSHOT;
    return VQC_OK;
}

const char *vqc_archive_damage_word(vqc_archive_damage damage)
{
    static const char *const words[] = {
        [VQC_ARCHIVE_DAMAGE_NONE] = "",
        [VQC_ARCHIVE_DAMAGE_PICTURE] = "its picture or latent",
        [VQC_ARCHIVE_DAMAGE_RECORD] = "its record (losses, codes, relevance, seconds, device, host)",
        [VQC_ARCHIVE_DAMAGE_SNAPSHOT] = "one of its snapshots",
    };
    return words[damage];
}
