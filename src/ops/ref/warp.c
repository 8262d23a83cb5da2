#include "ops/ref/ref.h"
#include "ops/ref/taps.h"

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

static ref_taps taps_find(const vqc_warp *o, const double *matrix, int64_t column, int64_t row)
{
    double x;
    double y;
    if (!place_find(matrix, column, row, &x, &y))
        return ref_taps_none();
    if (matrix[9] != 0.0) {
        x = limited(x, 0.0, (double)(o->width - 1));
        y = limited(y, 0.0, (double)(o->height - 1));
    }
    return ref_taps_at(o->height, o->width, x, y);
}

/* Those of output pixel number `i`, counted over all crops. */
static ref_taps pixel_taps(const vqc_warp *o, const double *matrices, int64_t i)
{
    int64_t pixels = o->height * o->width;
    return taps_find(o, matrices + i / pixels * VQC_WARP_NUMBERS, i % pixels % o->width, i % pixels / o->width);
}

static void forward(const ref_plan *plan, const ref_forward *arguments)
{
    const vqc_warp *o = &plan->operation.warp;
    int64_t pixels = o->height * o->width;
    for (int64_t i = 0; i < o->crops * pixels; i++) {
        ref_taps taps = pixel_taps(o, arguments->input[1], i);
        ref_taps_gather(&taps, o->channels, arguments->input[0] + i / pixels * pixels * o->channels,
                        arguments->output + i * o->channels);
    }
}

static void backward(const ref_plan *plan, const ref_backward *arguments)
{
    const vqc_warp *o = &plan->operation.warp;
    int64_t pixels = o->height * o->width;
    if (arguments->grad_input[0] == NULL)
        return;
    for (int64_t i = 0; i < o->crops * pixels; i++) {
        ref_taps taps = pixel_taps(o, arguments->input[1], i);
        ref_taps_scatter(&taps, o->channels, arguments->grad_output + i * o->channels,
                         arguments->grad_input[0] + i / pixels * pixels * o->channels);
    }
}

const ref_kernel ref_warp_kernel = {.forward = forward, .backward = backward};
