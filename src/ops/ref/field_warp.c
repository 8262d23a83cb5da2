#include <math.h>

#include "ops/ref/ref.h"

/* The four input pixels around a place, and what each counts. */
typedef struct tap_square {
    int64_t index[4]; /* −1: outside, black */
    double weight[4];
} tap_square;

static tap_square taps_find(const vqc_field_warp *o, const double *place)
{
    tap_square taps = {{-1, -1, -1, -1}, {0}};
    double x = place[0];
    double y = place[1];
    if (!(x > -1.0 && y > -1.0 && x < (double)o->width && y < (double)o->height))
        return taps;
    for (int k = 0; k < 4; k++) {
        int64_t column = (int64_t)floor(x) + k % 2;
        int64_t row = (int64_t)floor(y) + k / 2;
        if (column < 0 || row < 0 || column >= o->width || row >= o->height)
            continue;
        taps.index[k] = row * o->width + column;
        taps.weight[k] = (1.0 - fabs(x - (double)column)) * (1.0 - fabs(y - (double)row));
    }
    return taps;
}

static void forward(const ref_plan *plan, const ref_forward *arguments)
{
    const vqc_field_warp *o = &plan->operation.field_warp;
    int64_t pixels = o->height * o->width;
    for (int64_t i = 0; i < o->crops * pixels; i++) {
        const double *input = arguments->input[0] + i / pixels * pixels * o->channels;
        tap_square taps = taps_find(o, arguments->input[1] + 2 * i);
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
    const vqc_field_warp *o = &plan->operation.field_warp;
    int64_t pixels = o->height * o->width;
    if (arguments->grad_input[0] == NULL)
        return;
    for (int64_t i = 0; i < o->crops * pixels; i++) {
        double *gradient = arguments->grad_input[0] + i / pixels * pixels * o->channels;
        tap_square taps = taps_find(o, arguments->input[1] + 2 * i);
        for (int k = 0; k < 4; k++)
            for (int64_t c = 0; c < o->channels && taps.index[k] >= 0; c++)
                gradient[taps.index[k] * o->channels + c] +=
                    taps.weight[k] * arguments->grad_output[i * o->channels + c];
    }
}

const ref_kernel ref_field_warp_kernel = {.forward = forward, .backward = backward};
