#include <string.h>

#include "ops/cpu/plan.h"

/* Elements before the picture's first in the square, and in a row of each. */
typedef struct framing {
    int64_t first, row, side_row;
} framing;

static framing framing_of(const vqc_frame *o)
{
    const int64_t side = vqc_frame_side(o);
    return (framing){.first = ((side - o->height) / 2 * side + (side - o->width) / 2) * o->channels,
                     .row = o->width * o->channels,
                     .side_row = side * o->channels};
}

static vqc_status run_forward(const vqc_cpu_plan *plan, const vqc_forward *arguments, vqc_error *error)
{
    const vqc_frame *o = &plan->operation.frame;
    const framing f = framing_of(o);
    const float *input = arguments->input[0];
    float *output = arguments->output;
    (void)error;
    memset(output, 0, (size_t)(f.side_row * vqc_frame_side(o)) * sizeof *output);
    for (int64_t y = 0; y < o->height; y++)
        memcpy(output + f.first + y * f.side_row, input + y * f.row, (size_t)f.row * sizeof *output);
    return VQC_OK;
}

static vqc_status run_backward(const vqc_cpu_plan *plan, const vqc_backward *arguments, vqc_error *error)
{
    const vqc_frame *o = &plan->operation.frame;
    const framing f = framing_of(o);
    const float *grad_output = arguments->grad_output;
    float *grad_input = arguments->grad_input[0];
    (void)error;
    if (grad_input == NULL)
        return VQC_OK;
    for (int64_t i = 0; i < o->height * f.row; i++) {
        const float value = grad_output[f.first + i / f.row * f.side_row + i % f.row];
        grad_input[i] = arguments->accumulate[0] ? grad_input[i] + value : value;
    }
    return VQC_OK;
}

const vqc_cpu_kernel vqc_cpu_frame_kernel = {.forward = run_forward, .backward = run_backward};
