#ifndef VQC_OPS_PICTURE_TERMS_RANGE_H
#define VQC_OPS_PICTURE_TERMS_RANGE_H

#include "ops/picture_terms/view.h"

/* How far u is below 0 (negative) or above 1. */
VQC_FORMULA double vqc_formula_picture_excess(const vqc_picture_view *view, int64_t row, int64_t column, int channel)
{
    double u = vqc_formula_picture_at(view, row, column, channel);
    return u < 0.0 ? u : u > 1.0 ? u - 1.0 : 0.0;
}

VQC_FORMULA void vqc_formula_range_sums(const vqc_picture_view *view, int64_t row, int64_t column,
                                        vqc_picture_sums *sums)
{
    for (int c = 0; c < VQC_PICTURE_CHANNELS; c++) {
        double excess = vqc_formula_picture_excess(view, row, column, c);
        sums->of[0] += excess * excess;
    }
}

VQC_FORMULA vqc_picture_end vqc_formula_range_end(const vqc_picture_view *view, const vqc_picture_sums *sums)
{
    return vqc_formula_picture_mean(sums, vqc_formula_picture_elements(view));
}

VQC_FORMULA vqc_picture_gradient vqc_formula_range_gradient(const vqc_picture_view *view, int64_t row, int64_t column,
                                                            const double *factors)
{
    vqc_picture_gradient gradient;
    for (int c = 0; c < VQC_PICTURE_CHANNELS; c++)
        gradient.of[c] = 2.0 * factors[0] * vqc_formula_picture_excess(view, row, column, c);
    return gradient;
}

#endif
