#include "ops/ref/ref.h"

static int is_erased(const vqc_erase *o, const int32_t *rectangles, int64_t element)
{
    int64_t pixel = element / o->channels;
    const int32_t *rectangle = rectangles + pixel / (o->height * o->width) * VQC_ERASE_NUMBERS;
    int64_t row = pixel % (o->height * o->width) / o->width;
    int64_t column = pixel % o->width;
    return row >= rectangle[0] && row < (int64_t)rectangle[0] + rectangle[2] && column >= rectangle[1] &&
           column < (int64_t)rectangle[1] + rectangle[3];
}

static void forward(const ref_plan *plan, const ref_forward *arguments)
{
    const vqc_erase *o = &plan->operation.erase;
    for (int64_t i = 0; i < o->crops * o->height * o->width * o->channels; i++)
        arguments->output[i] = is_erased(o, arguments->index[1], i) ? 0.0 : arguments->input[0][i];
}

static void backward(const ref_plan *plan, const ref_backward *arguments)
{
    const vqc_erase *o = &plan->operation.erase;
    if (arguments->grad_input[0] == NULL)
        return;
    for (int64_t i = 0; i < o->crops * o->height * o->width * o->channels; i++)
        if (!is_erased(o, arguments->index[1], i))
            arguments->grad_input[0][i] += arguments->grad_output[i];
}

const ref_kernel ref_erase_kernel = {.forward = forward, .backward = backward};
