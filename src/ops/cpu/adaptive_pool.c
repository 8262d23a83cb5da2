#include <string.h>

#include "ops/cpu/plan.h"
#include "ops/pool_formulas.h"

/* The pixels of one crop, side × side, with all channels: elements. */
static int64_t crop_size(const vqc_adaptive_pool *o)
{
    return o->side * o->side * o->channels;
}

/* One channel of the output pixel (row, column). */
static float element_pool(const vqc_adaptive_pool *o, const float *input, int64_t row, int64_t column,
                          int64_t channel, int32_t *largest_out)
{
    int64_t left = vqc_pool_first(column, o->width, o->side);
    int64_t right = vqc_pool_end(column, o->width, o->side);
    int64_t largest = vqc_pool_first(row, o->height, o->side) * o->width + left;
    float sum = 0.0F;
    for (int64_t y = vqc_pool_first(row, o->height, o->side); y < vqc_pool_end(row, o->height, o->side); y++) {
        for (int64_t x = left; x < right; x++) {
            int64_t pixel = y * o->width + x;
            sum += input[pixel * o->channels + channel];
            if (input[pixel * o->channels + channel] > input[largest * o->channels + channel])
                largest = pixel;
        }
    }
    *largest_out = (int32_t)largest;
    float mean = sum / (float)vqc_pool_area(o->height, o->width, o->side, row, column);
    return 0.5F * (mean + input[largest * o->channels + channel]);
}

static void row_pool(const vqc_adaptive_pool *o, const float *input, int64_t row, float *output, int32_t *largest)
{
    for (int64_t column = 0; column < o->side; column++) {
        for (int64_t channel = 0; channel < o->channels; channel++) {
            int64_t i = (row * o->side + column) * o->channels + channel;
            output[i] = element_pool(o, input, row, column, channel, &largest[i]);
        }
    }
}

/* The sum of the crops' gradients. */
static void crops_sum(const vqc_adaptive_pool *o, const float *grad_output, float *sums)
{
    int64_t size = crop_size(o);
#pragma omp parallel for schedule(static)
    for (int64_t i = 0; i < size; i++) {
        float sum = 0.0F;
        for (int64_t crop = 0; crop < o->crops; crop++)
            sum += grad_output[crop * size + i];
        sums[i] = sum;
    }
}

/* What an input element is given by the windows that it lies in. */
static float element_gather(const vqc_adaptive_pool *o, const float *sums, const int32_t *largest, int64_t row,
                            int64_t column, int64_t channel)
{
    float gradient = 0.0F;
    for (int64_t y = vqc_pool_first(row, o->side, o->height); y < vqc_pool_end(row, o->side, o->height); y++) {
        for (int64_t x = vqc_pool_first(column, o->side, o->width); x < vqc_pool_end(column, o->side, o->width);
             x++) {
            int64_t i = (y * o->side + x) * o->channels + channel;
            float share = 1.0F / (float)vqc_pool_area(o->height, o->width, o->side, y, x);
            share += largest[i] == row * o->width + column ? 1.0F : 0.0F;
            gradient += 0.5F * share * sums[i];
        }
    }
    return gradient;
}

static void row_gather(const vqc_adaptive_pool *o, const float *sums, const int32_t *largest, int64_t row,
                       bool accumulate, float *grad_input)
{
    for (int64_t column = 0; column < o->width; column++) {
        for (int64_t channel = 0; channel < o->channels; channel++) {
            float *target = grad_input + (row * o->width + column) * o->channels + channel;
            float gradient = element_gather(o, sums, largest, row, column, channel);
            *target = accumulate ? *target + gradient : gradient;
        }
    }
}

static vqc_status run_forward(const vqc_cpu_plan *plan, const vqc_forward *arguments, vqc_error *error)
{
    const vqc_adaptive_pool *o = &plan->operation.adaptive_pool;
    const float *input = arguments->input[0];
    float *output = arguments->output;
    int32_t *largest = arguments->saved;
    (void)error;
#pragma omp parallel for schedule(static)
    for (int64_t row = 0; row < o->side; row++)
        row_pool(o, input, row, output, largest);
#pragma omp parallel for schedule(static)
    for (int64_t crop = 1; crop < o->crops; crop++)
        memcpy(output + crop * crop_size(o), output, (size_t)crop_size(o) * sizeof *output);
    return VQC_OK;
}

static vqc_status run_backward(const vqc_cpu_plan *plan, const vqc_backward *arguments, vqc_error *error)
{
    const vqc_adaptive_pool *o = &plan->operation.adaptive_pool;
    float *sums = arguments->workspace;
    (void)error;
    if (arguments->grad_input[0] == NULL)
        return VQC_OK;
    crops_sum(o, arguments->grad_output, sums);
#pragma omp parallel for schedule(static)
    for (int64_t row = 0; row < o->height; row++)
        row_gather(o, sums, arguments->saved, row, arguments->accumulate[0], arguments->grad_input[0]);
    return VQC_OK;
}

static vqc_status prepare(vqc_cpu_plan *plan, vqc_error *error)
{
    const vqc_adaptive_pool *o = &plan->operation.adaptive_pool;
    (void)error;
    plan->sizes.saved = (size_t)crop_size(o) * sizeof(int32_t);
    plan->sizes.workspace = (size_t)crop_size(o) * sizeof(float);
    return VQC_OK;
}

const vqc_cpu_kernel vqc_cpu_adaptive_pool_kernel = {
    .prepare = prepare, .forward = run_forward, .backward = run_backward};
