#ifndef VQC_OPS_PICTURE_TERMS_SMOOTHNESS_H
#define VQC_OPS_PICTURE_TERMS_SMOOTHNESS_H

#include "ops/picture_terms/view.h"

/* The slope of a channel at a place `at` of an axis is the difference of the values at its two ends over their
 * distance: the neighbours on both sides, at the edge the pixel itself. */

VQC_FORMULA int64_t vqc_formula_slope_first(int64_t at)
{
    return at > 0 ? at - 1 : 0;
}

VQC_FORMULA int64_t vqc_formula_slope_last(int64_t at, int64_t size)
{
    return at + 1 < size ? at + 1 : size - 1;
}

/* What the slope at `at` has of the value at `place`. */
VQC_FORMULA double vqc_formula_slope_share(int64_t at, int64_t place, int64_t size)
{
    int64_t first = vqc_formula_slope_first(at);
    int64_t last = vqc_formula_slope_last(at, size);
    if (first == last)
        return 0.0;
    return ((place == last ? 1.0 : 0.0) - (place == first ? 1.0 : 0.0)) / (double)(last - first);
}

VQC_FORMULA double vqc_formula_slope_across(const vqc_picture_view *view, int64_t row, int64_t column, int channel)
{
    int64_t first = vqc_formula_slope_first(column);
    int64_t last = vqc_formula_slope_last(column, view->width);
    if (first == last)
        return 0.0;
    return (vqc_formula_picture_at(view, row, last, channel) - vqc_formula_picture_at(view, row, first, channel)) /
           (double)(last - first);
}

VQC_FORMULA double vqc_formula_slope_along(const vqc_picture_view *view, int64_t row, int64_t column, int channel)
{
    int64_t first = vqc_formula_slope_first(row);
    int64_t last = vqc_formula_slope_last(row, view->height);
    if (first == last)
        return 0.0;
    return (vqc_formula_picture_at(view, last, column, channel) -
            vqc_formula_picture_at(view, first, column, channel)) /
           (double)(last - first);
}

/* How steep the picture is at a pixel. */
VQC_FORMULA double vqc_formula_steepness(const vqc_picture_view *view, int64_t row, int64_t column)
{
    double squares = 0.0;
    for (int c = 0; c < VQC_PICTURE_CHANNELS; c++) {
        double across = vqc_formula_slope_across(view, row, column, c);
        double along = vqc_formula_slope_along(view, row, column, c);
        squares += across * across + along * along;
    }
    return sqrt(squares);
}

/* What a term makes of the steepness s, and its slope there. */
typedef struct vqc_steepness_kind {
    bool clipped, logarithm;
} vqc_steepness_kind;

VQC_FORMULA double vqc_formula_steepness_value(vqc_steepness_kind kind, double s)
{
    const double most = 0.5;
    if (kind.clipped)
        return s < most ? s : most;
    return kind.logarithm ? log(1.0 + s) : s;
}

VQC_FORMULA double vqc_formula_steepness_slope(vqc_steepness_kind kind, double s)
{
    const double most = 0.5;
    if (kind.clipped)
        return s <= most ? 1.0 : 0.0;
    return kind.logarithm ? 1.0 / (1.0 + s) : 1.0;
}

/* The gradient at (row, column) by way of the steepness at (y, x), added. */
VQC_FORMULA void vqc_formula_steepness_gradient_add(vqc_steepness_kind kind, const vqc_picture_view *view,
                                                    int64_t row, int64_t column, int64_t y, int64_t x,
                                                    vqc_picture_gradient *gradient)
{
    double s = vqc_formula_steepness(view, y, x);
    if (s == 0.0)
        return;
    double factor = vqc_formula_steepness_slope(kind, s) / s;
    double across = y == row ? factor * vqc_formula_slope_share(x, column, view->width) : 0.0;
    double along = x == column ? factor * vqc_formula_slope_share(y, row, view->height) : 0.0;
    for (int c = 0; c < VQC_PICTURE_CHANNELS; c++)
        gradient->of[c] +=
            across * vqc_formula_slope_across(view, y, x, c) + along * vqc_formula_slope_along(view, y, x, c);
}

VQC_FORMULA vqc_picture_gradient vqc_formula_steepness_gradient(vqc_steepness_kind kind, const vqc_picture_view *view,
                                                                int64_t row, int64_t column, const double *factors)
{
    vqc_picture_gradient gradient = {{0.0, 0.0, 0.0}};
    vqc_formula_steepness_gradient_add(kind, view, row, column, row, column, &gradient);
    if (column > 0)
        vqc_formula_steepness_gradient_add(kind, view, row, column, row, column - 1, &gradient);
    if (column + 1 < view->width)
        vqc_formula_steepness_gradient_add(kind, view, row, column, row, column + 1, &gradient);
    if (row > 0)
        vqc_formula_steepness_gradient_add(kind, view, row, column, row - 1, column, &gradient);
    if (row + 1 < view->height)
        vqc_formula_steepness_gradient_add(kind, view, row, column, row + 1, column, &gradient);
    for (int c = 0; c < VQC_PICTURE_CHANNELS; c++)
        gradient.of[c] *= factors[0];
    return gradient;
}

/* ---- The three terms ---- */

VQC_FORMULA vqc_steepness_kind vqc_formula_steepness_kind(bool clipped, bool logarithm)
{
    vqc_steepness_kind kind = {clipped, logarithm};
    return kind;
}

#define VQC_STEEPNESS_TERM(name, clipped, logarithm)                                                                 \
    VQC_FORMULA void vqc_formula_##name##_sums(const vqc_picture_view *view, int64_t row, int64_t column,            \
                                               vqc_picture_sums *sums)                                               \
    {                                                                                                                \
        sums->of[0] += vqc_formula_steepness_value(vqc_formula_steepness_kind(clipped, logarithm),                   \
                                                   vqc_formula_steepness(view, row, column));                        \
    }                                                                                                                \
    VQC_FORMULA vqc_picture_end vqc_formula_##name##_end(const vqc_picture_view *view, const vqc_picture_sums *sums) \
    {                                                                                                                \
        return vqc_formula_picture_mean(sums, vqc_formula_picture_pixels(view));                                     \
    }                                                                                                                \
    VQC_FORMULA vqc_picture_gradient vqc_formula_##name##_gradient(const vqc_picture_view *view, int64_t row,        \
                                                                   int64_t column, const double *factors)            \
    {                                                                                                                \
        return vqc_formula_steepness_gradient(vqc_formula_steepness_kind(clipped, logarithm), view, row, column,     \
                                              factors);                                                              \
    }

VQC_STEEPNESS_TERM(smoothness, false, false)
VQC_STEEPNESS_TERM(smoothness_clipped, true, false)
VQC_STEEPNESS_TERM(smoothness_log, false, true)

#endif
