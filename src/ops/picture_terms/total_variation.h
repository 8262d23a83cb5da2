#ifndef VQC_OPS_PICTURE_TERMS_TOTAL_VARIATION_H
#define VQC_OPS_PICTURE_TERMS_TOTAL_VARIATION_H

#include "ops/picture_terms/view.h"

/* ---- As a sum of squares ---- */

VQC_FORMULA void vqc_formula_tv_squares_sums(const vqc_picture_view *view, int64_t row, int64_t column,
                                             vqc_picture_sums *sums)
{
    for (int c = 0; c < VQC_PICTURE_CHANNELS; c++) {
        double right = vqc_formula_picture_right(view, row, column, c);
        double down = vqc_formula_picture_down(view, row, column, c);
        sums->of[0] += right * right + down * down;
    }
}

VQC_FORMULA vqc_picture_end vqc_formula_tv_squares_end(const vqc_picture_view *view, const vqc_picture_sums *sums)
{
    return vqc_formula_picture_mean(sums, vqc_formula_picture_elements(view));
}

VQC_FORMULA vqc_picture_gradient vqc_formula_tv_squares_gradient(const vqc_picture_view *view, int64_t row,
                                                                 int64_t column, const double *factors)
{
    vqc_picture_gradient gradient;
    for (int c = 0; c < VQC_PICTURE_CHANNELS; c++) {
        double inwards = vqc_formula_picture_from_left(view, row, column, c) +
                         vqc_formula_picture_from_above(view, row, column, c);
        double outwards =
            vqc_formula_picture_right(view, row, column, c) + vqc_formula_picture_down(view, row, column, c);
        gradient.of[c] = 2.0 * factors[0] * (inwards - outwards);
    }
    return gradient;
}

/* ---- As a sum of absolute values ---- */

VQC_FORMULA void vqc_formula_tv_absolute_sums(const vqc_picture_view *view, int64_t row, int64_t column,
                                              vqc_picture_sums *sums)
{
    for (int c = 0; c < VQC_PICTURE_CHANNELS; c++)
        sums->of[0] += fabs(vqc_formula_picture_right(view, row, column, c)) +
                       fabs(vqc_formula_picture_down(view, row, column, c));
}

VQC_FORMULA vqc_picture_end vqc_formula_tv_absolute_end(const vqc_picture_view *view, const vqc_picture_sums *sums)
{
    return vqc_formula_picture_mean(sums, vqc_formula_picture_elements(view));
}

VQC_FORMULA double vqc_formula_sign(double value)
{
    return (value > 0.0 ? 1.0 : 0.0) - (value < 0.0 ? 1.0 : 0.0);
}

VQC_FORMULA vqc_picture_gradient vqc_formula_tv_absolute_gradient(const vqc_picture_view *view, int64_t row,
                                                                  int64_t column, const double *factors)
{
    vqc_picture_gradient gradient;
    for (int c = 0; c < VQC_PICTURE_CHANNELS; c++) {
        double inwards = vqc_formula_sign(vqc_formula_picture_from_left(view, row, column, c)) +
                         vqc_formula_sign(vqc_formula_picture_from_above(view, row, column, c));
        double outwards = vqc_formula_sign(vqc_formula_picture_right(view, row, column, c)) +
                          vqc_formula_sign(vqc_formula_picture_down(view, row, column, c));
        gradient.of[c] = factors[0] * (inwards - outwards);
    }
    return gradient;
}

/* ---- Isotropic: the length of a pixel's differences ---- */

VQC_FORMULA double vqc_formula_tv_length(const vqc_picture_view *view, int64_t row, int64_t column)
{
    const double least = 1e-8;
    double squares = 0.0;
    for (int c = 0; c < VQC_PICTURE_CHANNELS; c++) {
        double right = vqc_formula_picture_right(view, row, column, c);
        double down = vqc_formula_picture_down(view, row, column, c);
        squares += right * right + down * down;
    }
    return sqrt(squares / VQC_PICTURE_CHANNELS + least);
}

VQC_FORMULA void vqc_formula_tv_isotropic_sums(const vqc_picture_view *view, int64_t row, int64_t column,
                                               vqc_picture_sums *sums)
{
    sums->of[0] += vqc_formula_tv_length(view, row, column);
}

VQC_FORMULA vqc_picture_end vqc_formula_tv_isotropic_end(const vqc_picture_view *view, const vqc_picture_sums *sums)
{
    return vqc_formula_picture_mean(sums, vqc_formula_picture_pixels(view));
}

VQC_FORMULA vqc_picture_gradient vqc_formula_tv_isotropic_gradient(const vqc_picture_view *view, int64_t row,
                                                                   int64_t column, const double *factors)
{
    double own = vqc_formula_tv_length(view, row, column);
    double left = column > 0 ? vqc_formula_tv_length(view, row, column - 1) : 1.0;
    double above = row > 0 ? vqc_formula_tv_length(view, row - 1, column) : 1.0;
    vqc_picture_gradient gradient;
    for (int c = 0; c < VQC_PICTURE_CHANNELS; c++) {
        double inwards = vqc_formula_picture_from_left(view, row, column, c) / left +
                         vqc_formula_picture_from_above(view, row, column, c) / above;
        double outwards =
            vqc_formula_picture_right(view, row, column, c) + vqc_formula_picture_down(view, row, column, c);
        gradient.of[c] = factors[0] / VQC_PICTURE_CHANNELS * (inwards - outwards / own);
    }
    return gradient;
}

#endif
