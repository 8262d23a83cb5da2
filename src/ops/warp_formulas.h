#ifndef VQC_OPS_WARP_FORMULAS_H
#define VQC_OPS_WARP_FORMULAS_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/formula.h"

/* From where in a crop a pixel of its warp comes (operation.h, vqc_warp): what cpu and cuda both compute. Places are
 * computed in double: in f32 a place would be known to 1e-5 pixels only, and so would the weights. */

enum { VQC_WARP_MATRIX = 10 /* numbers of one crop: a matrix, and whether edges are repeated */ };

/* The four input pixels that an output pixel is mixed from. */
typedef struct vqc_warp_taps {
    int64_t index[4]; /* pixels of the input; where the weight is 0, any */
    float weight[4];
} vqc_warp_taps;

VQC_FORMULA double vqc_warp_limited(double value, double low, double high)
{
    return value < low ? low : value > high ? high : value;
}

/* The taps of an output pixel of a crop with this matrix. Returns false where the pixel is black. */
VQC_FORMULA bool vqc_warp_taps_find(int64_t height, int64_t width, const float *matrix, int64_t column, int64_t row,
                                    vqc_warp_taps *taps)
{
    double across = (double)column;
    double down = (double)row;
    double w = (double)matrix[6] * across + (double)matrix[7] * down + (double)matrix[8];
    if (!(w > 0.0))
        return false;
    double x = ((double)matrix[0] * across + (double)matrix[1] * down + (double)matrix[2]) / w;
    double y = ((double)matrix[3] * across + (double)matrix[4] * down + (double)matrix[5]) / w;
    if (matrix[9] != 0.0F) {
        x = vqc_warp_limited(x, 0.0, (double)(width - 1));
        y = vqc_warp_limited(y, 0.0, (double)(height - 1));
    }
    if (!(x > -1.0 && y > -1.0 && x < (double)width && y < (double)height))
        return false;
    int64_t left = (int64_t)floor(x);
    int64_t top = (int64_t)floor(y);
    double share_x[2] = {1.0 - (x - (double)left), x - (double)left};
    double share_y[2] = {1.0 - (y - (double)top), y - (double)top};
    for (int k = 0; k < 4; k++) {
        int64_t tap_column = left + k % 2;
        int64_t tap_row = top + k / 2;
        bool inside = tap_column >= 0 && tap_row >= 0 && tap_column < width && tap_row < height;
        taps->index[k] = inside ? tap_row * width + tap_column : 0;
        taps->weight[k] = inside ? (float)(share_x[k % 2] * share_y[k / 2]) : 0.0F;
    }
    return true;
}

#endif
