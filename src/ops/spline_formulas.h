#ifndef VQC_OPS_SPLINE_FORMULAS_H
#define VQC_OPS_SPLINE_FORMULAS_H

#include <stdint.h>
#include <string.h>

#include "ops/field_formulas.h"
#include "ops/operation.h"

/* The places of vqc_spline_field (operation.h): what cpu and cuda both compute, in double, because large weights of
 * near-by centres cancel. Nothing branches, so that a loop over a row's pixels becomes vector code. */

/* The natural logarithm of a normal positive number, within 1e-15 of it or of 1: m · 2^e, m around 1, and the series
 * of artanh. The library's is not vector code everywhere. */
VQC_FORMULA double vqc_spline_log(double x)
{
    uint64_t bits;
    uint64_t exponent_bits;
    uint64_t mantissa_bits;
    double exponent;
    double m;
    memcpy(&bits, &x, sizeof bits);
    exponent_bits = (bits >> 52) | 0x4330000000000000U; /* 2^52 + the exponent */
    mantissa_bits = (bits & 0x000fffffffffffffU) | 0x3ff0000000000000U;
    memcpy(&exponent, &exponent_bits, sizeof exponent);
    memcpy(&m, &mantissa_bits, sizeof m);
    exponent -= 4503599627370496.0 + 1023.0;
    exponent = m > 1.4142135623730951 ? exponent + 1.0 : exponent;
    m = m > 1.4142135623730951 ? m * 0.5 : m;
    double s = (m - 1.0) / (m + 1.0);
    double q = s * s;
    double series = 1.0 / 19.0;
    for (int k = 17; k > 0; k -= 2)
        series = series * q + 1.0 / (double)k;
    return exponent * 0.6931471805599453 + 2.0 * s * series;
}

/* A coordinate's sums over the centres. */
typedef struct vqc_spline_point {
    double x, y;
} vqc_spline_point;

/* Adds what a centre at (centre_x, centre_y) moves the point v by. */
VQC_FORMULA vqc_spline_point vqc_spline_add(vqc_spline_point sum, vqc_spline_point v, double centre_x,
                                            double centre_y, vqc_spline_point weight)
{
    double across = v.x - centre_x;
    double down = v.y - centre_y;
    double square = across * across + down * down;
    double u = 0.5 * square * vqc_spline_log(square + 1e-8);
    vqc_spline_point moved = {sum.x + u * weight.x, sum.y + u * weight.y};
    return moved;
}

/* Where the spline with these VQC_SPLINE_NUMBERS numbers, whose first is not 0, takes the point. The third and the
 * fourth centre are the same. */
VQC_FORMULA vqc_spline_point vqc_spline_at(const float *numbers, vqc_spline_point v)
{
    const float *weight = numbers + 1;
    const float *affine = weight + 2 * VQC_SPLINE_CENTRES;
    const vqc_spline_point weights[4] = {
        {(double)weight[0], (double)weight[1]},
        {(double)weight[2], (double)weight[3]},
        {(double)weight[4] + (double)weight[6], (double)weight[5] + (double)weight[7]},
        {(double)weight[8], (double)weight[9]},
    };
    vqc_spline_point sum = {
        (double)affine[0] + (double)affine[2] * v.x + (double)affine[4] * v.y,
        (double)affine[1] + (double)affine[3] * v.x + (double)affine[5] * v.y,
    };
    sum = vqc_spline_add(sum, v, -1.0, -1.0, weights[0]);
    sum = vqc_spline_add(sum, v, -1.0, 1.0, weights[1]);
    sum = vqc_spline_add(sum, v, 1.0, -1.0, weights[2]);
    return vqc_spline_add(sum, v, 0.0, 0.0, weights[3]);
}

/* The place of an output pixel, x and y. */
VQC_FORMULA void vqc_spline_place(const float *numbers, int64_t height, int64_t width, int32_t column, int32_t row,
                                  float place[2])
{
    vqc_spline_point v = {vqc_field_coordinate(column, width), vqc_field_coordinate(row, height)};
    vqc_spline_point at = vqc_spline_at(numbers, v);
    bool moves = numbers[0] != 0.0F;
    place[0] = moves ? vqc_field_pixels(at.x, width) : (float)column;
    place[1] = moves ? vqc_field_pixels(at.y, height) : (float)row;
}

#endif
