#include "guide/gradient_sum.h"

#include "ops/sum_formulas.h"

void vqc_gradient_sum_add(int64_t *sum, const float *values, size_t count)
{
    for (size_t i = 0; i < count; i++)
        sum[i] = vqc_formula_sum_add(sum[i], values[i]);
}

void vqc_gradient_sum_read(const int64_t *sum, float *values, size_t count)
{
    for (size_t i = 0; i < count; i++)
        values[i] = vqc_formula_sum_read(sum[i]);
}
