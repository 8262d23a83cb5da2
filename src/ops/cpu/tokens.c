#include <stdlib.h>

#include "base/memory.h"
#include "ops/cpu/element.h"
#include "ops/cpu/plan.h"

typedef struct parameters {
    float *first; /* NULL: it is not given */
    float *positions;
} parameters;

static void state_destroy(void *opaque)
{
    parameters *state = opaque;
    free(state->first);
    free(state->positions);
    free(state);
}

/* The channels of one sequence, `width` apart, that are worked on at a time. */
enum { BLOCK = 64 };

typedef struct sequences {
    vqc_dtype dtype;
    int64_t tokens, width; /* without what is in front */
    vqc_tokens_front front;
    int64_t front_count;
    const parameters *parameters;
    const void *source;
    void *target;
    bool accumulate;
} sequences;

VQC_CPU_INLINE void add_position(vqc_dtype dtype, const sequences *s, int64_t batch, int64_t token)
{
    const void *restrict source = vqc_cpu_at(dtype, s->source, (batch * s->tokens + token) * s->width);
    int64_t place = s->front_count + token;
    void *restrict target =
        vqc_cpu_at_writable(dtype, s->target, (batch * (s->tokens + s->front_count) + place) * s->width);
    const float *restrict position = s->parameters->positions + place * s->width;
    for (int64_t c = 0; c < s->width; c++)
        vqc_cpu_store(dtype, target, c, vqc_cpu_load(dtype, source, c) + position[c]);
}

/* The first token's channels from `channel` on: the mean of the others. */
VQC_CPU_INLINE void mean_block(vqc_dtype dtype, const sequences *s, int64_t batch, int64_t channel, int64_t count)
{
    float sum[BLOCK] = {0};
    for (int64_t token = 0; token < s->tokens; token++) {
        const void *restrict source = vqc_cpu_at(dtype, s->source, (batch * s->tokens + token) * s->width + channel);
        for (int64_t c = 0; c < count; c++)
            sum[c] += vqc_cpu_load(dtype, source, c);
    }
    int64_t target = batch * (s->tokens + 1) * s->width + channel;
    for (int64_t c = 0; c < count; c++)
        vqc_cpu_store(dtype, s->target, target + c,
                      sum[c] / (float)s->tokens + s->parameters->positions[channel + c]);
}

VQC_CPU_INLINE void first_token(vqc_dtype dtype, const sequences *s, int64_t batch)
{
    if (s->front == VQC_TOKENS_FRONT_GIVEN) {
        for (int64_t c = 0; c < s->width; c++)
            vqc_cpu_store(dtype, s->target, batch * (s->tokens + 1) * s->width + c,
                          s->parameters->first[c] + s->parameters->positions[c]);
        return;
    }
    int64_t channel = 0;
    for (; channel + BLOCK <= s->width; channel += BLOCK)
        mean_block(dtype, s, batch, channel, BLOCK);
    if (channel < s->width)
        mean_block(dtype, s, batch, channel, s->width - channel);
}

/* The output row `row`, counted over all sequences. */
VQC_CPU_INLINE void output_row(vqc_dtype dtype, const sequences *s, int64_t row)
{
    int64_t batch = row / (s->tokens + s->front_count);
    int64_t place = row % (s->tokens + s->front_count);
    if (place < s->front_count)
        first_token(dtype, s, batch);
    else
        add_position(dtype, s, batch, place - s->front_count);
}

VQC_CPU_KERNEL static void forward_row(const sequences *s, int64_t row)
{
    VQC_CPU_FOR_DTYPE(output_row, s->dtype, s, row);
}

/* The gradient of input row `row`. */
VQC_CPU_INLINE void gradient_row(vqc_dtype dtype, bool accumulate, const sequences *s, int64_t row)
{
    int64_t batch = row / s->tokens;
    const void *restrict first = vqc_cpu_at(dtype, s->source, batch * (s->tokens + s->front_count) * s->width);
    const void *restrict own = vqc_cpu_at(dtype, s->source, (row + (batch + 1) * s->front_count) * s->width);
    void *restrict target = vqc_cpu_at_writable(dtype, s->target, row * s->width);
    float share = s->front == VQC_TOKENS_FRONT_MEAN ? 1.0F / (float)s->tokens : 0.0F;
    if (share == 0.0F)
        for (int64_t c = 0; c < s->width; c++)
            vqc_cpu_store_gradient(dtype, accumulate, target, c, vqc_cpu_load(dtype, own, c));
    else
        for (int64_t c = 0; c < s->width; c++)
            vqc_cpu_store_gradient(dtype, accumulate, target, c,
                                   vqc_cpu_load(dtype, own, c) + share * vqc_cpu_load(dtype, first, c));
}

VQC_CPU_KERNEL static void backward_row(const sequences *s, int64_t row)
{
    VQC_CPU_FOR_STORE(gradient_row, s->dtype, s->accumulate, s, row);
}

static vqc_status run_forward(const vqc_cpu_plan *plan, const vqc_forward *arguments, vqc_error *error)
{
    (void)error;
    const vqc_tokens *o = &plan->operation.tokens;
    const sequences s = {.dtype = plan->operation.dtype,
                         .tokens = o->tokens,
                         .width = o->width,
                         .front = o->front,
                         .front_count = vqc_tokens_front_count(o),
                         .parameters = plan->state,
                         .source = arguments->input[0],
                         .target = arguments->output};
    int64_t rows = o->batch * (o->tokens + s.front_count);
#pragma omp parallel for schedule(static)
    for (int64_t row = 0; row < rows; row++)
        forward_row(&s, row);
    return VQC_OK;
}

static vqc_status run_backward(const vqc_cpu_plan *plan, const vqc_backward *arguments, vqc_error *error)
{
    (void)error;
    const vqc_tokens *o = &plan->operation.tokens;
    if (arguments->grad_input[0] == NULL)
        return VQC_OK;
    const sequences s = {.dtype = plan->operation.dtype,
                         .tokens = o->tokens,
                         .width = o->width,
                         .front = o->front,
                         .front_count = vqc_tokens_front_count(o),
                         .parameters = plan->state,
                         .source = arguments->grad_output,
                         .target = arguments->grad_input[0],
                         .accumulate = arguments->accumulate[0]};
    int64_t rows = o->batch * o->tokens;
#pragma omp parallel for schedule(static)
    for (int64_t row = 0; row < rows; row++)
        backward_row(&s, row);
    return VQC_OK;
}

static vqc_status prepare(vqc_cpu_plan *plan, vqc_error *error)
{
    const vqc_tokens *o = &plan->operation.tokens;
    parameters *state;
    VQC_TRY(vqc_memory_allocate(1, sizeof *state, "a plan", &state, error));
    plan->state = state;
    plan->state_destroy = state_destroy;
    if (o->front == VQC_TOKENS_FRONT_GIVEN)
        VQC_TRY(vqc_cpu_parameters_copy(plan, o->first, o->width, &state->first, error));
    return vqc_cpu_parameters_copy(plan, o->positions, (o->tokens + vqc_tokens_front_count(o)) * o->width,
                                   &state->positions, error);
}

const vqc_cpu_kernel vqc_cpu_tokens_kernel = {.prepare = prepare, .forward = run_forward, .backward = run_backward};
