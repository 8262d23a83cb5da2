#include <stdlib.h>

#include "base/memory.h"
#include "ops/cpu/element.h"
#include "ops/cpu/plan.h"

typedef struct parameters {
    float *table;
    float *positions;
} parameters;

static void state_destroy(void *opaque)
{
    parameters *state = opaque;
    free(state->table);
    free(state->positions);
    free(state);
}

VQC_CPU_INLINE void sum_row(vqc_dtype dtype, const float *restrict entry, const float *restrict position,
                            void *restrict output, int64_t width)
{
    for (int64_t c = 0; c < width; c++)
        vqc_cpu_store(dtype, output, c, entry[c] + position[c]);
}

VQC_CPU_KERNEL static void forward_row(const vqc_cpu_plan *plan, const vqc_forward *arguments, int64_t row)
{
    const vqc_embed *o = &plan->operation.embed;
    const parameters *state = plan->state;
    vqc_dtype dtype = plan->operation.dtype;
    const int32_t *ids = arguments->input[0];
    const float *entry = state->table + ids[row] * o->width;
    const float *position = state->positions + row % o->tokens * o->width;
    void *output = vqc_cpu_at_writable(dtype, arguments->output, row * o->width);
    VQC_CPU_FOR_DTYPE(sum_row, dtype, entry, position, output, o->width);
}

static vqc_status run_forward(const vqc_cpu_plan *plan, const vqc_forward *arguments, vqc_error *error)
{
    (void)error;
    int64_t rows = plan->operation.embed.batch * plan->operation.embed.tokens;
#pragma omp parallel for schedule(static)
    for (int64_t row = 0; row < rows; row++)
        forward_row(plan, arguments, row);
    return VQC_OK;
}

static vqc_status prepare(vqc_cpu_plan *plan, vqc_error *error)
{
    const vqc_embed *o = &plan->operation.embed;
    parameters *state;
    VQC_TRY(vqc_memory_allocate(1, sizeof *state, "a plan", &state, error));
    plan->state = state;
    plan->state_destroy = state_destroy;
    VQC_TRY(vqc_cpu_parameters_copy(plan, o->table, o->entries * o->width, &state->table, error));
    return vqc_cpu_parameters_copy(plan, o->positions, o->tokens * o->width, &state->positions, error);
}

const vqc_cpu_kernel vqc_cpu_embed_kernel = {.prepare = prepare, .forward = run_forward};
