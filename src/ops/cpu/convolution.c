#include <stdlib.h>

#include "base/memory.h"
#include "ops/convolution_shape.h"
#include "ops/cpu/element.h"
#include "ops/cpu/plan.h"

typedef struct convolutions {
    vqc_onednn_primitive *forward;
    vqc_onednn_primitive *gradient; /* NULL in plans without a backward pass */
    int64_t input_count, output_count;
} convolutions;

static void state_destroy(void *opaque)
{
    convolutions *state = opaque;
    vqc_onednn_primitive_destroy(state->forward);
    vqc_onednn_primitive_destroy(state->gradient);
    free(state);
}

static vqc_status run_forward(const vqc_cpu_plan *plan, const vqc_forward *arguments, vqc_error *error)
{
    const convolutions *state = plan->state;
    if (plan->operation.convolution.residual)
        vqc_cpu_copy(plan->operation.dtype, arguments->output, arguments->input[1], state->output_count);
    const vqc_onednn_arguments operands = {
        .source = arguments->input[0], .target = arguments->output, .scratchpad = arguments->workspace};
    return vqc_onednn_execute(state->forward, &operands, error);
}

/* A gradient that is to be added to another is first computed in the workspace, behind the scratchpad. */
static vqc_status run_backward(const vqc_cpu_plan *plan, const vqc_backward *arguments, vqc_error *error)
{
    const convolutions *state = plan->state;
    vqc_dtype dtype = plan->operation.dtype;
    if (plan->operation.convolution.residual && arguments->grad_input[1] != NULL)
        vqc_cpu_gradient_pass(dtype, arguments->accumulate[1], arguments->grad_input[1], arguments->grad_output,
                              state->output_count);
    if (arguments->grad_input[0] == NULL)
        return VQC_OK;
    void *fresh = (char *)arguments->workspace + vqc_onednn_primitive_scratchpad(state->gradient);
    const vqc_onednn_arguments operands = {.source = arguments->grad_output,
                                           .target = arguments->accumulate[0] ? fresh : arguments->grad_input[0],
                                           .scratchpad = arguments->workspace};
    VQC_TRY(vqc_onednn_execute(state->gradient, &operands, error));
    if (arguments->accumulate[0])
        vqc_cpu_gradient_pass(dtype, true, arguments->grad_input[0], fresh, state->input_count);
    return VQC_OK;
}

static vqc_status gradient_init(vqc_cpu_plan *plan, convolutions *state, vqc_error *error)
{
    vqc_dtype dtype = plan->operation.dtype;
    VQC_TRY(vqc_onednn_convolution_gradient_create(plan->device->onednn, dtype, &plan->operation.convolution,
                                                   &state->gradient, error));
    plan->sizes.parameters += vqc_onednn_primitive_parameters(state->gradient);
    size_t workspace =
        vqc_onednn_primitive_scratchpad(state->gradient) + (size_t)state->input_count * vqc_dtype_size(dtype);
    if (workspace > plan->sizes.workspace)
        plan->sizes.workspace = workspace;
    return VQC_OK;
}

static vqc_tile_shape tile_shape_of(const vqc_convolution *c)
{
    return (vqc_tile_shape){.batch = c->batch,
                            .height = c->height,
                            .width = c->width,
                            .in_channels = c->in_channels,
                            .out_channels = c->out_channels,
                            .out_height = vqc_convolution_out_height(c),
                            .out_width = vqc_convolution_out_width(c),
                            .pad_top = c->pad_top,
                            .pad_left = c->pad_left};
}

/* In bf16 the sums of pixels would be rounded once more. */
static bool is_of_tiles(const vqc_operation *operation)
{
    const vqc_convolution *c = &operation->convolution;
    if (operation->dtype != VQC_DTYPE_F32 || c->kernel_height != 3 || c->kernel_width != 3 || c->stride != 1)
        return false;
    const vqc_tile_shape shape = tile_shape_of(c);
    return vqc_tile_convolution_pays(&shape);
}

static vqc_status prepare(vqc_cpu_plan *plan, vqc_error *error)
{
    if (vqc_cpu_is_patch_convolution(&plan->operation.convolution))
        return vqc_cpu_patch_convolution_init(plan, error);
    if (is_of_tiles(&plan->operation)) {
        const vqc_convolution *c = &plan->operation.convolution;
        const vqc_tile_shape shape = tile_shape_of(c);
        return vqc_cpu_tile_plan_init(plan, &shape, c->weight, c->bias, error);
    }
    convolutions *state;
    VQC_TRY(vqc_memory_allocate(1, sizeof *state, "a plan", &state, error));
    plan->state = state;
    plan->state_destroy = state_destroy;
    vqc_operation_layout layout = vqc_operation_layout_of(&plan->operation);
    state->input_count = layout.input_count_elements[0];
    state->output_count = layout.output_count_elements;
    VQC_TRY(vqc_onednn_convolution_create(plan->device->onednn, plan->operation.dtype, &plan->operation.convolution,
                                          &state->forward, error));
    plan->sizes.parameters += vqc_onednn_primitive_parameters(state->forward);
    plan->sizes.workspace = vqc_onednn_primitive_scratchpad(state->forward);
    return plan->backward ? gradient_init(plan, state, error) : VQC_OK;
}

const vqc_cpu_kernel vqc_cpu_convolution_kernel = {
    .prepare = prepare, .forward = run_forward, .backward = run_backward};
