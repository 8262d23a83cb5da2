#ifndef VQC_RENDER_REGULARISER_H
#define VQC_RENDER_REGULARISER_H

#include "study/settings.h"

/* The course of the L2 term, weight · mean((z − towards)²), over the steps of a render, numbered from 0. */

/* The weight at a step. */
double vqc_regulariser_weight(const vqc_settings *settings, int64_t step);

/* The latest step up to `step` that the optimiser begins afresh at, with moments of zero: 0, or one of those after
 * which a weight that falls in steps is smaller. */
int64_t vqc_regulariser_restart(const vqc_settings *settings, int64_t step);

#endif
