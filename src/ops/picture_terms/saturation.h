#ifndef VQC_OPS_PICTURE_TERMS_SATURATION_H
#define VQC_OPS_PICTURE_TERMS_SATURATION_H

#include "ops/picture_terms/view.h"

/* The two axes of opponent colours: red against green, yellow against blue. */
VQC_FORMULA double vqc_formula_red_green(const vqc_picture_view *view, int64_t row, int64_t column)
{
    return vqc_formula_picture_at(view, row, column, 0) - vqc_formula_picture_at(view, row, column, 1);
}

VQC_FORMULA double vqc_formula_yellow_blue(const vqc_picture_view *view, int64_t row, int64_t column)
{
    double yellow =
        0.5 * (vqc_formula_picture_at(view, row, column, 0) + vqc_formula_picture_at(view, row, column, 1));
    return yellow - vqc_formula_picture_at(view, row, column, 2);
}

/* Of each axis the sum and the sum of squares. */
VQC_FORMULA void vqc_formula_saturation_sums(const vqc_picture_view *view, int64_t row, int64_t column,
                                             vqc_picture_sums *sums)
{
    double a = vqc_formula_red_green(view, row, column);
    double b = vqc_formula_yellow_blue(view, row, column);
    sums->of[0] += a;
    sums->of[1] += b;
    sums->of[2] += a * a;
    sums->of[3] += b * b;
}

/* The variance over n − 1; of one pixel 0. */
VQC_FORMULA double vqc_formula_variance(double sum, double squares, double n)
{
    double variance = n < 2.0 ? 0.0 : (squares - sum * sum / n) / (n - 1.0);
    return variance > 0.0 ? variance : 0.0;
}

/* Factors: the means; what an offset from its mean, and what a mean, is multiplied by in the gradient. */
VQC_FORMULA vqc_picture_end vqc_formula_saturation_end(const vqc_picture_view *view, const vqc_picture_sums *sums)
{
    const double share_of_mean = 0.3;
    const double scale = -1.0 / 5.0;
    double n = (double)vqc_formula_picture_pixels(view);
    double mean_a = sums->of[0] / n;
    double mean_b = sums->of[1] / n;
    double deviation =
        sqrt(vqc_formula_variance(sums->of[0], sums->of[2], n) + vqc_formula_variance(sums->of[1], sums->of[3], n));
    double mean = sqrt(mean_a * mean_a + mean_b * mean_b);
    vqc_picture_end end = {scale * (deviation + share_of_mean * mean), {mean_a, mean_b, 0.0, 0.0}};
    if (deviation > 0.0)
        end.factors[2] = scale / (deviation * (n - 1.0));
    if (mean > 0.0)
        end.factors[3] = scale * share_of_mean / (mean * n);
    return end;
}

VQC_FORMULA vqc_picture_gradient vqc_formula_saturation_gradient(const vqc_picture_view *view, int64_t row,
                                                                 int64_t column, const double *factors)
{
    double a = factors[2] * (vqc_formula_red_green(view, row, column) - factors[0]) + factors[3] * factors[0];
    double b = factors[2] * (vqc_formula_yellow_blue(view, row, column) - factors[1]) + factors[3] * factors[1];
    vqc_picture_gradient gradient = {{a + 0.5 * b, -a + 0.5 * b, -b}};
    return gradient;
}

#endif
