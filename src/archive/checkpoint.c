#include <stdlib.h>
#include <string.h>

#include "archive/internal.h"
#include "base/memory.h"

/* What stands beside a slot. */
typedef struct slot_label {
    uint32_t step;
    char digest[VQC_DIGEST_TEXT_SIZE];
    char environment[VQC_ARCHIVE_DEVICE_SIZE + 1];
} slot_label;

/* What a slot holds. */
typedef enum slot_state {
    SLOT_INVALID, /* nothing, or not all of it */
    SLOT_OWN,     /* a checkpoint of the environment that was asked for */
    SLOT_FOREIGN
} slot_state;

/* Archives of vqclip 0.1.0 do not have it. */
static bool environment_is_kept(const vqc_archive *archive)
{
    return archive->render_table[VQC_RENDER_CHECKPOINT_ENVIRONMENT].form.rank != 0;
}

static vqc_status label_write(vqc_archive *archive, size_t render, uint64_t slot, const slot_label *label,
                              vqc_error *error)
{
    const vqc_dataset *table = archive->render_table;
    const uint64_t index[2] = {render, slot};
    VQC_TRY(vqc_dataset_write(&table[VQC_RENDER_CHECKPOINT_STEP], 2, index, &label->step, error));
    if (environment_is_kept(archive))
        VQC_TRY(vqc_dataset_write(&table[VQC_RENDER_CHECKPOINT_ENVIRONMENT], 2, index, label->environment, error));
    return vqc_dataset_write(&table[VQC_RENDER_CHECKPOINT_SHA256], 2, index, label->digest, error);
}

/* The label, with the environment that was asked for where the archive does not keep it. */
static vqc_status label_read(const vqc_archive *archive, size_t render, uint64_t slot, const char *environment,
                             slot_label *label, vqc_error *error)
{
    const vqc_dataset *table = archive->render_table;
    const uint64_t index[2] = {render, slot};
    *label = (slot_label){0};
    VQC_TRY(vqc_dataset_read(&table[VQC_RENDER_CHECKPOINT_STEP], 2, index, &label->step, error));
    VQC_TRY(vqc_dataset_read(&table[VQC_RENDER_CHECKPOINT_SHA256], 2, index, label->digest, error));
    if (environment_is_kept(archive))
        return vqc_dataset_read(&table[VQC_RENDER_CHECKPOINT_ENVIRONMENT], 2, index, label->environment, error);
    memcpy(label->environment, environment, strlen(environment));
    return VQC_OK;
}

static size_t checkpoint_bytes(const vqc_archive *archive, size_t render)
{
    const vqc_archive_outline *outline = &archive->stored.outline;
    return outline->shapes[outline->renders[render].shape].checkpoint_bytes;
}

/* Over the environment with a NUL, the step as 4 little-endian bytes, and the bytes. */
static vqc_status checkpoint_digest(const slot_label *label, const void *bytes, size_t size,
                                    char digest[VQC_DIGEST_TEXT_SIZE], vqc_error *error)
{
    const uint32_t step = label->step;
    const uint8_t number[4] = {(uint8_t)step, (uint8_t)(step >> 8), (uint8_t)(step >> 16), (uint8_t)(step >> 24)};
    const vqc_digest_piece pieces[] = {
        {.data = label->environment, .size = strlen(label->environment) + 1},
        {.data = number, .size = sizeof number},
        {.data = bytes, .size = size},
    };
    return vqc_digest_pieces(pieces, sizeof pieces / sizeof pieces[0], digest, error);
}

/* Whether the digest is one of vqclip 0.1.0, over the bytes alone: it is not known how they were computed, nor that
 * the step is theirs. */
static vqc_status label_is_bare(const slot_label *label, const void *bytes, size_t size, bool *bare_out,
                                vqc_error *error)
{
    char digest[VQC_DIGEST_TEXT_SIZE];
    VQC_TRY(vqc_digest_bytes(bytes, size, digest, error));
    *bare_out = strcmp(digest, label->digest) == 0;
    return VQC_OK;
}

/* Reads a slot and its label. */
static vqc_status slot_read(const vqc_archive *archive, size_t render, uint64_t slot, const char *environment,
                            void *bytes, slot_label *label, slot_state *state_out, vqc_error *error)
{
    char found[VQC_DIGEST_TEXT_SIZE];
    const size_t size = checkpoint_bytes(archive, render);
    bool bare;
    *state_out = SLOT_INVALID;
    VQC_TRY(label_read(archive, render, slot, environment, label, error));
    if (label->digest[0] == '\0')
        return VQC_OK;
    VQC_TRY(vqc_archive_row_read(archive, VQC_SHAPE_CHECKPOINT, render, 2, slot, bytes, error));
    VQC_TRY(checkpoint_digest(label, bytes, size, found, error));
    if (strcmp(label->digest, found) == 0) {
        *state_out = strcmp(label->environment, environment) == 0 ? SLOT_OWN : SLOT_FOREIGN;
        return VQC_OK;
    }
    VQC_TRY(label_is_bare(label, bytes, size, &bare, error));
    if (bare) {
        *state_out = SLOT_FOREIGN;
        label->environment[0] = '\0';
    }
    return VQC_OK;
}

/* Finds the slot with the newest whole checkpoint of the environment, SLOT_NONE if there is none, and remembers it.
 */
static vqc_status newest_find(const vqc_archive *archive, size_t render, const char *environment, void *bytes,
                              vqc_archive_checkpoint *found, vqc_error *error)
{
    signed char newest = SLOT_NONE;
    *found = (vqc_archive_checkpoint){0};
    for (int slot = 0; slot < VQC_LAYOUT_SLOTS; slot++) {
        slot_label label;
        slot_state state;
        VQC_TRY(slot_read(archive, render, (uint64_t)slot, environment, bytes, &label, &state, error));
        if (state == SLOT_FOREIGN) {
            found->foreign = true;
            memcpy(found->environment, label.environment, sizeof found->environment);
            found->environment[sizeof found->environment - 1] = '\0';
        }
        if (state != SLOT_OWN || (newest != SLOT_NONE && label.step <= found->step))
            continue;
        newest = (signed char)slot;
        found->step = label.step;
    }
    found->present = newest != SLOT_NONE;
    found->foreign = found->foreign && !found->present;
    archive->newest_slot[render] = newest;
    return VQC_OK;
}

vqc_status vqc_archive_checkpoint_read(const vqc_archive *archive, size_t render, const char *environment,
                                       void *bytes_out, vqc_archive_checkpoint *checkpoint_out, vqc_error *error)
{
    slot_label label;
    slot_state state;
    VQC_TRY(vqc_archive_render_check(archive, render, error));
    *checkpoint_out = (vqc_archive_checkpoint){0};
    if (checkpoint_bytes(archive, render) == 0)
        return VQC_OK;
    VQC_TRY(newest_find(archive, render, environment, bytes_out, checkpoint_out, error));
    if (!checkpoint_out->present)
        return VQC_OK;
    VQC_TRY(slot_read(archive, render, (uint64_t)archive->newest_slot[render], environment, bytes_out, &label, &state,
                      error));
    checkpoint_out->present = state == SLOT_OWN && label.step == checkpoint_out->step;
    return VQC_OK;
}

vqc_status vqc_archive_checkpoint_step(const vqc_archive *archive, size_t render, uint32_t *step_out,
                                       vqc_error *error)
{
    VQC_TRY(vqc_archive_render_check(archive, render, error));
    *step_out = 0;
    for (uint64_t slot = 0; slot < VQC_LAYOUT_SLOTS; slot++) {
        slot_label label;
        VQC_TRY(label_read(archive, render, slot, "", &label, error));
        if (label.digest[0] != '\0' && label.step > *step_out)
            *step_out = label.step;
    }
    return VQC_OK;
}

/* The same without the caller's memory; only where no checkpoint of the render was read before. */
static vqc_status newest_know(vqc_archive *archive, size_t render, const char *environment, vqc_error *error)
{
    if (archive->newest_slot[render] != SLOT_UNKNOWN)
        return VQC_OK;
    void *bytes;
    vqc_archive_checkpoint found;
    VQC_TRY(vqc_memory_allocate(1, checkpoint_bytes(archive, render), "a checkpoint", &bytes, error));
    vqc_status status = newest_find(archive, render, environment, bytes, &found, error);
    free(bytes);
    return status;
}

vqc_status vqc_archive_checkpoint_write(vqc_archive *archive, size_t render, uint32_t step, const char *environment,
                                        const void *bytes, vqc_error *error)
{
    slot_label label = {.step = step};
    VQC_TRY(vqc_archive_writable_check(archive, error));
    VQC_TRY(vqc_archive_render_check(archive, render, error));
    if (strlen(environment) >= VQC_ARCHIVE_DEVICE_SIZE)
        return vqc_error_set(error, VQC_FAILED, "%s: the environment is longer than %d bytes", archive->path,
                             VQC_ARCHIVE_DEVICE_SIZE - 1);
    memcpy(label.environment, environment, strlen(environment));
    VQC_TRY(newest_know(archive, render, environment, error));
    const signed char slot = archive->newest_slot[render] == 0 ? 1 : 0;
    VQC_TRY(checkpoint_digest(&label, bytes, checkpoint_bytes(archive, render), label.digest, error));
    /* From here to the end the slot's old digest does not fit its bytes: it is not valid. */
    VQC_TRY(vqc_archive_row_write(archive, VQC_SHAPE_CHECKPOINT, render, 2, (uint64_t)slot, bytes, error));
    VQC_TRY(label_write(archive, render, (uint64_t)slot, &label, error));
    archive->newest_slot[render] = slot;
    return VQC_OK;
}

/* Writes the slot's checkpoint into the other archive's, if it is whole. */
static vqc_status slot_copy(const vqc_archive *from, size_t render, vqc_archive *to, size_t number, uint64_t slot,
                            void *bytes, vqc_error *error)
{
    slot_label label;
    slot_state state;
    VQC_TRY(slot_read(from, render, slot, "", bytes, &label, &state, error));
    if (state == SLOT_INVALID || label.environment[0] == '\0')
        return VQC_OK;
    VQC_TRY(vqc_archive_row_write(to, VQC_SHAPE_CHECKPOINT, number, 2, slot, bytes, error));
    return label_write(to, number, slot, &label, error);
}

vqc_status vqc_archive_checkpoints_copy(const vqc_archive *from, size_t render, vqc_archive *to, size_t number,
                                        vqc_error *error)
{
    void *bytes;
    const size_t size = checkpoint_bytes(from, render);
    if (size == 0)
        return VQC_OK;
    VQC_TRY(vqc_memory_allocate(1, size, "a checkpoint", &bytes, error));
    vqc_status status = VQC_OK;
    for (uint64_t slot = 0; slot < VQC_LAYOUT_SLOTS && status == VQC_OK; slot++)
        status = slot_copy(from, render, to, number, slot, bytes, error);
    free(bytes);
    return status;
}
