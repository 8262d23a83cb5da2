#ifndef VQC_OPS_FIELD_FORMULAS_H
#define VQC_OPS_FIELD_FORMULAS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/formula.h"
#include "ops/warp_formulas.h"

/* Places of vqc_field_warp and the coordinates that fields are made in (operation.h): what cpu and cuda both
 * compute. */

/* The place that a field gives; (-1, -1), where nothing is seen, for one that is outside or no number. */
VQC_FORMULA vqc_warp_place vqc_field_place(int64_t height, int64_t width, float given_x, float given_y)
{
    double x = (double)given_x;
    double y = (double)given_y;
    bool seen = (x > -1.0) & (y > -1.0) & (x < (double)width) & (y < (double)height);
    vqc_warp_place place = {seen ? x : -1.0, seen ? y : -1.0};
    return place;
}

/* The coordinate of a pixel's centre along an axis of so many pixels: -1 for the first, 1 for the last. */
VQC_FORMULA double vqc_field_coordinate(int32_t pixel, int64_t length)
{
    double last = length > 1 ? (double)length - 1.0 : 1.0;
    double coordinate = ((double)pixel / last - 0.5) * 2.0;
    return length > 1 ? coordinate : 0.0;
}

/* The place in pixels that a coordinate stands for in the input: there, -1 and 1 are outer edges. */
VQC_FORMULA float vqc_field_pixels(double coordinate, int64_t length)
{
    return (float)(((coordinate + 1.0) * (double)length - 1.0) / 2.0);
}

#endif
