#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "ops/cpu/element.h"
#include "ops/cpu/plan.h"
#include "ops/formulas.h"

typedef struct parameters {
    float *targets; /* of unit length */
} parameters;

static void state_destroy(void *opaque)
{
    parameters *state = opaque;
    free(state->targets);
    free(state);
}

VQC_CPU_KERNEL static float length_of(const float *restrict x, int64_t width)
{
    float lanes[VQC_CPU_LANES] = {0};
    int64_t i = 0;
    for (; i + VQC_CPU_LANES <= width; i += VQC_CPU_LANES)
        for (int lane = 0; lane < VQC_CPU_LANES; lane++)
            lanes[lane] += x[i + lane] * x[i + lane];
    for (int lane = 0; i + lane < width; lane++)
        lanes[lane] += x[i + lane] * x[i + lane];
    return sqrtf(vqc_cpu_lanes_sum(lanes));
}

/* What gradient and value need of x̂ − ŷ: its length, and its product with x̂. */
typedef struct difference {
    float chord, along;
} difference;

VQC_CPU_KERNEL static difference difference_of(const float *restrict x, float length, const float *restrict target,
                                               int64_t width)
{
    float squares[VQC_CPU_LANES] = {0};
    float products[VQC_CPU_LANES] = {0};
    int64_t i = 0;
    for (; i + VQC_CPU_LANES <= width; i += VQC_CPU_LANES)
        for (int lane = 0; lane < VQC_CPU_LANES; lane++) {
            float unit = x[i + lane] / length;
            float d = unit - target[i + lane];
            squares[lane] += d * d;
            products[lane] += d * unit;
        }
    for (int lane = 0; i + lane < width; lane++) {
        float unit = x[i + lane] / length;
        float d = unit - target[i + lane];
        squares[lane] += d * d;
        products[lane] += d * unit;
    }
    return (difference){sqrtf(vqc_cpu_lanes_sum(squares)), vqc_cpu_lanes_sum(products)};
}

static void forward_row(const vqc_distance *o, const float *targets, const float *x, float *output)
{
    float length = length_of(x, o->width);
    for (int64_t prompt = 0; prompt < o->prompts; prompt++) {
        difference d = difference_of(x, length, targets + prompt * o->width, o->width);
        output[prompt] = vqc_formula_distance(d.chord);
    }
}

/* grad (+)= factor · (x̂ − ŷ − along x̂) */
VQC_CPU_KERNEL static void gradient_add(bool accumulate, float factor, float along, float length,
                                        const float *restrict x, const float *restrict target, float *restrict grad,
                                        int64_t width)
{
    for (int64_t i = 0; i < width; i++) {
        float unit = x[i] / length;
        float value = vqc_formula_distance_gradient(factor, unit, target[i], along);
        grad[i] = accumulate ? grad[i] + value : value;
    }
}

static void backward_row(const vqc_distance *o, const float *targets, const float *x, const float *grad_output,
                         bool accumulate, float *grad_input)
{
    float length = length_of(x, o->width);
    for (int64_t prompt = 0; prompt < o->prompts; prompt++) {
        const float *target = targets + prompt * o->width;
        difference d = difference_of(x, length, target, o->width);
        float factor = grad_output[prompt] * vqc_formula_distance_factor(d.chord) / length;
        gradient_add(accumulate || prompt > 0, factor, d.along, length, x, target, grad_input, o->width);
    }
}

static vqc_status run_forward(const vqc_cpu_plan *plan, const vqc_forward *arguments, vqc_error *error)
{
    (void)error;
    const vqc_distance *o = &plan->operation.distance;
    const parameters *state = plan->state;
    const float *input = arguments->input[0];
    float *output = arguments->output;
#pragma omp parallel for schedule(static)
    for (int64_t row = 0; row < o->rows; row++)
        forward_row(o, state->targets, input + row * o->width, output + row * o->prompts);
    return VQC_OK;
}

static vqc_status run_backward(const vqc_cpu_plan *plan, const vqc_backward *arguments, vqc_error *error)
{
    (void)error;
    const vqc_distance *o = &plan->operation.distance;
    const parameters *state = plan->state;
    const float *input = arguments->input[0];
    const float *grad_output = arguments->grad_output;
    float *grad_input = arguments->grad_input[0];
    if (grad_input == NULL)
        return VQC_OK;
#pragma omp parallel for schedule(static)
    for (int64_t row = 0; row < o->rows; row++)
        backward_row(o, state->targets, input + row * o->width, grad_output + row * o->prompts,
                     arguments->accumulate[0], grad_input + row * o->width);
    return VQC_OK;
}

static void normalise(float *vector, int64_t width)
{
    double sum = 0.0;
    for (int64_t i = 0; i < width; i++)
        sum += (double)vector[i] * (double)vector[i];
    double length = sqrt(sum);
    for (int64_t i = 0; i < width; i++)
        vector[i] = (float)((double)vector[i] / length);
}

static vqc_status prepare(vqc_cpu_plan *plan, vqc_error *error)
{
    const vqc_distance *o = &plan->operation.distance;
    parameters *state;
    VQC_TRY(vqc_memory_allocate(1, sizeof *state, "a plan", &state, error));
    plan->state = state;
    plan->state_destroy = state_destroy;
    VQC_TRY(vqc_cpu_parameters_copy(plan, o->targets, o->prompts * o->width, &state->targets, error));
    for (int64_t prompt = 0; prompt < o->prompts; prompt++)
        normalise(state->targets + prompt * o->width, o->width);
    return VQC_OK;
}

const vqc_cpu_kernel vqc_cpu_distance_kernel = {.prepare = prepare, .forward = run_forward, .backward = run_backward};
