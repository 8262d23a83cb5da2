#include <string.h>

#include "ops/colour_formulas.h"
#include "ops/cpu/plan.h"

/* A crop's parameters, and its steps in their order. */
typedef struct crop_steps {
    const float *parameters;
    vqc_colour_step step[VQC_COLOUR_STEPS];
} crop_steps;

static crop_steps steps_of(const float *parameters)
{
    crop_steps steps = {.parameters = parameters};
    for (int place = 0; place < VQC_COLOUR_STEPS; place++)
        steps.step[place] = vqc_colour_step_at((int)parameters[4], place);
    return steps;
}

static vqc_rgb pixel_forward(const crop_steps *steps, vqc_rgb pixel)
{
    for (int place = 0; place < VQC_COLOUR_STEPS; place++)
        pixel = vqc_colour_step_forward(steps->step[place], steps->parameters[steps->step[place]], pixel);
    return pixel;
}

static vqc_rgb pixel_backward(const crop_steps *steps, vqc_rgb pixel, vqc_rgb gradient)
{
    vqc_rgb before[VQC_COLOUR_STEPS];
    for (int place = 0; place < VQC_COLOUR_STEPS; place++) {
        before[place] = pixel;
        pixel = vqc_colour_step_forward(steps->step[place], steps->parameters[steps->step[place]], pixel);
    }
    for (int place = VQC_COLOUR_STEPS - 1; place >= 0; place--)
        gradient = vqc_colour_step_backward(steps->step[place], steps->parameters[steps->step[place]], before[place],
                                            gradient);
    return gradient;
}

static vqc_status run_forward(const vqc_cpu_plan *plan, const vqc_forward *arguments, vqc_error *error)
{
    const vqc_colour *o = &plan->operation.colour;
    const float *input = arguments->input[0];
    const float *parameters = arguments->input[1];
    float *output = arguments->output;
    (void)error;
#pragma omp parallel for schedule(static)
    for (int64_t i = 0; i < o->crops * o->pixels; i++) {
        crop_steps steps = steps_of(parameters + i / o->pixels * VQC_COLOUR_PARAMETERS);
        vqc_rgb pixel;
        memcpy(&pixel, input + 3 * i, sizeof pixel);
        pixel = pixel_forward(&steps, pixel);
        memcpy(output + 3 * i, &pixel, sizeof pixel);
    }
    return VQC_OK;
}

static vqc_status run_backward(const vqc_cpu_plan *plan, const vqc_backward *arguments, vqc_error *error)
{
    const vqc_colour *o = &plan->operation.colour;
    const float *input = arguments->input[0];
    const float *parameters = arguments->input[1];
    const float *grad_output = arguments->grad_output;
    float *grad_input = arguments->grad_input[0];
    bool accumulate = arguments->accumulate[0];
    (void)error;
    if (grad_input == NULL)
        return VQC_OK;
#pragma omp parallel for schedule(static)
    for (int64_t i = 0; i < o->crops * o->pixels; i++) {
        crop_steps steps = steps_of(parameters + i / o->pixels * VQC_COLOUR_PARAMETERS);
        vqc_rgb pixel;
        vqc_rgb gradient;
        memcpy(&pixel, input + 3 * i, sizeof pixel);
        memcpy(&gradient, grad_output + 3 * i, sizeof gradient);
        gradient = pixel_backward(&steps, pixel, gradient);
        for (int c = 0; c < 3; c++)
            grad_input[3 * i + c] = accumulate ? grad_input[3 * i + c] + gradient.channel[c] : gradient.channel[c];
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
