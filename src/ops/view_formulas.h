#ifndef VQC_OPS_VIEW_FORMULAS_H
#define VQC_OPS_VIEW_FORMULAS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/formula.h"

/* The views of operation.h, vqc_view, in f32: what cpu and cuda both compute. */

#define VQC_VIEW_RED 0.2989F
#define VQC_VIEW_GREEN 0.587F
#define VQC_VIEW_BLUE 0.114F

/* The column that a column of the output shows; and the other way round. */
VQC_FORMULA int64_t vqc_view_column(const int32_t *view, int64_t width, int64_t column)
{
    return view[0] != 0 ? width - 1 - column : column;
}

/* What the channel of a pixel with these colours becomes. */
VQC_FORMULA float vqc_view_colour(const int32_t *view, const float *pixel, int64_t channel)
{
    return view[1] != 0 ? VQC_VIEW_RED * pixel[0] + VQC_VIEW_GREEN * pixel[1] + VQC_VIEW_BLUE * pixel[2]
                        : pixel[channel];
}

/* The gradient of a channel, from those of the three that it went into. */
VQC_FORMULA float vqc_view_gradient(const int32_t *view, const float *gradient, int64_t channel)
{
    const float share = channel == 0 ? VQC_VIEW_RED : channel == 1 ? VQC_VIEW_GREEN : VQC_VIEW_BLUE;
    return view[1] != 0 ? share * (gradient[0] + gradient[1] + gradient[2]) : gradient[channel];
}

#endif
