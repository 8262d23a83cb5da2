#ifndef VQC_RENDER_GUIDANCE_H
#define VQC_RENDER_GUIDANCE_H

#include "guide/network_key.h"
#include "ops/step.h"
#include "render/memory.h"

/* The guidance of one picture on one device: its networks, its memory, and the parts of a step, which are queued and
 * stay on the device. It lets the generator, the perceptors (guide/perceptor.h), each of which knows the picture
 * alone, and the latent's optimiser work together. What ranks tell each other is not its business.
 *
 *     create → turn → reset or restore → { decode → look at groups → gather → update → wait }* → destroy
 *
 * One step (paper, section 3): decode z → every perceptor looks at its crops, group by group, and their gradients
 * with respect to the picture are added up → gather what is wanted of that → the gradients of the regularisers that
 * look at the picture (picture_terms.h) → back through the decoder → the optimiser on z, with the gradient of the L2
 * term → z limited to the generator's range. */
typedef struct vqc_guidance vqc_guidance;

/* Makes the networks for pictures of rows × columns cells with the render's settings. What the models point to must
 * outlive it. A device with too little memory is VQC_FAILED, as vqc_render_memory_check says it. */
VQC_MUST_CHECK vqc_status vqc_guidance_create(const vqc_render_models *models, const vqc_render *render, int64_t rows,
                                              int64_t columns, vqc_guidance **guidance_out, vqc_error *error);
/* Another one for renders with the first one's key, on a vqc_ops of the same device that shares parameters (ops.h):
 * nothing is read or packed again. The first one may go before it. */
VQC_MUST_CHECK vqc_status vqc_guidance_create_beside(const vqc_guidance *first, vqc_ops *ops,
                                                     const vqc_render *render, vqc_guidance **guidance_out,
                                                     vqc_error *error);
/* NULL is allowed. */
void vqc_guidance_destroy(vqc_guidance *guidance);

/* What its networks are made for: they serve every render with this key. */
const vqc_network_key *vqc_guidance_key(const vqc_guidance *guidance);

/* What a render looks for. */
typedef struct vqc_guidance_aim {
    const vqc_settings *settings; /* with the key of the networks; must outlive the render */
    uint64_t seed;
    int64_t target_count;
    const float *targets[VQC_STUDY_MAX_PERCEPTORS]; /* of each perceptor: (target_count, its embed_width) */
    const double *weights; /* (perceptors, target_count): what each distance counts in the loss, for one crop */
    const double *stops;   /* (target_count) */
} vqc_guidance_aim;

/* Turns to a render. Of the aim, only the settings are needed afterwards. */
VQC_MUST_CHECK vqc_status vqc_guidance_turn(vqc_guidance *guidance, const vqc_guidance_aim *aim, vqc_error *error);

/* Gives the render a mask (rows, columns), in host memory, before its first step (render/latent_optimiser.h). */
VQC_MUST_CHECK vqc_status vqc_guidance_mask(vqc_guidance *guidance, const float *mask, vqc_error *error);
/* Other weights than the aim's from now on. What was queued must be done. */
VQC_MUST_CHECK vqc_status vqc_guidance_weigh(vqc_guidance *guidance, const double *weights, vqc_error *error);

/* The picture that the render starts from, (height, width, 3), 0 to 1, in host memory, before its first step; where
 * one of its regularisers looks at it (render/regulariser.h). */
VQC_MUST_CHECK vqc_status vqc_guidance_start_picture(vqc_guidance *guidance, const float *picture, vqc_error *error);

/* Starts from the latent z (rows, columns, width), in host memory. */
VQC_MUST_CHECK vqc_status vqc_guidance_reset(vqc_guidance *guidance, const float *z, vqc_error *error);
/* The optimiser's state (render/latent_optimiser.h) to and from host memory. */
VQC_MUST_CHECK vqc_status vqc_guidance_save(const vqc_guidance *guidance, float *state, vqc_error *error);
VQC_MUST_CHECK vqc_status vqc_guidance_restore(vqc_guidance *guidance, const float *state, vqc_error *error);

/* Crop groups of a perceptor. */
int64_t vqc_guidance_groups(const vqc_guidance *guidance, size_t perceptor);

/* --- The parts of a step; each queues its work --- */

/* Decodes z, shows the picture to the perceptors, and sets the gradients' sum to zero. */
VQC_MUST_CHECK vqc_status vqc_guidance_decode(vqc_guidance *guidance, vqc_error *error);
/* One group of a perceptor. Perceptors come in their order. */
VQC_MUST_CHECK vqc_status vqc_guidance_look(vqc_guidance *guidance, int64_t step, size_t perceptor, int64_t group,
                                            vqc_error *error);
/* After the groups of the last perceptor: takes the marks out of the gradients' sum (ops/step.h). */
VQC_MUST_CHECK vqc_status vqc_guidance_gather(vqc_guidance *guidance, vqc_error *error);
/* From the gradients' sum to the next z. */
VQC_MUST_CHECK vqc_status vqc_guidance_update(vqc_guidance *guidance, int64_t step, double l2_slope,
                                              vqc_error *error);
/* Draws the crops of a step ahead of time, while the device is at work on the one before. */
void vqc_guidance_draw(vqc_guidance *guidance, int64_t step);

/* --- What is known when the device has done it --- */

/* When everything up to gather is done: from then on a step's distances, marks, and seconds of looking are known; the
 * rest is after vqc_ops_wait. */
vqc_event vqc_guidance_gathered(const vqc_guidance *guidance);

typedef struct vqc_guidance_results {
    vqc_latent_measures latent; /* of z as it is */
    int64_t marks;              /* elements of the gradients' sum with a term that was not finite */
} vqc_guidance_results;

const vqc_guidance_results *vqc_guidance_results_of(const vqc_guidance *guidance);

/* After the update: the losses of the regularisers that look at the picture, in their rows' order. */
void vqc_guidance_picture_losses(const vqc_guidance *guidance, int64_t step, double *losses);

/* A group's distances to each target, added up over its crops: (target_count). */
const double *vqc_guidance_distances(const vqc_guidance *guidance, size_t perceptor, int64_t group);

/* The sum of the gradients with respect to the picture, (height, width, 3), in device memory: for members of a team
 * to add theirs between gather and update. */
int64_t *vqc_guidance_gradient_sum(vqc_guidance *guidance);

/* Where the time of the last step went, in seconds on the device; what is left of the step is its message, losses and
 * gaps. */
typedef struct vqc_step_seconds {
    double decode;                           /* from the latent to the picture */
    double groups[VQC_STUDY_MAX_PERCEPTORS]; /* this member's crop groups of each perceptor, forward and backward */
    double update;                           /* from the picture's gradient to the next latent */
} vqc_step_seconds;

/* Sets the seconds of decode and groups; that of update. */
VQC_MUST_CHECK vqc_status vqc_guidance_look_seconds(const vqc_guidance *guidance, vqc_step_seconds *seconds,
                                                    vqc_error *error);
VQC_MUST_CHECK vqc_status vqc_guidance_update_seconds(const vqc_guidance *guidance, vqc_step_seconds *seconds,
                                                      vqc_error *error);

/* Decodes the result (render/latent_optimiser.h), z or its average, and waits: the picture (height, width, 3), 0 to
 * 1, and the codes (rows, columns), which are left as they are where the latent has none. */
VQC_MUST_CHECK vqc_status vqc_guidance_picture(vqc_guidance *guidance, float *picture, int32_t *codes,
                                               vqc_error *error);

/* Bytes on the device. */
typedef struct vqc_guidance_memory {
    size_t activations; /* of decoder and perceptors together, with gradients and workspace, the gradients' sum and
                           the optimiser */
    size_t parameters;
} vqc_guidance_memory;

vqc_guidance_memory vqc_guidance_memory_of(const vqc_guidance *guidance);

#endif
