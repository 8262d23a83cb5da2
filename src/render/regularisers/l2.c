#include <math.h>

#include "render/regulariser.h"

/* How often a weight that falls in steps falls before nothing is left; a rest smaller than one fall is nothing. */
static double falls_in_all(const vqc_settings *settings)
{
    const double rounding = 1e-9;
    return floor(1.0 / settings->l2_decay + rounding);
}

/* How often it has fallen before a step. The notebook lowers it, and makes the optimiser anew, at the end of the
 * steps number 50, 100, ... from 0. */
static double falls_before(const vqc_settings *settings, int64_t step)
{
    int64_t falls = step == 0 ? 0 : (step - 1) / settings->l2_every;
    return fmin((double)falls, falls_in_all(settings));
}

/* The share of the weight that is left at a step. */
static double share_left(const vqc_settings *settings, int64_t step)
{
    double falls;
    switch (settings->l2_schedule) {
    case VQC_L2_LINEAR:
        return 1.0 - settings->l2_decay * (double)step;
    case VQC_L2_RECIPROCAL:
        return 1.0 / (2.0 * (double)step + 1.0);
    case VQC_L2_STEPS:
        falls = falls_before(settings, step);
        return falls < falls_in_all(settings) ? 1.0 - settings->l2_decay * falls : 0.0;
    case VQC_L2_NONE:
        return 1.0;
    }
    return 0.0;
}

static double weight(const vqc_settings *settings, int64_t step)
{
    double left = share_left(settings, step);
    return left > 0.0 ? vqc_settings_l2_weight(settings, step) * left : 0.0;
}

static int64_t restart(const vqc_settings *settings, int64_t step)
{
    if (settings->l2_schedule != VQC_L2_STEPS)
        return 0;
    int64_t falls = (int64_t)falls_before(settings, step);
    return falls == 0 ? 0 : falls * settings->l2_every + 1;
}

static bool towards_start(const vqc_settings *settings)
{
    return settings->l2_towards_start;
}

const vqc_regulariser_type vqc_regulariser_l2 = {
    .weight = weight,
    .restart = restart,
    .towards_start = towards_start,
};
