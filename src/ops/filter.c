#include "ops/filter.h"

#include <math.h>
#include <string.h>

enum { CUBIC_TAPS = 4 };
static const double cubic_a = -0.75;
static const double lanczos_lobes = 2.0;
static const double pi = 3.14159265358979323846;

/* How far the low-pass reaches to each side of its centre: the reference's ramp of steps S / L, from 0 up to the
 * window's end or one step beyond, without its last step. 0 where the axis does not shrink. */
static int64_t lanczos_reach(int64_t length, int64_t side)
{
    if (length <= side)
        return 0;
    double ratio = (double)side / (double)length;
    return (int64_t)ceil(lanczos_lobes / ratio + 1.0) - 2;
}

static double sinc(double x)
{
    return x == 0.0 ? 1.0 : sin(pi * x) / (pi * x);
}

/* The half of the symmetric low-pass from its centre outwards, reach + 1 values; the whole adds up to 1. */
static void lanczos_half_compute(int64_t reach, double ratio, double *half)
{
    double sum = 0.0;
    for (int64_t k = 0; k <= reach; k++) {
        double x = ratio * (double)k;
        half[k] = x < lanczos_lobes ? sinc(x) * sinc(x / lanczos_lobes) : 0.0;
        sum += k == 0 ? half[k] : 2.0 * half[k];
    }
    for (int64_t k = 0; k <= reach; k++)
        half[k] /= sum;
}

/* The four weights of a cubic convolution (Keys 1981) at the fraction t between the second and the third pixel. */
static void cubic_weights(double t, double weights[CUBIC_TAPS])
{
    for (int k = 0; k < CUBIC_TAPS; k++) {
        double x = fabs(t + 1.0 - (double)k);
        if (x <= 1.0)
            weights[k] = ((cubic_a + 2.0) * x - (cubic_a + 3.0)) * x * x + 1.0;
        else
            weights[k] = ((cubic_a * x - 5.0 * cubic_a) * x + 8.0 * cubic_a) * x - 4.0 * cubic_a;
    }
}

static int64_t index_clamp(int64_t index, int64_t length)
{
    return index < 0 ? 0 : index >= length ? length - 1 : index;
}

/* Reflects at the first and the last pixel, which are not repeated, as often as it takes. */
static int64_t index_reflect(int64_t index, int64_t length)
{
    if (length == 1)
        return 0;
    int64_t period = 2 * (length - 1);
    int64_t phase = index % period;
    if (phase < 0)
        phase += period;
    return phase < length ? phase : period - phase;
}

/* Whole and fraction of output pixel i's place on the input axis, corners aligned. */
static int64_t source_place(int64_t i, int64_t length, int64_t side, double *fraction)
{
    double place = side > 1 ? (double)i * (double)(length - 1) / (double)(side - 1) : 0.0;
    int64_t whole = (int64_t)floor(place);
    *fraction = place - (double)whole;
    return whole;
}

/* Row i: adds up what each of the four cubic taps takes through the low-pass from each input pixel. Reflection never
 * leads out of the band, because the taps' centres lie on the axis. */
static void filter_row_compute(vqc_filter *filter, int64_t i, int64_t length, int64_t reach, const double *half)
{
    double fraction;
    int64_t whole = source_place(i, length, filter->side, &fraction);
    double cubic[CUBIC_TAPS];
    cubic_weights(fraction, cubic);
    int64_t first = index_clamp(index_clamp(whole - 1, length) - reach, length);
    int64_t last = index_clamp(index_clamp(whole - 2 + CUBIC_TAPS, length) + reach, length);
    double *weight = filter->weight + i * filter->stride;
    for (int tap = 0; tap < CUBIC_TAPS; tap++) {
        int64_t centre = index_clamp(whole - 1 + tap, length);
        for (int64_t k = -reach; k <= reach; k++)
            weight[index_reflect(centre + k, length) - first] += cubic[tap] * half[k < 0 ? -k : k];
    }
    filter->first[i] = (int32_t)first;
    filter->count[i] = (int32_t)(last - first + 1);
}

int64_t vqc_filter_stride(int64_t max_length, int64_t side)
{
    int64_t taps = CUBIC_TAPS + 2 * lanczos_reach(max_length, side);
    return taps < max_length ? taps : max_length;
}

static size_t round_up(size_t size)
{
    return (size + 63) / 64 * 64;
}

static size_t weights_size(int64_t max_length, int64_t side)
{
    return round_up((size_t)(side * vqc_filter_stride(max_length, side)) * sizeof(double));
}

static size_t half_size(int64_t max_length, int64_t side)
{
    return round_up((size_t)(lanczos_reach(max_length, side) + 1) * sizeof(double));
}

size_t vqc_filter_size(int64_t max_length, int64_t side)
{
    return weights_size(max_length, side) + half_size(max_length, side) +
           2 * round_up((size_t)side * sizeof(int32_t));
}

void vqc_filter_compute(int64_t length, int64_t max_length, int64_t side, void *memory, vqc_filter *filter)
{
    char *bytes = memory;
    size_t weights = weights_size(max_length, side);
    double *half = (double *)(void *)(bytes + weights);
    bytes += weights + half_size(max_length, side);
    filter->side = side;
    filter->stride = vqc_filter_stride(max_length, side);
    filter->weight = memory;
    filter->first = (int32_t *)(void *)bytes;
    filter->count = (int32_t *)(void *)(bytes + round_up((size_t)side * sizeof(int32_t)));
    memset(memory, 0, weights);
    int64_t reach = lanczos_reach(length, side);
    lanczos_half_compute(reach, (double)side / (double)length, half);
    for (int64_t i = 0; i < side; i++)
        filter_row_compute(filter, i, length, reach, half);
}
