#ifndef VQC_OPS_PICTURE_TERMS_LIKENESS_H
#define VQC_OPS_PICTURE_TERMS_LIKENESS_H

#include "ops/picture_terms/view.h"

VQC_FORMULA double vqc_formula_picture_offset(const vqc_picture_view *view, int64_t row, int64_t column, int channel)
{
    int64_t i = (row * view->width + column) * VQC_PICTURE_CHANNELS + channel;
    return vqc_formula_picture_at(view, row, column, channel) - (double)view->beside[i];
}

VQC_FORMULA void vqc_formula_likeness_sums(const vqc_picture_view *view, int64_t row, int64_t column,
                                           vqc_picture_sums *sums)
{
    for (int c = 0; c < VQC_PICTURE_CHANNELS; c++) {
        double offset = vqc_formula_picture_offset(view, row, column, c);
        sums->of[0] += offset * offset;
    }
}

VQC_FORMULA vqc_picture_end vqc_formula_likeness_end(const vqc_picture_view *view, const vqc_picture_sums *sums)
{
    return vqc_formula_picture_mean(sums, vqc_formula_picture_elements(view));
}

VQC_FORMULA vqc_picture_gradient vqc_formula_likeness_gradient(const vqc_picture_view *view, int64_t row,
                                                               int64_t column, const double *factors)
{
    vqc_picture_gradient gradient;
    for (int c = 0; c < VQC_PICTURE_CHANNELS; c++)
        gradient.of[c] = 2.0 * factors[0] * vqc_formula_picture_offset(view, row, column, c);
    return gradient;
}

#endif
