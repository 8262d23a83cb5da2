#include "ops/cpu/element.h"
#include "ops/cpu/plan.h"
#include "ops/view_formulas.h"

/* What becomes of the channel of a pixel: its colour, or its gradient. */
typedef float view_value(const int32_t *view, const float *pixel, int64_t channel);

static void pass(const vqc_view *o, const int32_t *views, view_value *value, bool accumulate, const float *source,
                 float *target)
{
#pragma omp parallel for schedule(static)
    for (int64_t row = 0; row < o->crops * o->height; row++)
        for (int64_t column = 0; column < o->width; column++) {
            const int32_t *view = views + row / o->height * VQC_VIEW_NUMBERS;
            const float *pixel = source + 3 * (row * o->width + vqc_view_column(view, o->width, column));
            float *to = target + 3 * (row * o->width + column);
            for (int64_t channel = 0; channel < 3; channel++)
                to[channel] = value(view, pixel, channel) + (accumulate ? to[channel] : 0.0F);
        }
}

static vqc_status run_forward(const vqc_cpu_plan *plan, const vqc_forward *arguments, vqc_error *error)
{
    (void)error;
    pass(&plan->operation.view, arguments->input[1], vqc_view_colour, false, arguments->input[0], arguments->output);
    return VQC_OK;
}

static vqc_status run_backward(const vqc_cpu_plan *plan, const vqc_backward *arguments, vqc_error *error)
{
    (void)error;
    if (arguments->grad_input[0] != NULL)
        pass(&plan->operation.view, arguments->input[1], vqc_view_gradient, arguments->accumulate[0],
             arguments->grad_output, arguments->grad_input[0]);
    return VQC_OK;
}

const vqc_cpu_kernel vqc_cpu_view_kernel = {.forward = run_forward, .backward = run_backward};
