#include "schedule/checkpoint.h"

#include <stdlib.h>

#include "base/memory.h"

static size_t state_size(const vqc_render_extents *shape)
{
    return (size_t)(shape->state_tensors * shape->rows * shape->columns * shape->latent_width) * sizeof(float);
}

static size_t losses_size(const vqc_render_extents *shape)
{
    return (size_t)(shape->steps * shape->terms) * sizeof(float);
}

size_t vqc_checkpoint_size(const vqc_render_extents *shape)
{
    return sizeof(double) + state_size(shape) + losses_size(shape);
}

vqc_status vqc_checkpoint_init(vqc_checkpoint *checkpoint, const vqc_render_extents *shape, vqc_error *error)
{
    unsigned char *bytes;
    size_t size = vqc_checkpoint_size(shape);
    VQC_TRY(vqc_memory_allocate(size, 1, "a checkpoint", &bytes, error));
    *checkpoint = (vqc_checkpoint){
        .bytes = bytes,
        .size = size,
        .seconds = (double *)(void *)bytes,
        .state = (float *)(void *)(bytes + sizeof(double)),
        .losses = (float *)(void *)(bytes + sizeof(double) + state_size(shape)),
    };
    return VQC_OK;
}

void vqc_checkpoint_release(vqc_checkpoint *checkpoint)
{
    free(checkpoint->bytes);
    *checkpoint = (vqc_checkpoint){0};
}
