#ifndef VQC_RENDER_STEP_FAILURE_H
#define VQC_RENDER_STEP_FAILURE_H

#include <stdint.h>

#include "base/status.h"
#include "study/study.h"

/* What is said of a step whose numbers are not finite: whether the model or the settings are at fault, and what may
 * help, where that is known to be true. */

/* Where a render was. */
typedef struct vqc_step_place {
    const vqc_study *study;
    const vqc_render *render;
    int64_t steps_done; /* before the step at fault */
    double mean_square; /* of the latent before the step, less what it is drawn to */
} vqc_step_place;

/* Each returns VQC_FAILED and fills the error. */

/* The loss is not finite. */
vqc_status vqc_step_failure_loss(const vqc_step_place *place, vqc_error *error);
/* The picture's gradient is not finite, or beyond the range of its sum (ops/gradient_sum.h). */
vqc_status vqc_step_failure_gradient(const vqc_step_place *place, vqc_error *error);
/* The latent that the step leads to is not finite; loss and picture's gradient are. */
vqc_status vqc_step_failure_latent(const vqc_step_place *place, vqc_error *error);

#endif
