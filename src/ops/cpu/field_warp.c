#include <string.h>

#include "ops/cpu/plan.h"
#include "ops/cpu/warp_piece.h"
#include "ops/field_formulas.h"

/* A crop's gradient is added up by one thread, in the order of the output's pixels. */

/* The squares of `count` pixels from these places on. */
VQC_CPU_KERNEL static void squares_find(const vqc_field_warp *o, const float *restrict places, int64_t count,
                                        vqc_cpu_warp_piece *restrict piece)
{
    double x[VQC_CPU_WARP_PIECE];
    double y[VQC_CPU_WARP_PIECE];
    for (int64_t i = 0; i < count; i++) {
        vqc_warp_place place = vqc_field_place(o->height, o->width, places[2 * i], places[2 * i + 1]);
        x[i] = place.x;
        y[i] = place.y;
    }
    vqc_cpu_warp_squares_set(o->height, o->width, x, y, (int32_t)count, piece);
}

/* `count` pixels of one crop's output. */
static void pixels_forward(const vqc_field_warp *o, const float *places, const float *input, int64_t count,
                           float *output)
{
    for (int64_t first = 0; first < count; first += VQC_CPU_WARP_PIECE) {
        vqc_cpu_warp_piece piece;
        int64_t pixels = count - first < VQC_CPU_WARP_PIECE ? count - first : VQC_CPU_WARP_PIECE;
        squares_find(o, places + 2 * first, pixels, &piece);
        vqc_cpu_warp_piece_forward(o->height, o->width, o->channels, &piece, pixels, input,
                                   output + first * o->channels);
    }
}

/* Adds what `count` pixels of one crop's output give to the gradient of its input. */
static void pixels_backward(const vqc_field_warp *o, const float *places, const float *gradient, int64_t count,
                            float *grad_input)
{
    for (int64_t first = 0; first < count; first += VQC_CPU_WARP_PIECE) {
        vqc_cpu_warp_piece piece;
        int64_t pixels = count - first < VQC_CPU_WARP_PIECE ? count - first : VQC_CPU_WARP_PIECE;
        squares_find(o, places + 2 * first, pixels, &piece);
        vqc_cpu_warp_piece_backward(o->height, o->width, o->channels, &piece, pixels, gradient + first * o->channels,
                                    grad_input);
    }
}

static vqc_status run_forward(const vqc_cpu_plan *plan, const vqc_forward *arguments, vqc_error *error)
{
    const vqc_field_warp *o = &plan->operation.field_warp;
    const float *input = arguments->input[0];
    const float *places = arguments->input[1];
    float *output = arguments->output;
    int64_t row_size = o->width * o->channels;
    (void)error;
#pragma omp parallel for schedule(static)
    for (int64_t i = 0; i < o->crops * o->height; i++)
        pixels_forward(o, places + 2 * i * o->width, input + i / o->height * o->height * row_size, o->width,
                       output + i * row_size);
    return VQC_OK;
}

static vqc_status run_backward(const vqc_cpu_plan *plan, const vqc_backward *arguments, vqc_error *error)
{
    const vqc_field_warp *o = &plan->operation.field_warp;
    const float *places = arguments->input[1];
    const float *grad_output = arguments->grad_output;
    float *grad_input = arguments->grad_input[0];
    int64_t pixels = o->height * o->width;
    int64_t size = pixels * o->channels;
    (void)error;
    if (grad_input == NULL)
        return VQC_OK;
#pragma omp parallel for schedule(static)
    for (int64_t crop = 0; crop < o->crops; crop++) {
        if (!arguments->accumulate[0])
            memset(grad_input + crop * size, 0, (size_t)size * sizeof *grad_input);
        pixels_backward(o, places + 2 * crop * pixels, grad_output + crop * size, pixels, grad_input + crop * size);
    }
    return VQC_OK;
}

const vqc_cpu_kernel vqc_cpu_field_warp_kernel = {.forward = run_forward, .backward = run_backward};
