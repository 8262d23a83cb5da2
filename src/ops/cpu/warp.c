#include <string.h>

#include "ops/cpu/element.h"
#include "ops/cpu/plan.h"
#include "ops/warp_formulas.h"

/* A row's pixels are taken in pieces: first where each comes from, a loop that becomes vector code, then the pixels
 * one by one. A crop's gradient is added up by one thread, in the order of the output's pixels. */

enum { PIECE_PIXELS = 64 };

/* The squares of a piece's pixels, part by part. */
typedef struct square_piece {
    int32_t left[PIECE_PIXELS], top[PIECE_PIXELS];
    float weight[4][PIECE_PIXELS];
} square_piece;

/* The squares of the pixels (column + i, row), i below count. */
VQC_CPU_KERNEL static void squares_find(const vqc_warp *o, const float *matrix, int64_t column, int64_t row,
                                        int64_t count, square_piece *restrict piece)
{
    double x[PIECE_PIXELS];
    double y[PIECE_PIXELS];
    int32_t first = (int32_t)column;
    for (int32_t i = 0; i < (int32_t)count; i++) {
        vqc_warp_place place = vqc_warp_place_of(o->height, o->width, matrix, first + i, (int32_t)row);
        x[i] = place.x;
        y[i] = place.y;
    }
    for (int32_t i = 0; i < (int32_t)count; i++) {
        vqc_warp_square square = vqc_warp_square_of(o->height, o->width, (vqc_warp_place){x[i], y[i]});
        piece->left[i] = square.left;
        piece->top[i] = square.top;
        for (int k = 0; k < 4; k++)
            piece->weight[k][i] = square.weight[k];
    }
}

VQC_CPU_INLINE vqc_warp_taps taps_at(const vqc_warp *o, const square_piece *piece, int64_t i)
{
    vqc_warp_square square = {piece->left[i], piece->top[i], {0}};
    for (int k = 0; k < 4; k++)
        square.weight[k] = piece->weight[k][i];
    return vqc_warp_square_taps(o->height, o->width, square);
}

/* The channels are an argument so that a call with 3 has no loop over them. */
VQC_CPU_INLINE void pixel_forward(int64_t channels, const vqc_warp_taps *taps, const float *input, float *output)
{
    for (int64_t c = 0; c < channels; c++) {
        float sum = 0.0F;
        for (int k = 0; k < 4; k++)
            sum += taps->weight[k] * input[taps->index[k] * channels + c];
        output[c] = sum;
    }
}

VQC_CPU_INLINE void pixel_backward(int64_t channels, const vqc_warp_taps *taps, const float *gradient,
                                   float *grad_input)
{
    for (int k = 0; k < 4; k++)
        for (int64_t c = 0; c < channels; c++)
            grad_input[taps->index[k] * channels + c] += taps->weight[k] * gradient[c];
}

/* Row `row` of one crop's output. */
static void row_forward(const vqc_warp *o, const float *matrix, const float *input, int64_t row, float *output)
{
    for (int64_t first = 0; first < o->width; first += PIECE_PIXELS) {
        square_piece piece;
        int64_t count = o->width - first < PIECE_PIXELS ? o->width - first : PIECE_PIXELS;
        squares_find(o, matrix, first, row, count, &piece);
        for (int64_t i = 0; i < count; i++) {
            vqc_warp_taps taps = taps_at(o, &piece, i);
            if (o->channels == 3)
                pixel_forward(3, &taps, input, output + (first + i) * 3);
            else
                pixel_forward(o->channels, &taps, input, output + (first + i) * o->channels);
        }
    }
}

/* Adds what row `row` of one crop's output gives to the gradient of its input. */
static void row_backward(const vqc_warp *o, const float *matrix, const float *gradient, int64_t row,
                         float *grad_input)
{
    for (int64_t first = 0; first < o->width; first += PIECE_PIXELS) {
        square_piece piece;
        int64_t count = o->width - first < PIECE_PIXELS ? o->width - first : PIECE_PIXELS;
        squares_find(o, matrix, first, row, count, &piece);
        for (int64_t i = 0; i < count; i++) {
            vqc_warp_taps taps = taps_at(o, &piece, i);
            if (o->channels == 3)
                pixel_backward(3, &taps, gradient + (first + i) * 3, grad_input);
            else
                pixel_backward(o->channels, &taps, gradient + (first + i) * o->channels, grad_input);
        }
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
        for (int64_t row = 0; row < o->height; row++)
            row_backward(o, matrices + crop * VQC_WARP_MATRIX,
                         grad_output + crop * size + row * o->width * o->channels, row, grad_input + crop * size);
    }
    return VQC_OK;
}

vqc_status vqc_cpu_warp_init(vqc_cpu_plan *plan, vqc_error *error)
{
    const vqc_warp *o = &plan->operation.warp;
    if (o->height > INT32_MAX || o->width > INT32_MAX)
        return vqc_error_set(error, VQC_FAILED, "warp: sides of 2^31 pixels or more are not implemented");
    plan->run_forward = run_forward;
    plan->run_backward = run_backward;
    return VQC_OK;
}
