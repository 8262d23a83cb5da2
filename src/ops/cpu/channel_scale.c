#include <stdlib.h>

#include "base/memory.h"
#include "ops/cpu/element.h"
#include "ops/cpu/plan.h"

/* Scale and shift are repeated until they fill a few vectors, and the tensor is taken as rows of that length, of
 * which the last may be shorter: so three channels are as fast as many. */
enum { LEAST_PERIOD = 96 };

typedef struct parameters {
    int64_t period; /* elements, a multiple of the channels */
    float *scale;
    float *shift;
} parameters;

static void state_destroy(void *opaque)
{
    parameters *state = opaque;
    free(state->scale);
    free(state->shift);
    free(state);
}

typedef struct scaling {
    vqc_dtype dtype;
    const parameters *parameters;
    const void *source;
    void *target;
    int64_t count; /* elements */
    bool forward;  /* adds the shift */
    bool accumulate;
} scaling;

VQC_CPU_INLINE void scale_row(vqc_dtype dtype, bool accumulate, bool forward, const scaling *s, int64_t first)
{
    const float *restrict scale = s->parameters->scale;
    const float *restrict shift = s->parameters->shift;
    const void *restrict source = vqc_cpu_at(dtype, s->source, first);
    void *restrict target = vqc_cpu_at_writable(dtype, s->target, first);
    int64_t rest = s->count - first;
    int64_t length = rest < s->parameters->period ? rest : s->parameters->period;
    for (int64_t c = 0; c < length; c++) {
        float value = vqc_cpu_load(dtype, source, c) * scale[c];
        vqc_cpu_store_gradient(dtype, accumulate, target, c, forward ? value + shift[c] : value);
    }
}

VQC_CPU_KERNEL static void scale_piece(const scaling *s, int64_t first)
{
    if (s->forward)
        VQC_CPU_FOR_STORE(scale_row, s->dtype, false, true, s, first);
    else
        VQC_CPU_FOR_STORE(scale_row, s->dtype, s->accumulate, false, s, first);
}

static void scale_all(const scaling *s)
{
#pragma omp parallel for schedule(static)
    for (int64_t first = 0; first < s->count; first += s->parameters->period)
        scale_piece(s, first);
}

static vqc_status run_forward(const vqc_cpu_plan *plan, const vqc_forward *arguments, vqc_error *error)
{
    (void)error;
    const scaling s = {.dtype = plan->operation.dtype,
                       .parameters = plan->state,
                       .source = arguments->input[0],
                       .target = arguments->output,
                       .count = plan->operation.channel_scale.rows * plan->operation.channel_scale.channels,
                       .forward = true};
    scale_all(&s);
    return VQC_OK;
}

static vqc_status run_backward(const vqc_cpu_plan *plan, const vqc_backward *arguments, vqc_error *error)
{
    (void)error;
    if (arguments->grad_input[0] == NULL)
        return VQC_OK;
    const scaling s = {.dtype = plan->operation.dtype,
                       .parameters = plan->state,
                       .source = arguments->grad_output,
                       .target = arguments->grad_input[0],
                       .count = plan->operation.channel_scale.rows * plan->operation.channel_scale.channels,
                       .accumulate = arguments->accumulate[0]};
    scale_all(&s);
    return VQC_OK;
}

static vqc_status repeat(vqc_cpu_plan *plan, const float *values, int64_t channels, int64_t period, float **out,
                         vqc_error *error)
{
    VQC_TRY(vqc_memory_allocate((size_t)period, sizeof **out, "parameters", out, error));
    for (int64_t i = 0; i < period; i++)
        (*out)[i] = values[i % channels];
    plan->sizes.parameters += (size_t)period * sizeof **out;
    return VQC_OK;
}

static vqc_status prepare(vqc_cpu_plan *plan, vqc_error *error)
{
    const vqc_channel_scale *o = &plan->operation.channel_scale;
    parameters *state;
    VQC_TRY(vqc_memory_allocate(1, sizeof *state, "a plan", &state, error));
    plan->state = state;
    plan->state_destroy = state_destroy;
    state->period = (LEAST_PERIOD + o->channels - 1) / o->channels * o->channels;
    VQC_TRY(repeat(plan, o->scale, o->channels, state->period, &state->scale, error));
    return repeat(plan, o->shift, o->channels, state->period, &state->shift, error);
}

const vqc_cpu_kernel vqc_cpu_channel_scale_kernel = {
    .prepare = prepare, .forward = run_forward, .backward = run_backward};
