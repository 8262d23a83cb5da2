#ifndef VQC_RENDER_MOTION_H
#define VQC_RENDER_MOTION_H

#include "ops/operation.h"
#include "render/guidance.h"

/* What the settings' `motion` does between steps: before step number n · every, n from 1, the latent's picture is
 * decoded, moved and encoded again, and the encoding takes the latent's place. So it is a function of the latent and
 * the step alone: every member of a team makes the same, and a render that goes on from a checkpoint too. A snapshot
 * after n · every steps is of the latent before it is moved. */

/* The warp (ops/operation.h) of a picture of that size before a step: shifted first, then turned, against the clock
 * where it is seen, and enlarged about its middle; the order and the signs of OpenCV's getRotationMatrix2D and of the
 * public animation notebooks. */
void vqc_motion_warp(const vqc_settings *settings, int64_t step, int64_t height, int64_t width,
                     float numbers[VQC_WARP_NUMBERS]);

/* Moves the guidance's latent before a step, at which that is due. state: memory for the optimiser's
 * (render/latent_optimiser.h). */
VQC_MUST_CHECK vqc_status vqc_motion_make(const vqc_render_models *models, vqc_guidance *guidance,
                                          const vqc_settings *settings, int64_t step, int64_t rows, int64_t columns,
                                          float *state, vqc_error *error);

/* Whether the generator has the encoder that it takes; VQC_BAD_INPUT where it does not. */
VQC_MUST_CHECK vqc_status vqc_motion_check(const vqc_generator *generator, const vqc_render *render, int64_t rows,
                                           int64_t columns, vqc_error *error);

#endif
