#ifndef VQC_RENDER_RENDERER_H
#define VQC_RENDER_RENDERER_H

#include <stdint.h>

#include "models/vqgan.h"
#include "study/study.h"

/* Makes the pictures of a study on one device, one after another.
 *
 *     create → { start → { step }* → read }* → destroy
 *
 * One step (paper, section 3): decode z → every perceptor looks at its crops, group by group → the gradients with
 * respect to the picture are summed → back through the decoder → Adam on z, with the gradient of the L2 term → z
 * limited to the codebook's range. A step is a function of the render, the models and z alone. */
typedef struct vqc_renderer vqc_renderer;

/* Opens the study's models and computes the targets of all its prompts. The study and the device must outlive it. */
VQC_MUST_CHECK vqc_status vqc_renderer_create(const vqc_study *study, vqc_ops *ops, vqc_dtype precision,
                                              vqc_renderer **renderer_out, vqc_error *error);
/* NULL is allowed. */
void vqc_renderer_destroy(vqc_renderer *renderer);

/* What is kept of a render: sizes of its parts. */
typedef struct vqc_render_shape {
    int64_t height, width;               /* of the picture: multiples of the generator's factor */
    int64_t rows, columns, latent_width; /* of the latent */
    int64_t steps;
    int64_t terms; /* loss terms of a step: per perceptor one for each target, then L2, then the total */
} vqc_render_shape;

VQC_MUST_CHECK vqc_status vqc_renderer_shape(const vqc_renderer *renderer, const vqc_render *render,
                                             vqc_render_shape *shape_out, vqc_error *error);

/* Turns to a render and computes where it starts. Networks of the render before serve again where they fit. */
VQC_MUST_CHECK vqc_status vqc_renderer_start(vqc_renderer *renderer, const vqc_render *render, vqc_error *error);

/* Makes the next step. losses (terms), weighted as they are summed. A loss or latent that is not finite is VQC_FAILED
 * and says at which step. */
VQC_MUST_CHECK vqc_status vqc_renderer_step(vqc_renderer *renderer, double *losses, vqc_error *error);

/* Steps made so far. */
int64_t vqc_renderer_steps_done(const vqc_renderer *renderer);

/* The latent (rows, columns, latent_width) after the last step. */
void vqc_renderer_latent(const vqc_renderer *renderer, float *z);
/* The picture (height, width, 3), 0 to 1, and the codes (rows, columns) of that latent. */
VQC_MUST_CHECK vqc_status vqc_renderer_picture(vqc_renderer *renderer, float *picture, int32_t *codes,
                                               vqc_error *error);

/* The optimiser's state, (3, rows, columns, latent_width) f32, with which the render goes on exactly as if it had not
 * been interrupted. */
void vqc_renderer_save(const vqc_renderer *renderer, float *state);
void vqc_renderer_restore(vqc_renderer *renderer, const float *state, int64_t steps_done);

#endif
