#include "ops/ref/ref.h"

static const double shares[3] = {0.2989, 0.587, 0.114};

static const int32_t *view_of(const vqc_view *o, const int32_t *views, int64_t pixel)
{
    return views + pixel / (o->height * o->width) * VQC_VIEW_NUMBERS;
}

/* The pixel that a pixel of the output shows. */
static int64_t shown_by(const vqc_view *o, const int32_t *view, int64_t pixel)
{
    int64_t column = pixel % o->width;
    return view[0] == 0 ? pixel : pixel - column + (o->width - 1 - column);
}

static void forward(const ref_plan *plan, const ref_forward *arguments)
{
    const vqc_view *o = &plan->operation.view;
    for (int64_t i = 0; i < o->crops * o->height * o->width; i++) {
        const int32_t *view = view_of(o, arguments->index[1], i);
        const double *from = arguments->input[0] + 3 * shown_by(o, view, i);
        double luma = shares[0] * from[0] + shares[1] * from[1] + shares[2] * from[2];
        for (int channel = 0; channel < 3; channel++)
            arguments->output[3 * i + channel] = view[1] == 0 ? from[channel] : luma;
    }
}

static void backward(const ref_plan *plan, const ref_backward *arguments)
{
    const vqc_view *o = &plan->operation.view;
    if (arguments->grad_input[0] == NULL)
        return;
    for (int64_t i = 0; i < o->crops * o->height * o->width; i++) {
        const int32_t *view = view_of(o, arguments->index[1], i);
        const double *gradient = arguments->grad_output + 3 * i;
        double *to = arguments->grad_input[0] + 3 * shown_by(o, view, i);
        double sum = gradient[0] + gradient[1] + gradient[2];
        for (int channel = 0; channel < 3; channel++)
            to[channel] += view[1] == 0 ? gradient[channel] : shares[channel] * sum;
    }
}

const ref_kernel ref_view_kernel = {.forward = forward, .backward = backward};
