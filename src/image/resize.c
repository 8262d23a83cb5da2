#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "image/image.h"

enum {
    CHANNELS = 3,
    /* Bits behind the point of a weight: a sum of weighted bytes needs 8 before it, and 2 for sign and overshoot. */
    WEIGHT_BITS = 32 - 8 - 2
};

/* How one axis is resampled: output position i is the sum over k < count[i] of weights[i · taps + k] times the input
 * at first[i] + k. */
typedef struct axis_plan {
    int64_t out_size;
    int64_t taps;     /* room for weights per output position */
    int64_t *first;   /* (out_size) */
    int64_t *count;   /* (out_size) */
    int32_t *weights; /* (out_size, taps), fixed point */
} axis_plan;

/* R. Keys, "Cubic convolution interpolation for digital image processing", 1981, with a = −1/2. */
static double bicubic(double x)
{
    const double a = -0.5;
    x = fabs(x);
    if (x < 1.0)
        return ((a + 2.0) * x - (a + 3.0)) * x * x + 1.0;
    if (x < 2.0)
        return (((x - 5.0) * x + 8.0) * x - 4.0) * a;
    return 0.0;
}

static double bilinear(double x)
{
    return fmax(1.0 - fabs(x), 0.0);
}

static double sinc(double x)
{
    return x == 0.0 ? 1.0 : sin(M_PI * x) / (M_PI * x);
}

static double lanczos(double x)
{
    return x >= -3.0 && x < 3.0 ? sinc(x) * sinc(x / 3.0) : 0.0;
}

typedef struct kernel {
    double (*weight)(double x);
    double support; /* zero beyond this on both sides */
} kernel;

static const kernel kernels[] = {
    [VQC_IMAGE_BICUBIC] = {.weight = bicubic, .support = 2.0},
    [VQC_IMAGE_LANCZOS] = {.weight = lanczos, .support = 3.0},
    [VQC_IMAGE_BILINEAR] = {.weight = bilinear, .support = 1.0},
};

/* Rounds to fixed point, halves away from zero. */
static int32_t weight_round(double weight)
{
    return (int32_t)(weight * (1 << WEIGHT_BITS) + (weight < 0.0 ? -0.5 : 0.5));
}

static void axis_plan_release(axis_plan *plan)
{
    free(plan->first);
    free(plan->count);
    free(plan->weights);
}

static vqc_status axis_plan_allocate(axis_plan *plan, vqc_error *error)
{
    size_t size = (size_t)plan->out_size;
    VQC_TRY(vqc_memory_allocate(size, sizeof *plan->first, "a resize", &plan->first, error));
    VQC_TRY(vqc_memory_allocate(size, sizeof *plan->count, "a resize", &plan->count, error));
    return vqc_memory_allocate(size, (size_t)plan->taps * sizeof *plan->weights, "a resize", &plan->weights, error);
}

/* Fills the weights of output position i. `values` has room for plan->taps. */
static void axis_plan_position(axis_plan *plan, const kernel *filter, int64_t in_size, int64_t i, double *values)
{
    double scale = (double)in_size / (double)plan->out_size;
    double stretch = scale < 1.0 ? 1.0 : scale;
    double support = filter->support * stretch;
    double inverse = 1.0 / stretch;
    double centre = ((double)i + 0.5) * scale;
    /* The casts round towards zero, as Pillow's do. */
    int64_t first = (int64_t)(centre - support + 0.5);
    int64_t end = (int64_t)(centre + support + 0.5);
    first = first < 0 ? 0 : first;
    end = end > in_size ? in_size : end;
    double sum = 0.0;
    for (int64_t k = 0; k < end - first; k++) {
        values[k] = filter->weight(((double)(k + first) - centre + 0.5) * inverse);
        sum += values[k];
    }
    for (int64_t k = 0; k < end - first; k++)
        plan->weights[i * plan->taps + k] = weight_round(sum == 0.0 ? values[k] : values[k] / sum);
    plan->first[i] = first;
    plan->count[i] = end - first;
}

static vqc_status axis_plan_init(axis_plan *plan, int64_t in_size, int64_t out_size, vqc_image_filter filter,
                                 vqc_error *error)
{
    kernel weights = kernels[filter];
    double scale = (double)in_size / (double)out_size;
    *plan = (axis_plan){.out_size = out_size};
    plan->taps = (int64_t)ceil(weights.support * (scale < 1.0 ? 1.0 : scale)) * 2 + 1;
    double *values = NULL;
    vqc_status status = axis_plan_allocate(plan, error);
    if (status == VQC_OK)
        status = vqc_memory_allocate((size_t)plan->taps, sizeof *values, "a resize", &values, error);
    if (status != VQC_OK) {
        axis_plan_release(plan);
        return status;
    }
    for (int64_t i = 0; i < out_size; i++)
        axis_plan_position(plan, &weights, in_size, i, values);
    free(values);
    return VQC_OK;
}

/* The byte of a fixed-point sum to which a half was added. */
static uint8_t sum_to_byte(int32_t sum)
{
    int32_t value = sum >> WEIGHT_BITS;
    return (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
}

/* Along the rows: source (height, in width, 3) → out (height, out width, 3). */
static void rows_resample(const vqc_image *source, const axis_plan *plan, vqc_image *out)
{
    for (int64_t y = 0; y < out->height; y++) {
        const uint8_t *row = source->pixels + y * source->width * CHANNELS;
        for (int64_t x = 0; x < out->width; x++) {
            const int32_t *weights = plan->weights + x * plan->taps;
            const uint8_t *pixel = row + plan->first[x] * CHANNELS;
            int32_t sums[CHANNELS] = {1 << (WEIGHT_BITS - 1), 1 << (WEIGHT_BITS - 1), 1 << (WEIGHT_BITS - 1)};
            for (int64_t k = 0; k < plan->count[x]; k++)
                for (int c = 0; c < CHANNELS; c++)
                    sums[c] += pixel[k * CHANNELS + c] * weights[k];
            for (int c = 0; c < CHANNELS; c++)
                out->pixels[(y * out->width + x) * CHANNELS + c] = sum_to_byte(sums[c]);
        }
    }
}

/* Along the columns: source (in height, width, 3) → out (out height, width, 3). `sums` has room for one row. */
static void columns_resample(const vqc_image *source, const axis_plan *plan, int32_t *sums, vqc_image *out)
{
    int64_t size = out->width * CHANNELS;
    for (int64_t y = 0; y < out->height; y++) {
        for (int64_t x = 0; x < size; x++)
            sums[x] = 1 << (WEIGHT_BITS - 1);
        for (int64_t k = 0; k < plan->count[y]; k++) {
            const uint8_t *row = source->pixels + (plan->first[y] + k) * size;
            int32_t weight = plan->weights[y * plan->taps + k];
            for (int64_t x = 0; x < size; x++)
                sums[x] += row[x] * weight;
        }
        for (int64_t x = 0; x < size; x++)
            out->pixels[y * size + x] = sum_to_byte(sums[x]);
    }
}

/* Resamples the rows into an image of the source's height. */
static vqc_status width_resize(const vqc_image *source, vqc_image_filter filter, vqc_image *out, vqc_error *error)
{
    axis_plan plan;
    if (out->width == source->width) {
        memcpy(out->pixels, source->pixels, (size_t)(source->height * source->width) * CHANNELS);
        return VQC_OK;
    }
    VQC_TRY(axis_plan_init(&plan, source->width, out->width, filter, error));
    rows_resample(source, &plan, out);
    axis_plan_release(&plan);
    return VQC_OK;
}

/* Resamples the columns into an image of the source's width. */
static vqc_status height_resize(const vqc_image *source, vqc_image_filter filter, vqc_image *out, vqc_error *error)
{
    axis_plan plan;
    int32_t *sums;
    VQC_TRY(axis_plan_init(&plan, source->height, out->height, filter, error));
    vqc_status status = vqc_memory_allocate((size_t)source->width * CHANNELS, sizeof *sums, "a resize", &sums, error);
    if (status == VQC_OK) {
        columns_resample(source, &plan, sums, out);
        free(sums);
    }
    axis_plan_release(&plan);
    return status;
}

/* Both passes; the picture between them is as high as the source and as wide as the result. */
static vqc_status both_resize(const vqc_image *source, vqc_image_filter filter, vqc_image *out, vqc_error *error)
{
    vqc_image between;
    if (out->height == source->height)
        return width_resize(source, filter, out, error);
    VQC_TRY(vqc_image_create(source->height, out->width, &between, error));
    vqc_status status = width_resize(source, filter, &between, error);
    if (status == VQC_OK)
        status = height_resize(&between, filter, out, error);
    vqc_image_release(&between);
    return status;
}

vqc_status vqc_image_resize(const vqc_image *source, int64_t height, int64_t width, vqc_image_filter filter,
                            vqc_image *out, vqc_error *error)
{
    vqc_image image;
    VQC_TRY(vqc_image_create(height, width, &image, error));
    vqc_status status = both_resize(source, filter, &image, error);
    if (status != VQC_OK) {
        vqc_image_release(&image);
        return status;
    }
    *out = image;
    return VQC_OK;
}
