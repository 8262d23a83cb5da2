#include <string.h>

#include "ops/colour_formulas.h"
#include "ops/cpu/plan.h"

/* A crop's pixels are taken in blocks, so that its steps are looked up once for each. */
enum { BLOCK_PIXELS = 256 };

static int64_t blocks_of(const vqc_colour *o)
{
    return (o->pixels + BLOCK_PIXELS - 1) / BLOCK_PIXELS;
}

/* The pixels of block number i, counted over all crops: first and end. */
static int64_t block_begin(const vqc_colour *o, int64_t i, int64_t *end)
{
    int64_t crop = i / blocks_of(o);
    int64_t first = i % blocks_of(o) * BLOCK_PIXELS;
    int64_t last = first + BLOCK_PIXELS < o->pixels ? first + BLOCK_PIXELS : o->pixels;
    *end = crop * o->pixels + last;
    return crop * o->pixels + first;
}

static vqc_status run_forward(const vqc_cpu_plan *plan, const vqc_forward *arguments, vqc_error *error)
{
    const vqc_colour *o = &plan->operation.colour;
    const float *input = arguments->input[0];
    const float *parameters = arguments->input[1];
    float *output = arguments->output;
    (void)error;
#pragma omp parallel for schedule(static)
    for (int64_t block = 0; block < o->crops * blocks_of(o); block++) {
        int64_t end;
        vqc_colour_steps steps = vqc_colour_steps_of(parameters + block / blocks_of(o) * VQC_COLOUR_PARAMETERS);
        for (int64_t i = block_begin(o, block, &end); i < end; i++) {
            vqc_rgb pixel;
            memcpy(&pixel, input + 3 * i, sizeof pixel);
            pixel = vqc_colour_forward(&steps, pixel);
            memcpy(output + 3 * i, &pixel, sizeof pixel);
        }
    }
    return VQC_OK;
}

/* The gradient at one pixel. */
static void pixel_gradient(const vqc_colour_steps *steps, const float *input, const float *grad_output,
                           bool accumulate, float *grad_input)
{
    vqc_rgb pixel;
    vqc_rgb gradient;
    memcpy(&pixel, input, sizeof pixel);
    memcpy(&gradient, grad_output, sizeof gradient);
    gradient = vqc_colour_backward(steps, pixel, gradient);
    for (int c = 0; c < 3; c++)
        grad_input[c] = accumulate ? grad_input[c] + gradient.channel[c] : gradient.channel[c];
}

static vqc_status run_backward(const vqc_cpu_plan *plan, const vqc_backward *arguments, vqc_error *error)
{
    const vqc_colour *o = &plan->operation.colour;
    const float *input = arguments->input[0];
    const float *parameters = arguments->input[1];
    const float *grad_output = arguments->grad_output;
    float *grad_input = arguments->grad_input[0];
    (void)error;
    if (grad_input == NULL)
        return VQC_OK;
#pragma omp parallel for schedule(static)
    for (int64_t block = 0; block < o->crops * blocks_of(o); block++) {
        int64_t end;
        vqc_colour_steps steps = vqc_colour_steps_of(parameters + block / blocks_of(o) * VQC_COLOUR_PARAMETERS);
        for (int64_t i = block_begin(o, block, &end); i < end; i++)
            pixel_gradient(&steps, input + 3 * i, grad_output + 3 * i, arguments->accumulate[0], grad_input + 3 * i);
    }
    return VQC_OK;
}

vqc_status vqc_cpu_colour_init(vqc_cpu_plan *plan, vqc_error *error)
{
    (void)error;
    plan->run_forward = run_forward;
    plan->run_backward = run_backward;
    return VQC_OK;
}
