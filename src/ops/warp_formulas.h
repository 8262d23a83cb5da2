#ifndef VQC_OPS_WARP_FORMULAS_H
#define VQC_OPS_WARP_FORMULAS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/formula.h"

/* From where in a crop a pixel of its warp comes (operation.h, vqc_warp): what cpu and cuda both compute. Places are
 * computed in double: in f32 a place would be known to 1e-5 pixels only, and so would the weights. */

/* The four input pixels that an output pixel is mixed from. */
typedef struct vqc_warp_taps {
    int64_t index[4]; /* pixels of the input; where the weight is 0, any */
    float weight[4];
} vqc_warp_taps;

/* A place in a crop, in pixels; (-1, -1), where nothing is seen, for a pixel that is black. */
typedef struct vqc_warp_place {
    double x, y;
} vqc_warp_place;

/* The pixels around a place before it is looked which of them lie in the crop: columns left and left + 1, rows top
 * and top + 1. Pixels outside have the weight 0. */
typedef struct vqc_warp_square {
    int32_t left, top; /* -1 to the side - 1 */
    float weight[4];   /* by rows */
} vqc_warp_square;

/* The adjugate of a 3 × 3 matrix by rows, its inverse up to a factor; exact where the elements are of f32. */
VQC_FORMULA void vqc_warp_adjugate(const double *m, double *result)
{
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 3; j++) {
            int r0 = (j + 1) % 3;
            int r1 = (j + 2) % 3;
            int c0 = (i + 1) % 3;
            int c1 = (i + 2) % 3;
            result[3 * i + j] = m[3 * r0 + c0] * m[3 * r1 + c1] - m[3 * r0 + c1] * m[3 * r1 + c0];
        }
}

VQC_FORMULA double vqc_warp_limited(double value, double low, double high)
{
    double raised = value < low ? low : value;
    return raised > high ? high : raised;
}

/* Where an output pixel of a crop with this matrix comes from. This and the next function choose between values and
 * never branch, so that a loop of either over columns becomes vector code; in one loop the compiler makes branches of
 * them. */
VQC_FORMULA vqc_warp_place vqc_warp_place_of(int64_t height, int64_t width, const float *matrix, int32_t column,
                                             int32_t row)
{
    bool repeats = matrix[9] != 0.0F;
    double low = repeats ? 0.0 : -1.0; /* where it does not repeat, what lies beyond is not seen */
    double right = repeats ? (double)width - 1.0 : (double)width;
    double lower = repeats ? (double)height - 1.0 : (double)height;
    double across = (double)column;
    double down = (double)row;
    double w = (double)matrix[6] * across + (double)matrix[7] * down + (double)matrix[8];
    double x = ((double)matrix[0] * across + (double)matrix[1] * down + (double)matrix[2]) / w;
    double y = ((double)matrix[3] * across + (double)matrix[4] * down + (double)matrix[5]) / w;
    x = vqc_warp_limited(x, low, right);
    y = vqc_warp_limited(y, low, lower);
    bool seen = (w > 0.0) & (x > -1.0) & (y > -1.0) & (x < (double)width) & (y < (double)height);
    vqc_warp_place place = {seen ? x : -1.0, seen ? y : -1.0};
    return place;
}

/* The whole number at or below x, without the library's floor: more processors have that as vector code. */
VQC_FORMULA int32_t vqc_warp_whole(double x)
{
    int32_t whole = (int32_t)x;
    return whole - (x < (double)whole ? 1 : 0);
}

/* The pixels around a place; sides below 2^31. */
VQC_FORMULA vqc_warp_square vqc_warp_square_of(int64_t height, int64_t width, vqc_warp_place place)
{
    int32_t left = vqc_warp_whole(place.x);
    int32_t top = vqc_warp_whole(place.y);
    double share_right = place.x - (double)left;
    double share_lower = place.y - (double)top;
    double share_left = left < 0 ? 0.0 : 1.0 - share_right;
    double share_upper = top < 0 ? 0.0 : 1.0 - share_lower;
    share_right = (double)left + 1.0 < (double)width ? share_right : 0.0;
    share_lower = (double)top + 1.0 < (double)height ? share_lower : 0.0;
    vqc_warp_square square = {
        .left = left,
        .top = top,
        .weight = {(float)(share_left * share_upper), (float)(share_right * share_upper),
                   (float)(share_left * share_lower), (float)(share_right * share_lower)},
    };
    return square;
}

/* Where in the crop the square's taps are. */
VQC_FORMULA vqc_warp_taps vqc_warp_square_taps(int64_t height, int64_t width, vqc_warp_square square)
{
    int64_t left = square.left < 0 ? 0 : square.left;
    int64_t top = square.top < 0 ? 0 : square.top;
    int64_t right = square.left + 1 < width ? square.left + 1 : left;
    int64_t lower = square.top + 1 < height ? square.top + 1 : top;
    vqc_warp_taps taps = {
        .index = {top * width + left, top * width + right, lower * width + left, lower * width + right},
        .weight = {square.weight[0], square.weight[1], square.weight[2], square.weight[3]},
    };
    return taps;
}

/* The taps of an output pixel of a crop with this matrix. Returns false where the pixel is black. */
VQC_FORMULA bool vqc_warp_taps_find(int64_t height, int64_t width, const float *matrix, int64_t column, int64_t row,
                                    vqc_warp_taps *taps)
{
    vqc_warp_place place = vqc_warp_place_of(height, width, matrix, (int32_t)column, (int32_t)row);
    *taps = vqc_warp_square_taps(height, width, vqc_warp_square_of(height, width, place));
    return place.x > -1.0;
}

#endif
