#include <math.h>
#include <string.h>

#include "ops/cpu/plan.h"

/* Places are computed in double: in f32 a place would be known to 1e-5 pixels only, and so would the weights. A
 * crop's gradient is added up by one thread, in the order of the output's pixels. */

enum { MATRIX_SIZE = 10 };

typedef struct tap_square {
    int64_t index[4]; /* pixels of the input; where the weight is 0, any */
    float weight[4];
} tap_square;

static double limited(double value, double low, double high)
{
    return value < low ? low : value > high ? high : value;
}

/* The four input pixels that an output pixel is mixed from. Returns false where it is black. */
static bool taps_find(const vqc_warp *o, const float *matrix, int64_t column, int64_t row, tap_square *taps)
{
    double across = (double)column;
    double down = (double)row;
    double w = (double)matrix[6] * across + (double)matrix[7] * down + (double)matrix[8];
    if (!(w > 0.0))
        return false;
    double x = ((double)matrix[0] * across + (double)matrix[1] * down + (double)matrix[2]) / w;
    double y = ((double)matrix[3] * across + (double)matrix[4] * down + (double)matrix[5]) / w;
    if (matrix[9] != 0.0F) {
        x = limited(x, 0.0, (double)(o->width - 1));
        y = limited(y, 0.0, (double)(o->height - 1));
    }
    if (!(x > -1.0 && y > -1.0 && x < (double)o->width && y < (double)o->height))
        return false;
    int64_t left = (int64_t)floor(x);
    int64_t top = (int64_t)floor(y);
    double share_x[2] = {1.0 - (x - (double)left), x - (double)left};
    double share_y[2] = {1.0 - (y - (double)top), y - (double)top};
    for (int k = 0; k < 4; k++) {
        int64_t tap_column = left + k % 2;
        int64_t tap_row = top + k / 2;
        bool inside = tap_column >= 0 && tap_row >= 0 && tap_column < o->width && tap_row < o->height;
        taps->index[k] = inside ? tap_row * o->width + tap_column : 0;
        taps->weight[k] = inside ? (float)(share_x[k % 2] * share_y[k / 2]) : 0.0F;
    }
    return true;
}

/* Row `row` of one crop's output. */
static void row_forward(const vqc_warp *o, const float *matrix, const float *input, int64_t row, float *output)
{
    for (int64_t column = 0; column < o->width; column++) {
        tap_square taps;
        bool seen = taps_find(o, matrix, column, row, &taps);
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
            tap_square taps;
            if (!taps_find(o, matrix, column, row, &taps))
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
        row_forward(o, matrices + crop * MATRIX_SIZE, input + crop * o->height * row_size, i % o->height,
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
        crop_backward(o, matrices + crop * MATRIX_SIZE, grad_output + crop * size, grad_input + crop * size);
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
