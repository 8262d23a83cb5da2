#ifndef VQC_GUIDE_PERCEPTOR_H
#define VQC_GUIDE_PERCEPTOR_H

#include <stdbool.h>
#include <stdint.h>

#include "guide/augment.h"
#include "models/clip.h"
#include "study/settings.h"

/* guide/ is one perceptor's part in guidance, and knows neither latent nor generator; render/guidance.h has the whole
 * of a picture's.
 *
 * One perceptor looking at a picture: crops → augmentations → noise → image tower → distances to the targets, one
 * crop group at a time, and the gradient of a weighted sum of the distances with respect to the picture. Picture,
 * gradient and all between them stay on the device.
 *
 * A crop group is a fixed number of consecutive crops, always computed as one batch of the same shape; where the
 * number of crops is no multiple of it, the last group is filled up with crops that weigh nothing. A tensor that the
 * model's file lacks, or has in another shape, is VQC_BAD_INPUT when the network is made; all else is VQC_FAILED:
 * for want of memory, or the device's. */
typedef struct vqc_perceptor vqc_perceptor;

/* What its network is made for: these and the kinds of augmentation in the settings. */
typedef struct vqc_perceptor_extents {
    int64_t height, width; /* of the picture */
    int64_t group;         /* crops of one batch */
    vqc_dtype precision;
} vqc_perceptor_extents;

/* Makes the network for one group of crops, and packs its parameters on the device, but
 * does not allocate the memory it computes in; after it the sizes below are known. `index` numbers the perceptors of
 * an ensemble, for their random numbers. */
VQC_MUST_CHECK vqc_status vqc_perceptor_prepare(const vqc_clip *clip, vqc_ops *ops, const vqc_settings *settings,
                                                const vqc_perceptor_extents *extents, uint32_t index,
                                                vqc_perceptor **perceptor_out, vqc_error *error);
/* The same as another one that has been prepared, whatever becomes of that, as vqc_network_create_beside does it. */
VQC_MUST_CHECK vqc_status vqc_perceptor_prepare_beside(const vqc_perceptor *first, vqc_ops *ops,
                                                       vqc_perceptor **perceptor_out, vqc_error *error);
/* Allocates that memory; comes before everything else. */
VQC_MUST_CHECK vqc_status vqc_perceptor_finish(vqc_perceptor *perceptor, vqc_error *error);

/* What it looks for in a render, and where its gradients go. */
typedef struct vqc_perceptor_aim {
    const vqc_settings *settings; /* of the render, with the network's key (network_key.h); must outlive the render */
    uint64_t seed;                /* of the render */
    int64_t own_crops;            /* of the perceptor (vqc_settings_crops) */
    int64_t target_count;
    const float *targets;  /* (target_count, embed_width): what crops are compared with */
    const double *weights; /* (target_count): what the gradient of each distance is multiplied by */
    const double *stops;   /* (target_count): it flows only where the distance, with the weight's sign, is above */
    int64_t *gradient_sum; /* (height, width, 3), on the device: order-free sums (ops/step.h) that gradients with
                              respect to the picture are added to */
} vqc_perceptor_aim;

/* Turns it to a render. Of the aim, only settings and gradient_sum are needed afterwards. */
VQC_MUST_CHECK vqc_status vqc_perceptor_turn(vqc_perceptor *perceptor, const vqc_perceptor_aim *aim,
                                             vqc_error *error);

/* Other weights from now on, (target_count). What was queued must be done. */
VQC_MUST_CHECK vqc_status vqc_perceptor_weigh(vqc_perceptor *perceptor, const double *weights, vqc_error *error);

/* NULL is allowed. */
void vqc_perceptor_destroy(vqc_perceptor *perceptor);

/* Number of groups: crops / group, rounded up, at the step with the most. */
int64_t vqc_perceptor_groups(const vqc_perceptor *perceptor);

/* Where a step's picture is put before its groups run: (height, width, 3), 0 to 1, f32, on the device. */
float *vqc_perceptor_picture(vqc_perceptor *perceptor);

/* Draws the crops of a step ahead of time, while the device is at work on the one before. */
void vqc_perceptor_draw(vqc_perceptor *perceptor, int64_t step);

/* Queues one group of a step: adds its gradient to the aim's sum, and writes its distances, added up over its crops,
 * to distance_sum (target_count), memory of vqc_ops_host_allocate, where they are after vqc_ops_wait. A group without
 * crops at the step has sums of 0, and queues nothing. */
VQC_MUST_CHECK vqc_status vqc_perceptor_run(vqc_perceptor *perceptor, int64_t step, int64_t group,
                                            double *distance_sum, vqc_error *error);

/* Its network, for what can be asked of one that is prepared. */
const vqc_network *vqc_perceptor_network(const vqc_perceptor *perceptor);

/* Bytes on the device: activations and workspace; packed parameters. */
size_t vqc_perceptor_activation_size(const vqc_perceptor *perceptor);
size_t vqc_perceptor_parameter_size(const vqc_perceptor *perceptor);

#endif
