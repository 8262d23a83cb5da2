#include <stdlib.h>

#include "base/memory.h"
#include "ops/cpu/element.h"
#include "ops/cpu/plan.h"

typedef struct products {
    vqc_onednn_primitive *forward;
    vqc_onednn_primitive *gradient; /* NULL in plans without a backward pass */
} products;

static void state_destroy(void *opaque)
{
    products *state = opaque;
    vqc_onednn_primitive_destroy(state->forward);
    vqc_onednn_primitive_destroy(state->gradient);
    free(state);
}

static vqc_status run_forward(const vqc_cpu_plan *plan, const vqc_forward *arguments, vqc_error *error)
{
    const vqc_linear *o = &plan->operation.linear;
    const products *state = plan->state;
    if (o->residual)
        vqc_cpu_copy(plan->operation.dtype, arguments->output, arguments->input[1], o->rows * o->out_width);
    const vqc_onednn_arguments operands = {
        .source = arguments->input[0], .target = arguments->output, .scratchpad = arguments->workspace};
    return vqc_onednn_execute(state->forward, &operands, error);
}

/* A gradient that is to be added to another is first computed in the workspace, behind the scratchpad. */
static vqc_status run_backward(const vqc_cpu_plan *plan, const vqc_backward *arguments, vqc_error *error)
{
    const vqc_linear *o = &plan->operation.linear;
    const products *state = plan->state;
    vqc_dtype dtype = plan->operation.dtype;
    if (o->residual && arguments->grad_input[1] != NULL)
        vqc_cpu_gradient_pass(dtype, arguments->accumulate[1], arguments->grad_input[1], arguments->grad_output,
                              o->rows * o->out_width);
    if (arguments->grad_input[0] == NULL)
        return VQC_OK;
    void *fresh = (char *)arguments->workspace + vqc_onednn_primitive_scratchpad(state->gradient);
    const vqc_onednn_arguments operands = {.source = arguments->grad_output,
                                           .target = arguments->accumulate[0] ? fresh : arguments->grad_input[0],
                                           .scratchpad = arguments->workspace};
    VQC_TRY(vqc_onednn_execute(state->gradient, &operands, error));
    if (arguments->accumulate[0])
        vqc_cpu_gradient_pass(dtype, true, arguments->grad_input[0], fresh, o->rows * o->in_width);
    return VQC_OK;
}

static vqc_status gradient_init(vqc_cpu_plan *plan, products *state, vqc_error *error)
{
    const vqc_linear *o = &plan->operation.linear;
    vqc_dtype dtype = plan->operation.dtype;
    const vqc_onednn_product gradient = {.rows = o->rows,
                                         .columns = o->in_width,
                                         .depth = o->out_width,
                                         .dtype = dtype,
                                         .target_dtype = dtype,
                                         .constant = o->weight};
    VQC_TRY(vqc_onednn_product_create(plan->device->onednn, &gradient, &state->gradient, error));
    plan->sizes.parameters += vqc_onednn_primitive_parameters(state->gradient);
    size_t workspace =
        vqc_onednn_primitive_scratchpad(state->gradient) + (size_t)(o->rows * o->in_width) * vqc_dtype_size(dtype);
    if (workspace > plan->sizes.workspace)
        plan->sizes.workspace = workspace;
    return VQC_OK;
}

static vqc_status prepare(vqc_cpu_plan *plan, vqc_error *error)
{
    const vqc_linear *o = &plan->operation.linear;
    products *state;
    VQC_TRY(vqc_memory_allocate(1, sizeof *state, "a plan", &state, error));
    plan->state = state;
    plan->state_destroy = state_destroy;
    const vqc_onednn_product forward = {.rows = o->rows,
                                        .columns = o->out_width,
                                        .depth = o->in_width,
                                        .dtype = plan->operation.dtype,
                                        .target_dtype = plan->operation.dtype,
                                        .matrix_transposed = true,
                                        .accumulate = o->residual,
                                        .constant = o->weight,
                                        .bias = o->bias};
    VQC_TRY(vqc_onednn_product_create(plan->device->onednn, &forward, &state->forward, error));
    plan->sizes.parameters += vqc_onednn_primitive_parameters(state->forward);
    plan->sizes.workspace = vqc_onednn_primitive_scratchpad(state->forward);
    return plan->backward ? gradient_init(plan, state, error) : VQC_OK;
}

const vqc_cpu_kernel vqc_cpu_linear_kernel = {.prepare = prepare, .forward = run_forward, .backward = run_backward};
