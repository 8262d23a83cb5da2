#include <math.h>

#include "ops/ref/ref.h"

enum { MATRIX_SIZE = 10 };

/* The four input pixels around a place, and what each counts. */
typedef struct tap_square {
    int64_t index[4]; /* −1: outside, black */
    double weight[4];
} tap_square;

static double limited(double value, double low, double high)
{
    return value < low ? low : value > high ? high : value;
}

/* Whether the place that the matrix takes the output pixel to lies in front. */
static int place_find(const double *matrix, int64_t column, int64_t row, double *x, double *y)
{
    double w = matrix[6] * (double)column + matrix[7] * (double)row + matrix[8];
    if (!(w > 0.0))
        return 0;
    *x = (matrix[0] * (double)column + matrix[1] * (double)row + matrix[2]) / w;
    *y = (matrix[3] * (double)column + matrix[4] * (double)row + matrix[5]) / w;
    return 1;
}

static tap_square taps_find(const vqc_warp *o, const double *matrix, int64_t column, int64_t row)
{
    tap_square taps = {{-1, -1, -1, -1}, {0}};
    double x;
    double y;
    if (!place_find(matrix, column, row, &x, &y))
        return taps;
    if (matrix[9] != 0.0) {
        x = limited(x, 0.0, (double)(o->width - 1));
        y = limited(y, 0.0, (double)(o->height - 1));
    }
    if (!(x > -1.0 && y > -1.0 && x < (double)o->width && y < (double)o->height))
        return taps;
    for (int k = 0; k < 4; k++) {
        int64_t tap_column = (int64_t)floor(x) + k % 2;
        int64_t tap_row = (int64_t)floor(y) + k / 2;
        if (tap_column < 0 || tap_row < 0 || tap_column >= o->width || tap_row >= o->height)
            continue;
        taps.index[k] = tap_row * o->width + tap_column;
        taps.weight[k] = (1.0 - fabs(x - (double)tap_column)) * (1.0 - fabs(y - (double)tap_row));
    }
    return taps;
}

static void forward(const ref_plan *plan, const ref_forward *arguments)
{
    const vqc_warp *o = &plan->operation.warp;
    int64_t pixels = o->height * o->width;
    for (int64_t i = 0; i < o->crops * pixels; i++) {
        int64_t crop = i / pixels;
        const double *input = arguments->input[0] + crop * pixels * o->channels;
        tap_square taps =
            taps_find(o, arguments->input[1] + crop * MATRIX_SIZE, i % pixels % o->width, i % pixels / o->width);
        for (int64_t c = 0; c < o->channels; c++) {
            double sum = 0.0;
            for (int k = 0; k < 4; k++)
                if (taps.index[k] >= 0)
                    sum += taps.weight[k] * input[taps.index[k] * o->channels + c];
            arguments->output[i * o->channels + c] = sum;
        }
    }
}

static void backward(const ref_plan *plan, const ref_backward *arguments)
{
    const vqc_warp *o = &plan->operation.warp;
    int64_t pixels = o->height * o->width;
    if (arguments->grad_input[0] == NULL)
        return;
    for (int64_t i = 0; i < o->crops * pixels; i++) {
        int64_t crop = i / pixels;
        double *gradient = arguments->grad_input[0] + crop * pixels * o->channels;
        tap_square taps =
            taps_find(o, arguments->input[1] + crop * MATRIX_SIZE, i % pixels % o->width, i % pixels / o->width);
        for (int k = 0; k < 4; k++)
            for (int64_t c = 0; c < o->channels && taps.index[k] >= 0; c++)
                gradient[taps.index[k] * o->channels + c] +=
                    taps.weight[k] * arguments->grad_output[i * o->channels + c];
    }
}

const ref_kernel ref_warp_kernel = {.forward = forward, .backward = backward};
