#ifndef VQC_TESTS_COMPARISON_H
#define VQC_TESTS_COMPARISON_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>

#include "tolerances.h"

/* How an actual tensor differs from the expected one, in the terms of a tolerance. */
typedef struct comparison {
    double relative;
    double largest;
    double cosine;
    int64_t worst; /* the element that `largest` is of */
} comparison;

/* 0 where both are 0, infinity where only the divisor is. */
static inline double comparison_ratio(double value, double divisor)
{
    if (divisor == 0.0)
        return value == 0.0 ? 0.0 : INFINITY;
    return value / divisor;
}

static inline comparison comparison_of(const double *actual, const double *expected, int64_t count)
{
    double error = 0.0;
    double product = 0.0;
    double actual_square = 0.0;
    double expected_square = 0.0;
    for (int64_t i = 0; i < count; i++) {
        error += (actual[i] - expected[i]) * (actual[i] - expected[i]);
        product += actual[i] * expected[i];
        actual_square += actual[i] * actual[i];
        expected_square += expected[i] * expected[i];
    }
    comparison found = {.relative = comparison_ratio(sqrt(error), sqrt(expected_square)), .cosine = 1.0};
    if (actual_square > 0.0 || expected_square > 0.0)
        found.cosine = comparison_ratio(product, sqrt(actual_square) * sqrt(expected_square));
    double typical = count > 0 ? sqrt(expected_square / (double)count) : 0.0;
    for (int64_t i = 0; i < count; i++) {
        double ratio = comparison_ratio(fabs(actual[i] - expected[i]), fmax(fabs(expected[i]), typical));
        if (!(ratio <= found.largest)) { /* NaN counts as largest */
            found.largest = ratio;
            found.worst = i;
        }
    }
    return found;
}

/* NaN is never within. */
static inline bool comparison_is_within(const comparison *found, const tolerance *allowed)
{
    return found->relative <= allowed->relative && found->largest <= allowed->largest &&
           found->cosine >= allowed->cosine;
}

#endif
