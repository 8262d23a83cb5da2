#include "render/regulariser.h"

/* Total variation, in one of three forms. */

static double weight(const vqc_settings *settings, int64_t step)
{
    return vqc_curve_at(&settings->tv_weight_curve, settings->tv_weight, step);
}

static double most(const vqc_settings *settings)
{
    return settings->tv_weight;
}

static vqc_picture_term_function function(const vqc_settings *settings)
{
    switch (settings->tv_kind) {
    case VQC_TV_SQUARES:
        return VQC_PICTURE_TERM_TV_SQUARES;
    case VQC_TV_ABSOLUTE:
        return VQC_PICTURE_TERM_TV_ABSOLUTE;
    case VQC_TV_ISOTROPIC:
        return VQC_PICTURE_TERM_TV_ISOTROPIC;
    }
    return VQC_PICTURE_TERM_TV_SQUARES;
}

const vqc_picture_regulariser_type vqc_picture_regulariser_tv = {
    .weight = weight,
    .most = most,
    .function = function,
};
