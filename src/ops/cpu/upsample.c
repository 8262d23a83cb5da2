#include <string.h>

#include "ops/cpu/element.h"
#include "ops/cpu/plan.h"

/* Each input row becomes two equal output rows; the first is made, then copied. */
static void forward_row(vqc_dtype dtype, const vqc_upsample *o, const void *input, void *output, int64_t row)
{
    size_t pixel = (size_t)o->channels * vqc_dtype_size(dtype);
    size_t out_row = 2 * (size_t)o->width * pixel;
    const char *source = (const char *)input + (size_t)(row * o->width) * pixel;
    char *first = (char *)output + 2 * (size_t)row * out_row;
    for (int64_t x = 0; x < o->width; x++) {
        memcpy(first + (size_t)(2 * x) * pixel, source + (size_t)x * pixel, pixel);
        memcpy(first + (size_t)(2 * x + 1) * pixel, source + (size_t)x * pixel, pixel);
    }
    memcpy(first + out_row, first, out_row);
}

static vqc_status run_forward(const vqc_cpu_plan *plan, const vqc_forward *arguments, vqc_error *error)
{
    (void)error;
    const vqc_upsample *o = &plan->operation.upsample;
    int64_t rows = o->batch * o->height;
#pragma omp parallel for schedule(static)
    for (int64_t row = 0; row < rows; row++)
        forward_row(plan->operation.dtype, o, arguments->input[0], arguments->output, row);
    return VQC_OK;
}

typedef struct sums {
    vqc_dtype dtype;
    int64_t width, channels;
    const void *grad_output;
    void *grad_input;
    bool accumulate;
} sums;

/* Input row `row` gets the sums over 2 × 2 output pixels. */
VQC_CPU_INLINE void sum_row(vqc_dtype dtype, bool accumulate, const sums *s, int64_t row)
{
    int64_t out_row = 2 * s->width * s->channels;
    for (int64_t x = 0; x < s->width; x++) {
        const void *restrict upper = vqc_cpu_at(dtype, s->grad_output, 2 * row * out_row + 2 * x * s->channels);
        const void *restrict lower = vqc_cpu_at(dtype, upper, out_row);
        void *restrict target = vqc_cpu_at_writable(dtype, s->grad_input, (row * s->width + x) * s->channels);
        for (int64_t c = 0; c < s->channels; c++) {
            float above = vqc_cpu_load(dtype, upper, c) + vqc_cpu_load(dtype, upper, s->channels + c);
            float below = vqc_cpu_load(dtype, lower, c) + vqc_cpu_load(dtype, lower, s->channels + c);
            vqc_cpu_store_gradient(dtype, accumulate, target, c, above + below);
        }
    }
}

VQC_CPU_KERNEL static void backward_row(const sums *s, int64_t row)
{
    VQC_CPU_FOR_STORE(sum_row, s->dtype, s->accumulate, s, row);
}

static vqc_status run_backward(const vqc_cpu_plan *plan, const vqc_backward *arguments, vqc_error *error)
{
    (void)error;
    const vqc_upsample *o = &plan->operation.upsample;
    if (arguments->grad_input[0] == NULL)
        return VQC_OK;
    const sums s = {.dtype = plan->operation.dtype,
                    .width = o->width,
                    .channels = o->channels,
                    .grad_output = arguments->grad_output,
                    .grad_input = arguments->grad_input[0],
                    .accumulate = arguments->accumulate[0]};
    int64_t rows = o->batch * o->height;
#pragma omp parallel for schedule(static)
    for (int64_t row = 0; row < rows; row++)
        backward_row(&s, row);
    return VQC_OK;
}

const vqc_cpu_kernel vqc_cpu_upsample_kernel = {.forward = run_forward, .backward = run_backward};
