#include "render/regulariser.h"

/* How colourful the picture is, the more the less loss: pixray's term, of the picture where the tool has it of the
 * crops. */

static double weight(const vqc_settings *settings, int64_t step)
{
    return vqc_curve_at(&settings->saturation_weight_curve, settings->saturation_weight, step);
}

static double most(const vqc_settings *settings)
{
    return settings->saturation_weight;
}

static vqc_picture_term_function function(const vqc_settings *settings)
{
    (void)settings;
    return VQC_PICTURE_TERM_SATURATION;
}

const vqc_picture_regulariser_type vqc_picture_regulariser_saturation = {
    .weight = weight,
    .most = most,
    .function = function,
};
