#ifndef VQC_RENDER_LATENT_OPTIMISER_H
#define VQC_RENDER_LATENT_OPTIMISER_H

#include "models/vqgan.h"
#include "study/settings.h"

/* The latent of one render and its Adam optimiser. A latent is small beside the networks' activations, so both live
 * in host memory. */
typedef struct vqc_latent_optimiser vqc_latent_optimiser;

/* For a latent of rows × columns cells; limits and mask as the settings have them. A mask is a picture file: a cell
 * moves where the picture, averaged over the cell, is at least half white. */
VQC_MUST_CHECK vqc_status vqc_latent_optimiser_create(const vqc_vqgan *vqgan, const vqc_settings *settings,
                                                      int64_t rows, int64_t columns,
                                                      vqc_latent_optimiser **optimiser_out, vqc_error *error);
/* NULL is allowed. */
void vqc_latent_optimiser_destroy(vqc_latent_optimiser *optimiser);

/* Starts from the latent z (rows, columns, width) with moving averages of zero. */
void vqc_latent_optimiser_reset(vqc_latent_optimiser *optimiser, const float *z);

/* Where to put the gradient of the next step, shaped like z. */
float *vqc_latent_optimiser_gradient(vqc_latent_optimiser *optimiser);

/* Makes step number `step` (from 0): g = mask · (gradient + l2_slope · z), then Adam on z, then the limits. */
void vqc_latent_optimiser_step(vqc_latent_optimiser *optimiser, int64_t step, double l2_slope);

/* The state z, m, v (3, rows, columns, width), z first; and setting it. */
const float *vqc_latent_optimiser_state(const vqc_latent_optimiser *optimiser);
void vqc_latent_optimiser_restore(vqc_latent_optimiser *optimiser, const float *state);

#endif
