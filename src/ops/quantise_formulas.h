#ifndef VQC_OPS_QUANTISE_FORMULAS_H
#define VQC_OPS_QUANTISE_FORMULAS_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/formula.h"

/* How the nearest codebook row is found exactly: the distances e² − 2 z·e of a row z to all entries e are computed
 * in f32, together with a bound on their rounding error; the entries that may be the nearest within these bounds are
 * computed again in double, in which the products are exact. Where the largest product is asked for, the distance is
 * − 2 z·e. What cpu and cuda both compute. */

/* What the bounds need of an entry: the distance's error is at most ‖z‖ · error_by_length + error_alone. */
typedef struct vqc_quantise_bound {
    float square; /* e², or 0 for the largest product */
    float error_by_length;
    float error_alone;
} vqc_quantise_bound;

enum { VQC_QUANTISE_BOUND_FLOATS = sizeof(vqc_quantise_bound) / sizeof(float) };

/* With the unit roundoff u = 2^-24, a sum of `width` products in any order is wrong by at most γ ‖z‖ ‖e‖ with
 * γ = width · u / (1 − width · u) (Higham, "Accuracy and Stability of Numerical Algorithms", section 3.1), plus
 * what underflows. Rounding e², the distance and the bounds themselves adds up to 3 u each of e² and 2 ‖z‖ ‖e‖. */
VQC_FORMULA vqc_quantise_bound vqc_quantise_bound_of(double square, int64_t width, bool largest_product)
{
    const double u = 0x1p-24;
    const double margin = 1.01;
    double gamma = (double)width * u / (1.0 - (double)width * u);
    vqc_quantise_bound bound;
    bound.square = largest_product ? 0.0F : (float)square;
    bound.error_by_length = (float)(margin * 2.0 * (gamma + 4.0 * u) * sqrt(square));
    bound.error_alone = (float)(margin * 4.0 * u * square + (double)width * 0x1p-120);
    return bound;
}

/* The distance to an entry, from the product z·e in f32 and ‖z‖: it lies between the two. */
typedef struct vqc_quantise_interval {
    float lower, upper;
} vqc_quantise_interval;

VQC_FORMULA vqc_quantise_interval vqc_quantise_interval_of(float product, float length, vqc_quantise_bound bound)
{
    float distance = bound.square - 2.0F * product;
    float error = length * bound.error_by_length + bound.error_alone;
    vqc_quantise_interval interval;
    interval.lower = distance - error;
    interval.upper = distance + error;
    return interval;
}

/* ‖z‖ for the bounds, from ‖z‖² in double: not below the true one. */
VQC_FORMULA float vqc_quantise_length(double square)
{
    return (float)(sqrt(square) * (1.0 + 1e-6));
}

/* The square of a vector and the distance to an entry, in double; both add in the order of the elements, so that all
 * devices agree on near ties. The elements of the entry lie `stride` apart. */
VQC_FORMULA double vqc_quantise_square(const float *vector, int64_t stride, int64_t width)
{
    double square = 0.0;
    for (int64_t i = 0; i < width; i++)
        square += (double)vector[i * stride] * (double)vector[i * stride];
    return square;
}

VQC_FORMULA double vqc_quantise_distance(const float *z, const float *entry, int64_t stride, double entry_square,
                                         int64_t width)
{
    double product = 0.0;
    for (int64_t i = 0; i < width; i++)
        product += (double)z[i] * (double)entry[i * stride];
    return entry_square - 2.0 * product;
}

#endif
