#include <string.h>

#include "ops/cpu/plan.h"
#include "ops/warp_formulas.h"

/* A crop's gradient is added up by one thread, in the order of the output's pixels. */

/* Row `row` of one crop's output. */
static void row_forward(const vqc_warp *o, const float *matrix, const float *input, int64_t row, float *output)
{
    for (int64_t column = 0; column < o->width; column++) {
        vqc_warp_taps taps;
        bool seen = vqc_warp_taps_find(o->height, o->width, matrix, column, row, &taps);
        for (int64_t c = 0; c < o->channels; c++) {
            float sum = 0.0F;
            for (int k = 0; k < 4 && seen; k++)
                sum += taps.weight[k] * input[taps.index[k] * o->channels + c];
            output[column * o->channels + c] = sum;
        }
    }
}

static void crop_backward(const vqc_warp *o, const float *matrix, const float *grad_output, float *grad_input)
{
    for (int64_t row = 0; row < o->height; row++)
        for (int64_t column = 0; column < o->width; column++) {
            const float *gradient = grad_output + (row * o->width + column) * o->channels;
            vqc_warp_taps taps;
            if (!vqc_warp_taps_find(o->height, o->width, matrix, column, row, &taps))
                continue;
            for (int k = 0; k < 4; k++)
                for (int64_t c = 0; c < o->channels; c++)
                    grad_input[taps.index[k] * o->channels + c] += taps.weight[k] * gradient[c];
        }
}

static vqc_status run_forward(const vqc_cpu_plan *plan, const vqc_forward *arguments, vqc_error *error)
{
    const vqc_warp *o = &plan->operation.warp;
    const float *input = arguments->input[0];
    const float *matrices = arguments->input[1];
    float *output = arguments->output;
    int64_t row_size = o->width * o->channels;
    (void)error;
#pragma omp parallel for schedule(static)
    for (int64_t i = 0; i < o->crops * o->height; i++) {
        int64_t crop = i / o->height;
        row_forward(o, matrices + crop * VQC_WARP_MATRIX, input + crop * o->height * row_size, i % o->height,
                    output + i * row_size);
    }
    return VQC_OK;
}

static vqc_status run_backward(const vqc_cpu_plan *plan, const vqc_backward *arguments, vqc_error *error)
{
    const vqc_warp *o = &plan->operation.warp;
    const float *matrices = arguments->input[1];
    const float *grad_output = arguments->grad_output;
    float *grad_input = arguments->grad_input[0];
    int64_t size = o->height * o->width * o->channels;
    (void)error;
    if (grad_input == NULL)
        return VQC_OK;
#pragma omp parallel for schedule(static)
    for (int64_t crop = 0; crop < o->crops; crop++) {
        if (!arguments->accumulate[0])
            memset(grad_input + crop * size, 0, (size_t)size * sizeof *grad_input);
        crop_backward(o, matrices + crop * VQC_WARP_MATRIX, grad_output + crop * size, grad_input + crop * size);
    }
    return VQC_OK;
}

vqc_status vqc_cpu_warp_init(vqc_cpu_plan *plan, vqc_error *error)
{
    (void)error;
    plan->run_forward = run_forward;
    plan->run_backward = run_backward;
    return VQC_OK;
}
