#include "render/regulariser.h"

/* How steep the picture is: pixray's term, of the picture where the tool has it of the crops. */

static double weight(const vqc_settings *settings, int64_t step)
{
    return vqc_curve_at(&settings->smoothness_weight_curve, settings->smoothness_weight, step);
}

static double most(const vqc_settings *settings)
{
    return settings->smoothness_weight;
}

static vqc_picture_term_function function(const vqc_settings *settings)
{
    switch (settings->smoothness_kind) {
    case VQC_SMOOTHNESS_DEFAULT:
        return VQC_PICTURE_TERM_SMOOTHNESS;
    case VQC_SMOOTHNESS_CLIPPED:
        return VQC_PICTURE_TERM_SMOOTHNESS_CLIPPED;
    case VQC_SMOOTHNESS_LOG:
        return VQC_PICTURE_TERM_SMOOTHNESS_LOG;
    }
    return VQC_PICTURE_TERM_SMOOTHNESS;
}

const vqc_picture_regulariser_type vqc_picture_regulariser_smoothness = {
    .weight = weight,
    .most = most,
    .function = function,
};
