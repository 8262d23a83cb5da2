#ifndef VQC_RENDER_MOTION_H
#define VQC_RENDER_MOTION_H

#include "ops/operation.h"
#include "render/guidance.h"

/* What the settings' `motion` does between steps: before step number n · every, n from 1, the latent's picture is
 * decoded, moved and encoded again, and the encoding takes the latent's place. So it is a function of the latent and
 * the step alone: every member of a team makes the same, and a render that goes on from a checkpoint too. A snapshot
 * after n · every steps is of the latent before it is moved. */

/* The warp (ops/operation.h) of a picture of that size before a step: shifted first, then turned, against the clock
 * where it is seen, and enlarged about its middle, in the order and with the signs of OpenCV's getRotationMatrix2D
 * and of the public animation notebooks; then tilted about its middle, level line first, before an eye so far away
 * that the longer side is seen under the angle fov. Its last number is that of the border edge, and else 0. */
void vqc_motion_warp(const vqc_settings *settings, int64_t step, int64_t height, int64_t width,
                     float numbers[VQC_WARP_NUMBERS]);

/* Warps a picture (height, width, 3) by such numbers. What comes in from outside: of edge and black by the operation,
 * of the others on the host, with the same places in double and the pixels outside taken from inside. */
VQC_MUST_CHECK vqc_status vqc_motion_picture(vqc_ops *ops, vqc_motion_border border, int64_t height, int64_t width,
                                             const float numbers[VQC_WARP_NUMBERS], float *picture, vqc_error *error);

/* Moves the guidance's latent before a step, at which that is due. state: memory for the optimiser's
 * (render/latent_optimiser.h). */
VQC_MUST_CHECK vqc_status vqc_motion_make(const vqc_render_models *models, vqc_guidance *guidance,
                                          const vqc_settings *settings, int64_t step, int64_t rows, int64_t columns,
                                          float *state, vqc_error *error);

/* Whether the generator has the encoder that it takes; VQC_BAD_INPUT where it does not. */
VQC_MUST_CHECK vqc_status vqc_motion_check(const vqc_generator *generator, const vqc_render *render, int64_t rows,
                                           int64_t columns, vqc_error *error);

#endif
