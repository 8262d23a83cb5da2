#include <stdlib.h>

#include "base/memory.h"
#include "ops/cpu/element.h"
#include "ops/cpu/plan.h"
#include "ops/cpu/tile_convolution.h"

/* Plans of convolutions by tiles, with a residual where the operation has a second input. */
typedef struct tiles {
    vqc_tile_convolution *convolution;
    bool residual;
    int64_t output_count;
} tiles;

static void state_destroy(void *opaque)
{
    tiles *state = opaque;
    vqc_tile_convolution_destroy(state->convolution);
    free(state);
}

static vqc_status run_forward(const vqc_cpu_plan *plan, const vqc_forward *arguments, vqc_error *error)
{
    const tiles *state = plan->state;
    return vqc_tile_convolution_forward(state->convolution, arguments->input[0],
                                        state->residual ? arguments->input[1] : NULL, arguments->output,
                                        arguments->workspace, error);
}

static vqc_status run_backward(const vqc_cpu_plan *plan, const vqc_backward *arguments, vqc_error *error)
{
    const tiles *state = plan->state;
    if (state->residual && arguments->grad_input[1] != NULL)
        vqc_cpu_gradient_pass(plan->operation.dtype, arguments->accumulate[1], arguments->grad_input[1],
                              arguments->grad_output, state->output_count);
    if (arguments->grad_input[0] == NULL)
        return VQC_OK;
    return vqc_tile_convolution_gradient(state->convolution, arguments->grad_output,
                                         arguments->accumulate[0] ? arguments->grad_input[0] : NULL,
                                         arguments->grad_input[0], arguments->workspace, error);
}

vqc_status vqc_cpu_tile_plan_init(vqc_cpu_plan *plan, const vqc_tile_shape *shape, const float *weight,
                                  const float *bias, vqc_error *error)
{
    const vqc_operation_layout layout = vqc_operation_layout_of(&plan->operation);
    tiles *state;
    VQC_TRY(vqc_memory_allocate(1, sizeof *state, "a plan", &state, error));
    plan->state = state;
    plan->state_destroy = state_destroy;
    plan->run_forward = run_forward;
    plan->run_backward = run_backward;
    state->residual = layout.input_count > 1;
    state->output_count = layout.output_count_elements;
    VQC_TRY(vqc_tile_convolution_create(shape, weight, bias, &state->convolution, error));
    plan->sizes.parameters = vqc_tile_convolution_parameters(state->convolution);
    plan->sizes.workspace = vqc_tile_convolution_workspace(state->convolution, plan->backward);
    return VQC_OK;
}
