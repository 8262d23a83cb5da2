#include "render/regulariser.h"

/* How far the decoder goes beyond the colours that there are, before it is limited to them. */

static double weight(const vqc_settings *settings, int64_t step)
{
    return vqc_curve_at(&settings->range_weight_curve, settings->range_weight, step);
}

static double most(const vqc_settings *settings)
{
    return settings->range_weight;
}

static vqc_picture_term_function function(const vqc_settings *settings)
{
    (void)settings;
    return VQC_PICTURE_TERM_RANGE;
}

const vqc_picture_regulariser_type vqc_picture_regulariser_range = {
    .weight = weight,
    .most = most,
    .function = function,
    .unlimited = true,
};
