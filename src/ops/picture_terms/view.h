#ifndef VQC_OPS_PICTURE_TERMS_VIEW_H
#define VQC_OPS_PICTURE_TERMS_VIEW_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/formula.h"

/* What the formulas of the picture terms (vqc_picture_term) have in common. Of every term NAME there are three, in
 * double, as a picture has many pixels and its gradient is small:
 *
 *   vqc_formula_NAME_sums       adds to the sums over the picture what one pixel has for them
 *   vqc_formula_NAME_end        the term from these sums, and the factors that its gradient needs
 *   vqc_formula_NAME_gradient   the term's gradient at one pixel's channels, with respect to u
 *
 * So the sums can be made in any pieces, and the gradient everywhere at a time. */

/* A picture (height, width, 3), and the one beside it, or NULL. u = scale · pixels + shift. */
typedef struct vqc_picture_view {
    const float *pixels, *beside;
    int64_t height, width;
    double scale, shift;
} vqc_picture_view;

enum { VQC_PICTURE_CHANNELS = 3, VQC_PICTURE_SUMS = 4, VQC_PICTURE_FACTORS = 4 };

typedef struct vqc_picture_sums {
    double of[VQC_PICTURE_SUMS];
} vqc_picture_sums;

typedef struct vqc_picture_end {
    double value;
    double factors[VQC_PICTURE_FACTORS];
} vqc_picture_end;

typedef struct vqc_picture_gradient {
    double of[VQC_PICTURE_CHANNELS];
} vqc_picture_gradient;

/* u at a place. */
VQC_FORMULA double vqc_formula_picture_at(const vqc_picture_view *view, int64_t row, int64_t column, int channel)
{
    int64_t i = (row * view->width + column) * VQC_PICTURE_CHANNELS + channel;
    return view->scale * (double)view->pixels[i] + view->shift;
}

/* The differences to the neighbours on the right and below, 0 at the edge. */
VQC_FORMULA double vqc_formula_picture_right(const vqc_picture_view *view, int64_t row, int64_t column, int channel)
{
    if (column + 1 >= view->width)
        return 0.0;
    return vqc_formula_picture_at(view, row, column + 1, channel) -
           vqc_formula_picture_at(view, row, column, channel);
}

VQC_FORMULA double vqc_formula_picture_down(const vqc_picture_view *view, int64_t row, int64_t column, int channel)
{
    if (row + 1 >= view->height)
        return 0.0;
    return vqc_formula_picture_at(view, row + 1, column, channel) -
           vqc_formula_picture_at(view, row, column, channel);
}

/* Those of the neighbours on the left and above to this pixel. */
VQC_FORMULA double vqc_formula_picture_from_left(const vqc_picture_view *view, int64_t row, int64_t column,
                                                 int channel)
{
    return column > 0 ? vqc_formula_picture_right(view, row, column - 1, channel) : 0.0;
}

VQC_FORMULA double vqc_formula_picture_from_above(const vqc_picture_view *view, int64_t row, int64_t column,
                                                  int channel)
{
    return row > 0 ? vqc_formula_picture_down(view, row - 1, column, channel) : 0.0;
}

/* Pixels and their channels. */
VQC_FORMULA int64_t vqc_formula_picture_pixels(const vqc_picture_view *view)
{
    return view->height * view->width;
}

VQC_FORMULA int64_t vqc_formula_picture_elements(const vqc_picture_view *view)
{
    return VQC_PICTURE_CHANNELS * view->height * view->width;
}

/* The end of a term that is the first sum over a number of elements. */
VQC_FORMULA vqc_picture_end vqc_formula_picture_mean(const vqc_picture_sums *sums, int64_t elements)
{
    vqc_picture_end end = {sums->of[0] / (double)elements, {1.0 / (double)elements, 0.0, 0.0, 0.0}};
    return end;
}

#endif
