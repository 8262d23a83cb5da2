#include "render/regulariser.h"

/* The distance to the start in pixels; that in the latent is l2.towards: start. */

static double weight(const vqc_settings *settings, int64_t step)
{
    return vqc_curve_at(&settings->likeness_weight_curve, settings->likeness_weight, step);
}

static double most(const vqc_settings *settings)
{
    return settings->likeness_weight;
}

static vqc_picture_term_function function(const vqc_settings *settings)
{
    (void)settings;
    return VQC_PICTURE_TERM_LIKENESS;
}

const vqc_picture_regulariser_type vqc_picture_regulariser_likeness = {
    .weight = weight,
    .most = most,
    .function = function,
    .beside_start = true,
};
