#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "ops/cpu/element.h"
#include "ops/cpu/plan.h"
#include "ops/formulas.h"

typedef struct parameters {
    float *weight;
    float *bias;
} parameters;

/* Of each row, what the forward pass leaves for the backward pass. */
typedef struct statistics {
    float mean;
    float inverse_deviation;
} statistics;

static void state_destroy(void *opaque)
{
    parameters *state = opaque;
    free(state->weight);
    free(state->bias);
    free(state);
}

typedef struct norm {
    vqc_dtype dtype;
    int64_t width;
    float epsilon;
    const parameters *parameters;
    const void *input;
    const void *grad_output;
    void *target;
    statistics *saved;
    bool accumulate;
} norm;

VQC_CPU_INLINE float mean_of(vqc_dtype dtype, const void *restrict x, int64_t width)
{
    float lanes[VQC_CPU_LANES] = {0};
    int64_t i = 0;
    for (; i + VQC_CPU_LANES <= width; i += VQC_CPU_LANES)
#pragma omp simd
        for (int lane = 0; lane < VQC_CPU_LANES; lane++)
            lanes[lane] += vqc_cpu_load(dtype, x, i + lane);
    for (int lane = 0; i + lane < width; lane++)
        lanes[lane] += vqc_cpu_load(dtype, x, i + lane);
    return vqc_cpu_lanes_sum(lanes) / (float)width;
}

VQC_CPU_INLINE float variance_of(vqc_dtype dtype, const void *restrict x, float mean, int64_t width)
{
    float lanes[VQC_CPU_LANES] = {0};
    int64_t i = 0;
    for (; i + VQC_CPU_LANES <= width; i += VQC_CPU_LANES)
#pragma omp simd
        for (int lane = 0; lane < VQC_CPU_LANES; lane++) {
            float d = vqc_cpu_load(dtype, x, i + lane) - mean;
            lanes[lane] += d * d;
        }
    for (int lane = 0; i + lane < width; lane++) {
        float d = vqc_cpu_load(dtype, x, i + lane) - mean;
        lanes[lane] += d * d;
    }
    return vqc_cpu_lanes_sum(lanes) / (float)width;
}

VQC_CPU_INLINE void normalise(vqc_dtype dtype, const norm *n, int64_t row)
{
    const float *restrict weight = n->parameters->weight;
    const float *restrict bias = n->parameters->bias;
    const void *restrict x = vqc_cpu_at(dtype, n->input, row * n->width);
    void *restrict y = vqc_cpu_at_writable(dtype, n->target, row * n->width);
    float mean = mean_of(dtype, x, n->width);
    float inverse = 1.0F / sqrtf(variance_of(dtype, x, mean, n->width) + n->epsilon);
    n->saved[row] = (statistics){mean, inverse};
#pragma omp simd
    for (int64_t i = 0; i < n->width; i++)
        vqc_cpu_store(dtype, y, i,
                      vqc_formula_normalise(vqc_cpu_load(dtype, x, i), mean, inverse, weight[i], bias[i]));
}

VQC_CPU_KERNEL static void forward_row(const norm *n, int64_t row)
{
    VQC_CPU_FOR_DTYPE(normalise, n->dtype, n, row);
}

/* Means over a row of the gradient h with respect to the normalised values, and of h times these values. */
typedef struct gradient_means {
    float plain, along;
} gradient_means;

VQC_CPU_INLINE gradient_means gradient_means_of(vqc_dtype dtype, const void *restrict x, const void *restrict grad,
                                                const float *restrict weight, statistics m, int64_t width)
{
    float plain[VQC_CPU_LANES] = {0};
    float along[VQC_CPU_LANES] = {0};
    int64_t i = 0;
    for (; i + VQC_CPU_LANES <= width; i += VQC_CPU_LANES)
#pragma omp simd
        for (int lane = 0; lane < VQC_CPU_LANES; lane++) {
            float h = vqc_cpu_load(dtype, grad, i + lane) * weight[i + lane];
            plain[lane] += h;
            along[lane] += h * ((vqc_cpu_load(dtype, x, i + lane) - m.mean) * m.inverse_deviation);
        }
    for (int lane = 0; i + lane < width; lane++) {
        float h = vqc_cpu_load(dtype, grad, i + lane) * weight[i + lane];
        plain[lane] += h;
        along[lane] += h * ((vqc_cpu_load(dtype, x, i + lane) - m.mean) * m.inverse_deviation);
    }
    return (gradient_means){vqc_cpu_lanes_sum(plain) / (float)width, vqc_cpu_lanes_sum(along) / (float)width};
}

VQC_CPU_INLINE void gradient(vqc_dtype dtype, bool accumulate, const norm *n, int64_t row)
{
    const float *restrict weight = n->parameters->weight;
    const void *restrict x = vqc_cpu_at(dtype, n->input, row * n->width);
    const void *restrict grad = vqc_cpu_at(dtype, n->grad_output, row * n->width);
    void *restrict target = vqc_cpu_at_writable(dtype, n->target, row * n->width);
    const statistics m = n->saved[row];
    const gradient_means means = gradient_means_of(dtype, x, grad, weight, m, n->width);
#pragma omp simd
    for (int64_t i = 0; i < n->width; i++) {
        float h = vqc_cpu_load(dtype, grad, i) * weight[i];
        float normalised = (vqc_cpu_load(dtype, x, i) - m.mean) * m.inverse_deviation;
        float value = vqc_formula_normalise_gradient(h, normalised, means.plain, means.along, m.inverse_deviation);
        vqc_cpu_store_gradient(dtype, accumulate, target, i, value);
    }
}

VQC_CPU_KERNEL static void backward_row(const norm *n, int64_t row)
{
    VQC_CPU_FOR_STORE(gradient, n->dtype, n->accumulate, n, row);
}

static vqc_status run_forward(const vqc_cpu_plan *plan, const vqc_forward *arguments, vqc_error *error)
{
    (void)error;
    const vqc_layer_norm *o = &plan->operation.layer_norm;
    const norm n = {.dtype = plan->operation.dtype,
                    .width = o->width,
                    .epsilon = o->epsilon,
                    .parameters = plan->state,
                    .input = arguments->input[0],
                    .target = arguments->output,
                    .saved = arguments->saved};
#pragma omp parallel for schedule(static)
    for (int64_t row = 0; row < o->rows; row++)
        forward_row(&n, row);
    return VQC_OK;
}

static vqc_status run_backward(const vqc_cpu_plan *plan, const vqc_backward *arguments, vqc_error *error)
{
    (void)error;
    const vqc_layer_norm *o = &plan->operation.layer_norm;
    if (arguments->grad_input[0] == NULL)
        return VQC_OK;
    const norm n = {.dtype = plan->operation.dtype,
                    .width = o->width,
                    .parameters = plan->state,
                    .input = arguments->input[0],
                    .grad_output = arguments->grad_output,
                    .target = arguments->grad_input[0],
                    .saved = (statistics *)(uintptr_t)arguments->saved,
                    .accumulate = arguments->accumulate[0]};
#pragma omp parallel for schedule(static)
    for (int64_t row = 0; row < o->rows; row++)
        backward_row(&n, row);
    return VQC_OK;
}

static vqc_status prepare(vqc_cpu_plan *plan, vqc_error *error)
{
    const vqc_layer_norm *o = &plan->operation.layer_norm;
    parameters *state;
    VQC_TRY(vqc_memory_allocate(1, sizeof *state, "a plan", &state, error));
    plan->state = state;
    plan->state_destroy = state_destroy;
    plan->sizes.saved = (size_t)o->rows * sizeof(statistics);
    VQC_TRY(vqc_cpu_parameters_copy(plan, o->weight, o->width, &state->weight, error));
    return vqc_cpu_parameters_copy(plan, o->bias, o->width, &state->bias, error);
}

const vqc_cpu_kernel vqc_cpu_layer_norm_kernel = {
    .prepare = prepare, .forward = run_forward, .backward = run_backward};
