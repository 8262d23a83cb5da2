#include "guide/gradient_sum.h"

#include <math.h>

static const double units = 0x1p44;
static const double largest = 0x1p56;

void vqc_gradient_sum_add(int64_t *sum, const float *values, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        double scaled = rint((double)values[i] * units);
        if (!(fabs(scaled) <= largest))
            sum[i] = INT64_MAX;
        else if (sum[i] != INT64_MAX)
            sum[i] += (int64_t)scaled;
    }
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
        values[i] = sum[i] == INT64_MAX ? NAN : (float)((double)sum[i] / units);
}
