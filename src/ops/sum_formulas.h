#ifndef VQC_OPS_SUM_FORMULAS_H
#define VQC_OPS_SUM_FORMULAS_H

#include <math.h>
#include <stdint.h>

#include "base/formula.h"

/* One element of an order-free sum (ops/gradient_sum.h): whole numbers of units of 2^-44. A value beyond ±2^12, or
 * none at all, marks the element for good. */

/* What a sum becomes by adding the value. */
VQC_FORMULA int64_t vqc_formula_sum_add(int64_t sum, float value)
{
    const double units = 0x1p44;
    const double largest = 0x1p56;
    double scaled = rint((double)value * units);
    if (sum == INT64_MAX || !(fabs(scaled) <= largest))
        return INT64_MAX;
    return sum + (int64_t)scaled;
}

/* The sum as f32; not-a-number if it is marked. */
VQC_FORMULA float vqc_formula_sum_read(int64_t sum)
{
    const double unit = 0x1p-44;
    return sum == INT64_MAX ? NAN : (float)((double)sum * unit);
}

#endif
