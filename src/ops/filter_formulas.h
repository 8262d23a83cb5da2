#ifndef VQC_OPS_FILTER_FORMULAS_H
#define VQC_OPS_FILTER_FORMULAS_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>

#include "base/formula.h"

/* How the filter of filter.h is computed, in double: what the host and a GPU both compute. A filter takes one block
 * of memory, divided by vqc_filter_place; then comes vqc_filter_low_pass_compute, then vqc_filter_row_compute for
 * every row, in any order. */
typedef struct vqc_filter {
    int64_t side;     /* rows */
    int64_t stride;   /* distance between rows of weight */
    int32_t *first;   /* (side) */
    int32_t *count;   /* (side) */
    double *weight;   /* (side, stride), zero behind count[i] */
    double *low_pass; /* the half of the symmetric low-pass from its centre outwards */
} vqc_filter;

enum { VQC_FILTER_TAPS = 4, VQC_FILTER_LOBES = 2 };

/* How far the low-pass reaches to each side of its centre: the reference's ramp of steps S / L, from 0 up to the
 * window's end or one step beyond, without its last step. 0 where the axis does not shrink. */
VQC_FORMULA int64_t vqc_filter_reach(int64_t length, int64_t side)
{
    if (length <= side)
        return 0;
    double ratio = (double)side / (double)length;
    return (int64_t)ceil((double)VQC_FILTER_LOBES / ratio + 1.0) - 2;
}

/* The stride: the most weights that a row has for any length up to max_length. */
VQC_FORMULA int64_t vqc_filter_stride(int64_t max_length, int64_t side)
{
    int64_t taps = VQC_FILTER_TAPS + 2 * vqc_filter_reach(max_length, side);
    return taps < max_length ? taps : max_length;
}

VQC_FORMULA size_t vqc_filter_round_up(size_t size)
{
    return (size + 63) / 64 * 64;
}

VQC_FORMULA size_t vqc_filter_weight_size(int64_t max_length, int64_t side)
{
    return vqc_filter_round_up((size_t)(side * vqc_filter_stride(max_length, side)) * sizeof(double));
}

VQC_FORMULA size_t vqc_filter_low_pass_size(int64_t max_length, int64_t side)
{
    return vqc_filter_round_up((size_t)(vqc_filter_reach(max_length, side) + 1) * sizeof(double));
}

VQC_FORMULA size_t vqc_filter_rows_size(int64_t side)
{
    return vqc_filter_round_up((size_t)side * sizeof(int32_t));
}

/* Bytes of memory, a multiple of 64, that a filter takes for any length up to max_length. */
VQC_FORMULA size_t vqc_filter_size(int64_t max_length, int64_t side)
{
    return vqc_filter_weight_size(max_length, side) + vqc_filter_low_pass_size(max_length, side) +
           2 * vqc_filter_rows_size(side);
}

/* The filter whose arrays lie in the memory (filter.h, vqc_filter_compute). */
VQC_FORMULA vqc_filter vqc_filter_place(int64_t max_length, int64_t side, void *memory)
{
    char *low_pass = (char *)memory + vqc_filter_weight_size(max_length, side);
    char *first = low_pass + vqc_filter_low_pass_size(max_length, side);
    vqc_filter filter;
    filter.side = side;
    filter.stride = vqc_filter_stride(max_length, side);
    filter.first = (int32_t *)(void *)first;
    filter.count = (int32_t *)(void *)(first + vqc_filter_rows_size(side));
    filter.weight = (double *)memory;
    filter.low_pass = (double *)(void *)low_pass;
    return filter;
}

VQC_FORMULA double vqc_filter_sinc(double x)
{
    const double pi = 3.14159265358979323846;
    return x == 0.0 ? 1.0 : sin(pi * x) / (pi * x);
}

/* The low-pass for an axis of this length, reach + 1 values; the whole adds up to 1. */
VQC_FORMULA void vqc_filter_low_pass_compute(const vqc_filter *filter, int64_t length)
{
    int64_t reach = vqc_filter_reach(length, filter->side);
    double ratio = (double)filter->side / (double)length;
    double lobes = (double)VQC_FILTER_LOBES;
    double sum = 0.0;
    for (int64_t k = 0; k <= reach; k++) {
        double x = ratio * (double)k;
        double value = x < lobes ? vqc_filter_sinc(x) * vqc_filter_sinc(x / lobes) : 0.0;
        filter->low_pass[k] = value;
        sum += k == 0 ? value : 2.0 * value;
    }
    for (int64_t k = 0; k <= reach; k++)
        filter->low_pass[k] /= sum;
}

/* The four weights of a cubic convolution (Keys 1981) at the fraction t between the second and the third pixel. */
VQC_FORMULA void vqc_filter_cubic_weights(double t, double weights[VQC_FILTER_TAPS])
{
    const double a = -0.75;
    for (int k = 0; k < VQC_FILTER_TAPS; k++) {
        double x = fabs(t + 1.0 - (double)k);
        if (x <= 1.0)
            weights[k] = ((a + 2.0) * x - (a + 3.0)) * x * x + 1.0;
        else
            weights[k] = ((a * x - 5.0 * a) * x + 8.0 * a) * x - 4.0 * a;
    }
}

VQC_FORMULA int64_t vqc_filter_index_clamp(int64_t index, int64_t length)
{
    return index < 0 ? 0 : index >= length ? length - 1 : index;
}

/* Reflects at the first and the last pixel, which are not repeated, as often as it takes. */
VQC_FORMULA int64_t vqc_filter_index_reflect(int64_t index, int64_t length)
{
    if (length == 1)
        return 0;
    if (index >= 0 && index < length)
        return index; /* mostly, and a division is slow */
    int64_t period = 2 * (length - 1);
    int64_t phase = index % period;
    if (phase < 0)
        phase += period;
    return phase < length ? phase : period - phase;
}

/* Whole and fraction of output pixel i's place on the input axis, corners aligned. */
VQC_FORMULA int64_t vqc_filter_source_place(int64_t i, int64_t length, int64_t side, double *fraction)
{
    double place = side > 1 ? (double)i * (double)(length - 1) / (double)(side - 1) : 0.0;
    int64_t whole = (int64_t)floor(place);
    *fraction = place - (double)whole;
    return whole;
}

/* Row i for an axis of this length: adds up what each of the four cubic taps takes through the low-pass from each
 * input pixel. Reflection never leads out of the band, because the taps' centres lie on the axis. */
VQC_FORMULA void vqc_filter_row_compute(const vqc_filter *filter, int64_t i, int64_t length)
{
    double fraction;
    double cubic[VQC_FILTER_TAPS];
    int64_t reach = vqc_filter_reach(length, filter->side);
    int64_t whole = vqc_filter_source_place(i, length, filter->side, &fraction);
    vqc_filter_cubic_weights(fraction, cubic);
    int64_t first = vqc_filter_index_clamp(vqc_filter_index_clamp(whole - 1, length) - reach, length);
    int64_t last =
        vqc_filter_index_clamp(vqc_filter_index_clamp(whole - 2 + VQC_FILTER_TAPS, length) + reach, length);
    double *weight = filter->weight + i * filter->stride;
    for (int64_t k = 0; k < filter->stride; k++)
        weight[k] = 0.0;
    for (int tap = 0; tap < VQC_FILTER_TAPS; tap++) {
        int64_t centre = vqc_filter_index_clamp(whole - 1 + tap, length);
        for (int64_t k = -reach; k <= reach; k++)
            weight[vqc_filter_index_reflect(centre + k, length) - first] +=
                cubic[tap] * filter->low_pass[k < 0 ? -k : k];
    }
    filter->first[i] = (int32_t)first;
    filter->count[i] = (int32_t)(last - first + 1);
}

#endif
