#include "ops/gradient_sum.h"

#include "ops/sum_formulas.h"

void vqc_gradient_sum_add(int64_t *sum, const float *values, size_t count)
{
    for (size_t i = 0; i < count; i++)
        sum[i] = vqc_formula_sum_add(sum[i], values[i]);
}

int64_t vqc_gradient_sum_clear_marks(int64_t *sum, size_t count)
{
    int64_t marks = 0;
    for (size_t i = 0; i < count; i++) {
        if (sum[i] != INT64_MAX)
            continue;
        sum[i] = 0;
        marks++;
    }
    return marks;
}

void vqc_gradient_sum_read(const int64_t *sum, float *values, size_t count)
{
    for (size_t i = 0; i < count; i++)
        values[i] = vqc_formula_sum_read(sum[i]);
}
