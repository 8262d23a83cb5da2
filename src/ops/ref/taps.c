#include "ops/ref/taps.h"

#include <math.h>

ref_taps ref_taps_none(void)
{
    return (ref_taps){{-1, -1, -1, -1}, {0}};
}

ref_taps ref_taps_at(int64_t height, int64_t width, double x, double y)
{
    ref_taps taps = ref_taps_none();
    if (!(x > -1.0 && y > -1.0 && x < (double)width && y < (double)height))
        return taps;
    for (int k = 0; k < 4; k++) {
        int64_t column = (int64_t)floor(x) + k % 2;
        int64_t row = (int64_t)floor(y) + k / 2;
        if (column < 0 || row < 0 || column >= width || row >= height)
            continue;
        taps.index[k] = row * width + column;
        taps.weight[k] = (1.0 - fabs(x - (double)column)) * (1.0 - fabs(y - (double)row));
    }
    return taps;
}

void ref_taps_gather(const ref_taps *taps, int64_t channels, const double *picture, double *output)
{
    for (int64_t c = 0; c < channels; c++) {
        double sum = 0.0;
        for (int k = 0; k < 4; k++)
            if (taps->index[k] >= 0)
                sum += taps->weight[k] * picture[taps->index[k] * channels + c];
        output[c] = sum;
    }
}

void ref_taps_scatter(const ref_taps *taps, int64_t channels, const double *grad_output, double *grad_picture)
{
    for (int k = 0; k < 4; k++)
        for (int64_t c = 0; c < channels && taps->index[k] >= 0; c++)
            grad_picture[taps->index[k] * channels + c] += taps->weight[k] * grad_output[c];
}
