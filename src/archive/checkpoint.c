#include <stdlib.h>
#include <string.h>

#include "archive/internal.h"
#include "base/memory.h"

/* The step and digest that stand beside a slot. */
static vqc_status label_write(vqc_archive *archive, size_t render, uint64_t slot, uint32_t step,
                              const char digest[VQC_DIGEST_TEXT_SIZE], vqc_error *error)
{
    const uint64_t index[2] = {render, slot};
    VQC_TRY(vqc_dataset_write(&archive->render_table[VQC_RENDER_CHECKPOINT_STEP], 2, index, &step, error));
    return vqc_dataset_write(&archive->render_table[VQC_RENDER_CHECKPOINT_SHA256], 2, index, digest, error);
}

static vqc_status label_read(const vqc_archive *archive, size_t render, uint64_t slot, uint32_t *step_out,
                             char digest_out[VQC_DIGEST_TEXT_SIZE], vqc_error *error)
{
    const uint64_t index[2] = {render, slot};
    memset(digest_out, 0, VQC_DIGEST_TEXT_SIZE);
    VQC_TRY(vqc_dataset_read(&archive->render_table[VQC_RENDER_CHECKPOINT_STEP], 2, index, step_out, error));
    return vqc_dataset_read(&archive->render_table[VQC_RENDER_CHECKPOINT_SHA256], 2, index, digest_out, error);
}

static size_t checkpoint_bytes(const vqc_archive *archive, size_t render)
{
    const vqc_archive_outline *outline = &archive->stored.outline;
    return outline->shapes[outline->renders[render].shape].checkpoint_bytes;
}

/* Reads a slot; *valid_out tells whether it holds a whole checkpoint. */
static vqc_status slot_read(const vqc_archive *archive, size_t render, uint64_t slot, uint32_t *step_out, void *bytes,
                            bool *valid_out, vqc_error *error)
{
    char stored[VQC_DIGEST_TEXT_SIZE];
    char found[VQC_DIGEST_TEXT_SIZE];
    *valid_out = false;
    VQC_TRY(label_read(archive, render, slot, step_out, stored, error));
    if (stored[0] == '\0')
        return VQC_OK;
    VQC_TRY(vqc_archive_row_read(archive, VQC_SHAPE_CHECKPOINT, render, 2, slot, bytes, error));
    VQC_TRY(vqc_digest_bytes(bytes, checkpoint_bytes(archive, render), found, error));
    *valid_out = strcmp(stored, found) == 0;
    return VQC_OK;
}

/* Finds the slot with the newest whole checkpoint, SLOT_NONE if there is none, and remembers it. */
static vqc_status newest_find(const vqc_archive *archive, size_t render, void *bytes, signed char *slot_out,
                              vqc_error *error)
{
    *slot_out = SLOT_NONE;
    uint32_t newest = 0;
    for (int slot = 0; slot < VQC_LAYOUT_SLOTS; slot++) {
        uint32_t step;
        bool valid;
        VQC_TRY(slot_read(archive, render, (uint64_t)slot, &step, bytes, &valid, error));
        if (!valid || (*slot_out != SLOT_NONE && step <= newest))
            continue;
        *slot_out = (signed char)slot;
        newest = step;
    }
    archive->newest_slot[render] = *slot_out;
    return VQC_OK;
}

vqc_status vqc_archive_checkpoint_read(const vqc_archive *archive, size_t render, uint32_t *step_out, void *bytes_out,
                                       bool *present_out, vqc_error *error)
{
    signed char slot;
    VQC_TRY(vqc_archive_render_check(archive, render, error));
    *present_out = false;
    if (checkpoint_bytes(archive, render) == 0)
        return VQC_OK;
    VQC_TRY(newest_find(archive, render, bytes_out, &slot, error));
    if (slot == SLOT_NONE)
        return VQC_OK;
    return slot_read(archive, render, (uint64_t)slot, step_out, bytes_out, present_out, error);
}

/* The same without the caller's memory; only where no checkpoint of the render was read before. */
static vqc_status newest_know(vqc_archive *archive, size_t render, vqc_error *error)
{
    if (archive->newest_slot[render] != SLOT_UNKNOWN)
        return VQC_OK;
    void *bytes;
    signed char slot;
    VQC_TRY(vqc_memory_allocate(1, checkpoint_bytes(archive, render), "a checkpoint", &bytes, error));
    vqc_status status = newest_find(archive, render, bytes, &slot, error);
    free(bytes);
    return status;
}

vqc_status vqc_archive_checkpoint_write(vqc_archive *archive, size_t render, uint32_t step, const void *bytes,
                                        vqc_error *error)
{
    VQC_TRY(vqc_archive_writable_check(archive, error));
    VQC_TRY(vqc_archive_render_check(archive, render, error));
    VQC_TRY(newest_know(archive, render, error));
    const signed char slot = archive->newest_slot[render] == 0 ? 1 : 0;
    char digest[VQC_DIGEST_TEXT_SIZE];
    VQC_TRY(vqc_digest_bytes(bytes, checkpoint_bytes(archive, render), digest, error));
    /* From here to the end the slot's old digest does not fit its bytes: it is not valid. */
    VQC_TRY(vqc_archive_row_write(archive, VQC_SHAPE_CHECKPOINT, render, 2, (uint64_t)slot, bytes, error));
    VQC_TRY(label_write(archive, render, (uint64_t)slot, step, digest, error));
    archive->newest_slot[render] = slot;
    return VQC_OK;
}
