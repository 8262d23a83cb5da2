#include "ops/ref/ref.h"
#include "ops/ref/taps.h"

static void forward(const ref_plan *plan, const ref_forward *arguments)
{
    const vqc_field_warp *o = &plan->operation.field_warp;
    int64_t pixels = o->height * o->width;
    for (int64_t i = 0; i < o->crops * pixels; i++) {
        const double *place = arguments->input[1] + 2 * i;
        ref_taps taps = ref_taps_at(o->height, o->width, place[0], place[1]);
        ref_taps_gather(&taps, o->channels, arguments->input[0] + i / pixels * pixels * o->channels,
                        arguments->output + i * o->channels);
    }
}

static void backward(const ref_plan *plan, const ref_backward *arguments)
{
    const vqc_field_warp *o = &plan->operation.field_warp;
    int64_t pixels = o->height * o->width;
    if (arguments->grad_input[0] == NULL)
        return;
    for (int64_t i = 0; i < o->crops * pixels; i++) {
        const double *place = arguments->input[1] + 2 * i;
        ref_taps taps = ref_taps_at(o->height, o->width, place[0], place[1]);
        ref_taps_scatter(&taps, o->channels, arguments->grad_output + i * o->channels,
                         arguments->grad_input[0] + i / pixels * pixels * o->channels);
    }
}

const ref_kernel ref_field_warp_kernel = {.forward = forward, .backward = backward};
