#ifndef VQC_RENDER_STEP_MESSAGE_H
#define VQC_RENDER_STEP_MESSAGE_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

/* What the members of a team tell each other in a step, besides the gradients' sum, which stays on their devices:
 * one block of whole numbers, which is summed over the team once. Every part below points into it. Fails for want of
 * memory alone. */
typedef struct vqc_step_message {
    int64_t *words; /* (count) */
    size_t count;
    int64_t *distances;   /* (groups of all perceptors, targets): the bits of each group's distance sums, f64; given
                             by the member that computed the group, 0 by the others */
    int64_t *nanoseconds; /* (perceptors): spent on groups of each */
    int64_t *groups;      /* (perceptors): groups computed */
    int64_t *control;     /* (VQC_CONTROL_COUNT) */
} vqc_step_message;

/* The numbers of `control`. */
enum {
    VQC_CONTROL_FAILED,    /* members that failed; the rest of the message is without meaning if there are any */
    VQC_CONTROL_STOP,      /* members that are asked to stop */
    VQC_CONTROL_NEWCOMERS, /* ranks that join after this step; only the leader gives a number */
    VQC_CONTROL_MARKS,     /* gradients that are not finite */
    VQC_CONTROL_LATENT,    /* digest of the latent that each member holds */
    VQC_CONTROL_COUNT
};

/* The sizes of its parts. */
typedef struct vqc_step_message_extents {
    size_t pixels; /* height × width × 3 */
    size_t groups, targets, perceptors;
} vqc_step_message_extents;

/* Bytes of a message and of the gradients' sum, which every member of a team hands into a step's sums; for
 * estimates. */
size_t vqc_step_message_bytes(const vqc_step_message_extents *shape);

/* Makes the message of this shape; one of the same shape is kept as it is. Initialise with {0} before the first. */
VQC_MUST_CHECK vqc_status vqc_step_message_extents_set(vqc_step_message *message,
                                                       const vqc_step_message_extents *shape, vqc_error *error);
void vqc_step_message_release(vqc_step_message *message);

/* Sets all words to 0. */
void vqc_step_message_clear(vqc_step_message *message);

#endif
