#include <stdlib.h>

#include "base/memory.h"
#include "ops/cuda/framing.h"
#include "ops/cuda/gradient.h"
#include "ops/cuda/kernels.h"
#include "ops/cuda/plan.h"
#include "ops/upsample_folding.h"

/* The gradient of a convolution with folded weights, and backwards that convolution, whose plan is inside this one
 * and has its parameters; behind them is the bias. */
enum { BIAS = VQC_CUDA_MAX_PARAMETERS - 1 };

typedef struct enlarging {
    vqc_cuda_plan convolution;
    int64_t input_count;
} enlarging;

static void state_destroy(void *opaque)
{
    enlarging *state = opaque;
    if (state->convolution.state != NULL)
        state->convolution.state_destroy(state->convolution.state);
    free(state);
}

static vqc_status run_forward(const vqc_cuda_plan *plan, const vqc_forward *arguments, vqc_error *error)
{
    const enlarging *state = plan->state;
    const vqc_upsample_convolution *o = &plan->operation.upsample_convolution;
    const vqc_backward inner = {
        .grad_output = arguments->input[0], .grad_input = {arguments->output}, .workspace = arguments->workspace};
    VQC_TRY(state->convolution.run_backward(&state->convolution, &inner, error));
    if (plan->parameters->memory[BIAS] == NULL)
        return VQC_OK;
    return vqc_cuda_check(vqc_cuda_convolution_finish(plan->operation.dtype, 4 * o->batch * o->height * o->width,
                                                      o->out_channels, o->out_channels, arguments->output,
                                                      plan->parameters->memory[BIAS], NULL, arguments->output,
                                                      plan->device->stream),
                          "adding the bias", error);
}

/* A gradient that is to be added to another is first computed in the workspace, behind the convolution's. */
static vqc_status run_backward(const vqc_cuda_plan *plan, const vqc_backward *arguments, vqc_error *error)
{
    const enlarging *state = plan->state;
    if (arguments->grad_input[0] == NULL)
        return VQC_OK;
    void *fresh = (char *)arguments->workspace + vqc_cuda_align(state->convolution.sizes.workspace);
    const vqc_forward inner = {.input = {arguments->grad_output},
                               .output = arguments->accumulate[0] ? fresh : arguments->grad_input[0],
                               .workspace = arguments->workspace};
    VQC_TRY(state->convolution.run_forward(&state->convolution, &inner, error));
    if (!arguments->accumulate[0])
        return VQC_OK;
    return vqc_cuda_check(vqc_cuda_gradient_pass(plan->operation.dtype, true, arguments->grad_input[0], fresh,
                                                 state->input_count, plan->device->stream),
                          "adding the input's gradient", error);
}

/* In a plan beside another one the weights are there, and those of the operation gone. */
static vqc_status convolution_prepare(vqc_cuda_plan *plan, vqc_cuda_plan *convolution, vqc_error *error)
{
    const vqc_upsample_convolution *o = &plan->operation.upsample_convolution;
    float *weight = NULL;
    if (!vqc_cuda_parameter_is_there(plan, 0)) {
        VQC_TRY(vqc_memory_allocate((size_t)(16 * o->in_channels * o->out_channels), sizeof *weight, "weights",
                                    &weight, error));
        vqc_upsample_fold(o, weight);
    }
    *convolution = (vqc_cuda_plan){.device = plan->device,
                                   .operation = {.kind = VQC_OPERATION_CONVOLUTION,
                                                 .dtype = plan->operation.dtype,
                                                 .convolution = vqc_upsample_folded(o, weight)},
                                   .backward = true,
                                   .parameters = plan->parameters};
    vqc_status status = vqc_cuda_convolution_kernels.prepare(convolution, error);
    free(weight);
    return status;
}

static vqc_status prepare(vqc_cuda_plan *plan, vqc_error *error)
{
    const vqc_upsample_convolution *o = &plan->operation.upsample_convolution;
    enlarging *state;
    VQC_TRY(vqc_memory_allocate(1, sizeof *state, "a plan", &state, error));
    plan->state = state;
    plan->state_destroy = state_destroy;
    plan->run_forward = run_forward;
    plan->run_backward = run_backward;
    state->input_count = vqc_operation_layout_of(&plan->operation).input_count_elements[0];
    VQC_TRY(convolution_prepare(plan, &state->convolution, error));
    plan->sizes.parameters += state->convolution.sizes.parameters;
    plan->sizes.workspace = vqc_cuda_align(state->convolution.sizes.workspace);
    if (plan->backward)
        plan->sizes.workspace += (size_t)state->input_count * vqc_dtype_size(plan->operation.dtype);
    return o->bias == NULL ? VQC_OK
                           : vqc_cuda_parameter_upload(plan, BIAS, VQC_DTYPE_F32, o->bias, o->out_channels, error);
}

const vqc_cuda_kernels vqc_cuda_upsample_convolution_kernels = {.prepare = prepare};
