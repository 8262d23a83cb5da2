#include <string.h>

#include "ops/cpu/plan.h"
#include "ops/cpu/warp_piece.h"

/* A crop's gradient is added up by one thread, in the order of the output's pixels. */

/* The squares of the pixels (column + i, row), i below count. */
VQC_CPU_KERNEL static void squares_find(const vqc_warp *o, const float *matrix, int64_t column, int64_t row,
                                        int64_t count, vqc_cpu_warp_piece *restrict piece)
{
    double x[VQC_CPU_WARP_PIECE];
    double y[VQC_CPU_WARP_PIECE];
    int32_t first = (int32_t)column;
    for (int32_t i = 0; i < (int32_t)count; i++) {
        vqc_warp_place place = vqc_warp_place_of(o->height, o->width, matrix, first + i, (int32_t)row);
        x[i] = place.x;
        y[i] = place.y;
    }
    vqc_cpu_warp_squares_set(o->height, o->width, x, y, (int32_t)count, piece);
}

/* Row `row` of one crop's output. */
static void row_forward(const vqc_warp *o, const float *matrix, const float *input, int64_t row, float *output)
{
    for (int64_t first = 0; first < o->width; first += VQC_CPU_WARP_PIECE) {
        vqc_cpu_warp_piece piece;
        int64_t count = o->width - first < VQC_CPU_WARP_PIECE ? o->width - first : VQC_CPU_WARP_PIECE;
        squares_find(o, matrix, first, row, count, &piece);
        vqc_cpu_warp_piece_forward(o->height, o->width, o->channels, &piece, count, input,
                                   output + first * o->channels);
    }
}

/* Adds what row `row` of one crop's output gives to the gradient of its input. */
static void row_backward(const vqc_warp *o, const float *matrix, const float *gradient, int64_t row,
                         float *grad_input)
{
    for (int64_t first = 0; first < o->width; first += VQC_CPU_WARP_PIECE) {
        vqc_cpu_warp_piece piece;
        int64_t count = o->width - first < VQC_CPU_WARP_PIECE ? o->width - first : VQC_CPU_WARP_PIECE;
        squares_find(o, matrix, first, row, count, &piece);
        vqc_cpu_warp_piece_backward(o->height, o->width, o->channels, &piece, count, gradient + first * o->channels,
                                    grad_input);
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
        row_forward(o, matrices + crop * VQC_WARP_NUMBERS, input + crop * o->height * row_size, i % o->height,
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
        for (int64_t row = 0; row < o->height; row++)
            row_backward(o, matrices + crop * VQC_WARP_NUMBERS,
                         grad_output + crop * size + row * o->width * o->channels, row, grad_input + crop * size);
    }
    return VQC_OK;
}

static vqc_status prepare(vqc_cpu_plan *plan, vqc_error *error)
{
    const vqc_warp *o = &plan->operation.warp;
    if (o->height > INT32_MAX || o->width > INT32_MAX)
        return vqc_error_set(error, VQC_FAILED, "warp: sides of 2^31 pixels or more are not implemented");
    return VQC_OK;
}

const vqc_cpu_kernel vqc_cpu_warp_kernel = {.prepare = prepare, .forward = run_forward, .backward = run_backward};
