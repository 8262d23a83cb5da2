#ifndef VQC_RENDER_LATENT_OPTIMISER_H
#define VQC_RENDER_LATENT_OPTIMISER_H

#include "models/generator.h"
#include "ops/step.h"
#include "study/settings.h"

/* The latent of one render and its optimiser, in device memory. Its state is z and, shaped like z, the optimiser's
 * moments (ops/update_formulas.h) and the moving average of z, if the settings ask for one: (tensors, rows, columns,
 * width), z first and the average last. All failures are VQC_FAILED: for want of memory, or the device's. */
typedef struct vqc_latent_optimiser vqc_latent_optimiser;

/* Tensors of the state under these settings, z among them. */
int64_t vqc_latent_optimiser_tensors(const vqc_settings *settings);
/* Number of the tensor that is the render's result: z or its average. */
int64_t vqc_latent_optimiser_result_tensor(const vqc_settings *settings);
/* Bytes that it takes on the device, for a latent of so many elements. */
size_t vqc_latent_optimiser_size(const vqc_settings *settings, int64_t count);

/* For a latent of rows × columns cells; limits as the settings have them. Every cell moves. The settings and the ops
 * must outlive it. */
VQC_MUST_CHECK vqc_status vqc_latent_optimiser_create(const vqc_generator *generator, vqc_ops *ops,
                                                      const vqc_settings *settings, int64_t rows, int64_t columns,
                                                      vqc_latent_optimiser **optimiser_out, vqc_error *error);
/* Gives it a mask (rows, columns), once, before its first step: the share of a step that each cell goes, from 0,
 * where it stays, to 1. */
VQC_MUST_CHECK vqc_status vqc_latent_optimiser_mask(vqc_latent_optimiser *optimiser, const float *mask,
                                                    vqc_error *error);
/* NULL is allowed. */
void vqc_latent_optimiser_destroy(vqc_latent_optimiser *optimiser);

/* Starts from the latent z (rows, columns, width), in host memory, with moments of zero; the average is z. If the
 * L2 term draws to the start, it is this one, whatever is restored later. */
VQC_MUST_CHECK vqc_status vqc_latent_optimiser_reset(vqc_latent_optimiser *optimiser, const float *z,
                                                     vqc_error *error);

/* In device memory: the latent z; the result, which is z or its average; and where the L2 term draws z to, NULL for
 * zero. */
const float *vqc_latent_optimiser_z(const vqc_latent_optimiser *optimiser);
const float *vqc_latent_optimiser_result(const vqc_latent_optimiser *optimiser);
const float *vqc_latent_optimiser_origin(const vqc_latent_optimiser *optimiser);

/* Queues the numbers of step number `step` (from 0), which the next step uses: learning rate and the optimiser's
 * corrections, and the slope of the L2 term; at a step where the optimiser begins afresh, moments of zero. The step
 * before has been waited for. */
VQC_MUST_CHECK vqc_status vqc_latent_optimiser_prepare(vqc_latent_optimiser *optimiser, int64_t step, double l2_slope,
                                                       vqc_error *error);
/* Queues the step: where the mask lets z move, and as far as it does, the optimiser under gradient + l2_slope · (z −
 * origin), then the limits, then the average. gradient: shaped like z, in device memory. May be recorded. */
VQC_MUST_CHECK vqc_status vqc_latent_optimiser_step(vqc_latent_optimiser *optimiser, const float *gradient,
                                                    vqc_error *error);

/* Copies the state to and from host memory. */
VQC_MUST_CHECK vqc_status vqc_latent_optimiser_save(const vqc_latent_optimiser *optimiser, float *state,
                                                    vqc_error *error);
VQC_MUST_CHECK vqc_status vqc_latent_optimiser_restore(vqc_latent_optimiser *optimiser, const float *state,
                                                       vqc_error *error);

#endif
