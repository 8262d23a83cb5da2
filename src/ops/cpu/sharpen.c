#include <string.h>

#include "ops/cpu/element.h"
#include "ops/cpu/plan.h"
#include "ops/sharpen_formulas.h"

/* Saved is a byte for each element: whether the gradient passes its blur. Those of the edge are 0. The backward pass
 * first takes these gradients, as they pass, to the workspace, in rows with a pixel of zeros around them, so that
 * every input pixel adds up what its neighbours hand back without looking where they are. */

/* Elements of a row with its zeros. */
static int64_t padded_size(const vqc_sharpen *o)
{
    return (o->width + 2) * o->channels;
}

/* The inner elements of a row of a crop. */
VQC_CPU_KERNEL static void inner_forward(const vqc_sharpen *o, float share, const float *restrict input,
                                         float *restrict output, unsigned char *restrict passes)
{
    int64_t below = o->width * o->channels;
    for (int64_t i = o->channels; i < below - o->channels; i++) {
        float blur = vqc_sharpen_blur(input + i, o->channels, below);
        output[i] = vqc_sharpen_mix(input[i], blur, share);
        passes[i] = vqc_sharpen_passes(blur);
    }
}

static vqc_status run_forward(const vqc_cpu_plan *plan, const vqc_forward *arguments, vqc_error *error)
{
    const vqc_sharpen *o = &plan->operation.sharpen;
    const float *input = arguments->input[0];
    const float *shares = arguments->input[1];
    float *output = arguments->output;
    unsigned char *passes = arguments->saved;
    int64_t size = o->width * o->channels;
    (void)error;
#pragma omp parallel for schedule(static)
    for (int64_t i = 0; i < o->crops * o->height; i++) {
        int64_t row = i % o->height;
        float share = shares[i / o->height];
        memcpy(output + i * size, input + i * size, (size_t)size * sizeof *output);
        memset(passes + i * size, 0, (size_t)size);
        if (row > 0 && row < o->height - 1 && share != 1.0F)
            inner_forward(o, share, input + i * size, output + i * size, passes + i * size);
    }
    return VQC_OK;
}

/* Gradients that pass, of a row; `padded` begins with its zeros. */
VQC_CPU_KERNEL static void row_pass(const vqc_sharpen *o, const float *restrict gradient,
                                    const unsigned char *restrict passes, float *restrict padded)
{
    int64_t size = o->width * o->channels;
    for (int64_t i = 0; i < o->channels; i++)
        padded[i] = padded[o->channels + size + i] = 0.0F;
    for (int64_t i = 0; i < size; i++)
        padded[o->channels + i] = passes[i] != 0 ? gradient[i] : 0.0F;
}

/* A row's own gradients and what the neighbours' blurs hand back; `padded` is its row of the workspace. */
VQC_CPU_INLINE void row_gather(bool accumulate, const vqc_sharpen *o, bool is_edge, float share,
                               const float *restrict gradient, const float *restrict padded,
                               float *restrict grad_input)
{
    int64_t size = o->width * o->channels;
    float blurred = (1.0F - share) / VQC_SHARPEN_WEIGHTS;
    for (int64_t i = 0; i < size; i++) {
        const float *middle = padded + o->channels + i;
        bool stays = is_edge || i < o->channels || i >= size - o->channels;
        float back = vqc_sharpen_sum(middle, o->channels, padded_size(o)) * blurred;
        float value = (stays ? 1.0F : share) * gradient[i] + back;
        grad_input[i] = accumulate ? grad_input[i] + value : value;
    }
}

VQC_CPU_KERNEL static void row_backward(bool accumulate, const vqc_sharpen *o, bool is_edge, float share,
                                        const float *gradient, const float *padded, float *grad_input)
{
    if (accumulate)
        row_gather(true, o, is_edge, share, gradient, padded, grad_input);
    else
        row_gather(false, o, is_edge, share, gradient, padded, grad_input);
}

static vqc_status run_backward(const vqc_cpu_plan *plan, const vqc_backward *arguments, vqc_error *error)
{
    const vqc_sharpen *o = &plan->operation.sharpen;
    const float *shares = arguments->input[1];
    const float *grad_output = arguments->grad_output;
    const unsigned char *passes = arguments->saved;
    float *grad_input = arguments->grad_input[0];
    float *workspace = arguments->workspace; /* (crops, height + 2, width + 2, channels) */
    int64_t size = o->width * o->channels;
    int64_t padded = padded_size(o);
    (void)error;
    if (grad_input == NULL)
        return VQC_OK;
#pragma omp parallel for schedule(static)
    for (int64_t i = 0; i < o->crops * (o->height + 2); i++) {
        int64_t row = i % (o->height + 2) - 1;
        int64_t place = i / (o->height + 2) * o->height + row;
        if (row < 0 || row >= o->height)
            memset(workspace + i * padded, 0, (size_t)padded * sizeof *workspace);
        else
            row_pass(o, grad_output + place * size, passes + place * size, workspace + i * padded);
    }
#pragma omp parallel for schedule(static)
    for (int64_t i = 0; i < o->crops * o->height; i++) {
        int64_t row = i % o->height;
        const float *middle = workspace + (i / o->height * (o->height + 2) + row + 1) * padded;
        row_backward(arguments->accumulate[0], o, row == 0 || row == o->height - 1, shares[i / o->height],
                     grad_output + i * size, middle, grad_input + i * size);
    }
    return VQC_OK;
}

static vqc_status prepare(vqc_cpu_plan *plan, vqc_error *error)
{
    const vqc_sharpen *o = &plan->operation.sharpen;
    (void)error;
    plan->sizes.saved = (size_t)(o->crops * o->height * o->width * o->channels);
    if (plan->backward)
        plan->sizes.workspace = (size_t)(o->crops * (o->height + 2) * padded_size(o)) * sizeof(float);
    return VQC_OK;
}

const vqc_cpu_kernel vqc_cpu_sharpen_kernel = {.prepare = prepare, .forward = run_forward, .backward = run_backward};
