#ifndef VQC_GUIDE_PERCEPTOR_H
#define VQC_GUIDE_PERCEPTOR_H

#include <stdbool.h>
#include <stdint.h>

#include "guide/augment.h"
#include "models/clip.h"
#include "study/settings.h"

/* One perceptor looking at a picture: crops → augmentations → noise → image tower → distances to the targets, one
 * crop group at a time, and the gradient of a weighted sum of the distances with respect to the picture.
 *
 * A crop group is a fixed number of consecutive crops, always computed as one batch of the same shape; where the
 * number of crops is no multiple of it, the last group is filled up with crops that weigh nothing. */
typedef struct vqc_perceptor vqc_perceptor;

/* What its network is made for: these and the kinds of augmentation in the settings. */
typedef struct vqc_perceptor_shape {
    int64_t height, width; /* of the picture */
    vqc_dtype precision;
} vqc_perceptor_shape;

/* Makes the network for one group of crops as the settings have them. `index` numbers the perceptors of an ensemble,
 * for their random numbers. */
VQC_MUST_CHECK vqc_status vqc_perceptor_create(const vqc_clip *clip, vqc_ops *ops, const vqc_settings *settings,
                                               const vqc_perceptor_shape *shape, uint32_t index,
                                               vqc_perceptor **perceptor_out, vqc_error *error);

/* The same in two parts. plan makes the network and packs its parameters on the device, but does not allocate the
 * memory it computes in; after it the sizes below are known. finish does, and comes before everything else. */
VQC_MUST_CHECK vqc_status vqc_perceptor_plan(const vqc_clip *clip, vqc_ops *ops, const vqc_settings *settings,
                                             const vqc_perceptor_shape *shape, uint32_t index,
                                             vqc_perceptor **perceptor_out, vqc_error *error);
VQC_MUST_CHECK vqc_status vqc_perceptor_finish(vqc_perceptor *perceptor, vqc_error *error);

/* Whether its network serves these settings and this shape as well. */
bool vqc_perceptor_fits(const vqc_perceptor *perceptor, const vqc_settings *settings,
                        const vqc_perceptor_shape *shape);

/* Turns it to a render: its settings, which the network must fit and which must outlive the render, and the targets
 * (target_count, embed_width) that crops are compared with. */
VQC_MUST_CHECK vqc_status vqc_perceptor_aim(vqc_perceptor *perceptor, const vqc_settings *settings,
                                            const float *targets, int64_t target_count, vqc_error *error);

/* NULL is allowed. */
void vqc_perceptor_destroy(vqc_perceptor *perceptor);

/* Number of groups: crops / group, rounded up. */
int64_t vqc_perceptor_groups(const vqc_perceptor *perceptor);

/* Gives it the picture of a step, (height, width, 3), 0 to 1. */
VQC_MUST_CHECK vqc_status vqc_perceptor_look(vqc_perceptor *perceptor, const float *picture, vqc_error *error);

/* Computes one group. The group's distances are added to distance_sum (target_count). weight (target_count): what
 * the gradient of each distance is multiplied by; it flows only where the distance, with the sign of the weight, is
 * above the target's stop. gradient (height, width, 3) receives the gradient with respect to the picture. */
VQC_MUST_CHECK vqc_status vqc_perceptor_run(vqc_perceptor *perceptor, uint64_t seed, int64_t step, int64_t group,
                                            const double *weight, const double *stop, double *distance_sum,
                                            float *gradient, vqc_error *error);

/* Its network, for what can be asked of one that is planned. */
const vqc_network *vqc_perceptor_network(const vqc_perceptor *perceptor);

/* Bytes on the device: activations and workspace; packed parameters. */
size_t vqc_perceptor_activation_size(const vqc_perceptor *perceptor);
size_t vqc_perceptor_parameter_size(const vqc_perceptor *perceptor);

#endif
