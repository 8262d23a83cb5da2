#include "ops/ref/ref.h"

/* Where an element of the picture lies in the square. */
static int64_t place_of(const vqc_frame *o, int64_t element)
{
    int64_t side = o->height > o->width ? o->height : o->width;
    int64_t pixel = element / o->channels;
    int64_t y = pixel / o->width + (side - o->height) / 2;
    int64_t x = pixel % o->width + (side - o->width) / 2;
    return (y * side + x) * o->channels + element % o->channels;
}

static void forward(const ref_plan *plan, const ref_forward *arguments)
{
    const vqc_frame *o = &plan->operation.frame;
    int64_t side = o->height > o->width ? o->height : o->width;
    for (int64_t i = 0; i < side * side * o->channels; i++)
        arguments->output[i] = 0.0;
    for (int64_t i = 0; i < o->height * o->width * o->channels; i++)
        arguments->output[place_of(o, i)] = arguments->input[0][i];
}

static void backward(const ref_plan *plan, const ref_backward *arguments)
{
    const vqc_frame *o = &plan->operation.frame;
    if (arguments->grad_input[0] == NULL)
        return;
    for (int64_t i = 0; i < o->height * o->width * o->channels; i++)
        arguments->grad_input[0][i] += arguments->grad_output[place_of(o, i)];
}

const ref_kernel ref_frame_kernel = {.forward = forward, .backward = backward};
