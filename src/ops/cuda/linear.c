#include "ops/cuda/linear.h"

#include <stdlib.h>

#include "base/memory.h"
#include "ops/cuda/gradient.h"
#include "ops/cuda/kernels.h"
#include "ops/cuda/product.h"

enum { WEIGHT, BIAS };

typedef struct products {
    int64_t output_count;
    bool residual;
    vqc_cuda_product *forward;
    vqc_cuda_product *gradient; /* NULL in plans without a backward pass */
} products;

static void state_destroy(void *opaque)
{
    products *state = opaque;
    vqc_cuda_product_destroy(state->forward);
    vqc_cuda_product_destroy(state->gradient);
    free(state);
}

static vqc_status run_forward(const vqc_cuda_plan *plan, const vqc_forward *arguments, vqc_error *error)
{
    const products *state = plan->state;
    const vqc_cuda_product_operands operands = {.left = arguments->input[0],
                                                .right = plan->parameters->memory[WEIGHT],
                                                .added = state->residual ? arguments->input[1] : NULL,
                                                .target = arguments->output,
                                                .workspace = arguments->workspace,
                                                .scale = 1.0F};
    return vqc_cuda_product_run(state->forward, &operands, error);
}

static vqc_status run_backward(const vqc_cuda_plan *plan, const vqc_backward *arguments, vqc_error *error)
{
    const products *state = plan->state;
    if (state->residual && arguments->grad_input[1] != NULL)
        VQC_TRY(vqc_cuda_check(vqc_cuda_gradient_pass(plan->operation.dtype, arguments->accumulate[1],
                                                      arguments->grad_input[1], arguments->grad_output,
                                                      state->output_count, plan->device->stream),
                               "the residual's gradient", error));
    void *target = arguments->grad_input[0];
    if (target == NULL)
        return VQC_OK;
    const vqc_cuda_product_operands operands = {.left = arguments->grad_output,
                                                .right = plan->parameters->memory[WEIGHT],
                                                .added = arguments->accumulate[0] ? target : NULL,
                                                .target = target,
                                                .workspace = arguments->workspace,
                                                .scale = 1.0F};
    return vqc_cuda_product_run(state->gradient, &operands, error);
}

static vqc_status forward_create(vqc_cuda_plan *plan, products *state, const vqc_linear *o, vqc_error *error)
{
    const vqc_cuda_product_shape shape = {.batch = 1,
                                          .rows = o->rows,
                                          .columns = o->out_width,
                                          .depth = o->in_width,
                                          .right_transposed = true,
                                          .left_stride = o->in_width,
                                          .right_stride = o->in_width,
                                          .target_stride = o->out_width,
                                          .dtype = plan->operation.dtype,
                                          .target_dtype = plan->operation.dtype,
                                          .bias = plan->parameters->memory[BIAS]};
    return vqc_cuda_product_create(plan->device, &shape, &state->forward, error);
}

static vqc_status gradient_create(vqc_cuda_plan *plan, products *state, const vqc_linear *o, vqc_error *error)
{
    const vqc_cuda_product_shape shape = {.batch = 1,
                                          .rows = o->rows,
                                          .columns = o->in_width,
                                          .depth = o->out_width,
                                          .left_stride = o->out_width,
                                          .right_stride = o->in_width,
                                          .target_stride = o->in_width,
                                          .dtype = plan->operation.dtype,
                                          .target_dtype = plan->operation.dtype};
    return vqc_cuda_product_create(plan->device, &shape, &state->gradient, error);
}

vqc_status vqc_cuda_linear_prepare(vqc_cuda_plan *plan, const vqc_linear *linear, vqc_error *error)
{
    vqc_dtype dtype = plan->operation.dtype;
    products *state;
    VQC_TRY(vqc_memory_allocate(1, sizeof *state, "a plan", &state, error));
    plan->state = state;
    plan->state_destroy = state_destroy;
    plan->run_forward = run_forward;
    plan->run_backward = run_backward;
    state->output_count = linear->rows * linear->out_width;
    state->residual = linear->residual;
    VQC_TRY(
        vqc_cuda_parameter_upload(plan, WEIGHT, dtype, linear->weight, linear->out_width * linear->in_width, error));
    if (linear->bias != NULL)
        VQC_TRY(vqc_cuda_parameter_upload(plan, BIAS, dtype, linear->bias, linear->out_width, error));
    VQC_TRY(forward_create(plan, state, linear, error));
    plan->sizes.workspace = vqc_cuda_product_workspace(state->forward);
    if (!plan->backward)
        return VQC_OK;
    VQC_TRY(gradient_create(plan, state, linear, error));
    if (vqc_cuda_product_workspace(state->gradient) > plan->sizes.workspace)
        plan->sizes.workspace = vqc_cuda_product_workspace(state->gradient);
    return VQC_OK;
}

static vqc_status prepare(vqc_cuda_plan *plan, vqc_error *error)
{
    return vqc_cuda_linear_prepare(plan, &plan->operation.linear, error);
}

const vqc_cuda_kernels vqc_cuda_linear_kernels = {.prepare = prepare};
