#ifndef VQC_SCHEDULE_CHECKPOINT_H
#define VQC_SCHEDULE_CHECKPOINT_H

#include <stddef.h>

#include "render/renderer.h"

/* What a checkpoint of a render holds: the optimiser's state, every step's losses so far, and the seconds spent. One
 * block of memory, so that the archive stores it as it is. */
typedef struct vqc_checkpoint {
    unsigned char *bytes;
    size_t size;
    float *state;    /* (state_tensors, rows, columns, latent_width); within bytes, like the next two */
    float *losses;   /* (steps, terms) */
    double *seconds; /* 1 */
} vqc_checkpoint;

/* Bytes that a checkpoint of this shape takes. */
size_t vqc_checkpoint_size(const vqc_render_extents *shape);

/* Zeros. Fails for want of memory alone. */
VQC_MUST_CHECK vqc_status vqc_checkpoint_init(vqc_checkpoint *checkpoint, const vqc_render_extents *shape,
                                              vqc_error *error);
void vqc_checkpoint_release(vqc_checkpoint *checkpoint);

#endif
