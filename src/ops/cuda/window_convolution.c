#include <stdlib.h>

#include "base/memory.h"
#include "ops/convolution_shape.h"
#include "ops/cuda/convolution_ways.h"
#include "ops/cuda/convolution_weight.h"
#include "ops/cuda/gradient.h"
#include "ops/cuda/product.h"
#include "ops/cuda/windows.h"

/* parameter 0: (out_channels, depth), each row laid out as a window; 1: bias. */
enum { WEIGHT, BIAS };

/* Rows are as long as a multiple of this, so that each begins aligned. */
enum { DEPTH_STEP = 8 };

typedef struct window_convolution {
    vqc_cuda_windows windows;
    int64_t rows;
    size_t rows_size; /* bytes of the workspace that the rows take */
    vqc_cuda_product *forward;
    vqc_cuda_product *gradient; /* NULL in plans without a backward pass */
} window_convolution;

static void state_destroy(void *opaque)
{
    window_convolution *state = opaque;
    vqc_cuda_product_destroy(state->forward);
    vqc_cuda_product_destroy(state->gradient);
    free(state);
}

static vqc_status run_forward(const vqc_cuda_plan *plan, const vqc_forward *arguments, vqc_error *error)
{
    const window_convolution *state = plan->state;
    VQC_TRY(vqc_cuda_check(vqc_cuda_windows_gather(plan->operation.dtype, &state->windows, arguments->input[0],
                                                   arguments->workspace, plan->device->stream),
                           "laying out the windows", error));
    const void *residual = plan->operation.convolution.residual ? arguments->input[1] : NULL;
    const vqc_cuda_product_operands operands = {.left = arguments->workspace,
                                                .right = plan->parameters->memory[WEIGHT],
                                                .added = residual,
                                                .target = arguments->output,
                                                .workspace = (char *)arguments->workspace + state->rows_size,
                                                .scale = 1.0F};
    return vqc_cuda_product_run(state->forward, &operands, error);
}

static vqc_status run_backward(const vqc_cuda_plan *plan, const vqc_backward *arguments, vqc_error *error)
{
    const window_convolution *state = plan->state;
    const vqc_convolution *o = &plan->operation.convolution;
    vqc_dtype dtype = plan->operation.dtype;
    cudaStream_t stream = plan->device->stream;
    if (o->residual && arguments->grad_input[1] != NULL)
        VQC_TRY(vqc_cuda_check(vqc_cuda_gradient_pass(dtype, arguments->accumulate[1], arguments->grad_input[1],
                                                      arguments->grad_output, state->rows * o->out_channels, stream),
                               "the residual's gradient", error));
    if (arguments->grad_input[0] == NULL)
        return VQC_OK;
    const vqc_cuda_product_operands operands = {.left = arguments->grad_output,
                                                .right = plan->parameters->memory[WEIGHT],
                                                .target = arguments->workspace,
                                                .workspace = (char *)arguments->workspace + state->rows_size,
                                                .scale = 1.0F};
    VQC_TRY(vqc_cuda_product_run(state->gradient, &operands, error));
    return vqc_cuda_check(vqc_cuda_windows_add(dtype, &state->windows, arguments->accumulate[0], arguments->workspace,
                                               arguments->grad_input[0], stream),
                          "adding up the windows' gradients", error);
}

static vqc_status parameters_upload(vqc_cuda_plan *plan, int64_t depth, vqc_error *error)
{
    const vqc_convolution *o = &plan->operation.convolution;
    vqc_dtype dtype = plan->operation.dtype;
    float *weight;
    if (vqc_cuda_parameter_is_there(plan, WEIGHT))
        return VQC_OK;
    VQC_TRY(vqc_cuda_weight_arrange(o, o->out_channels, depth, o->in_channels, &weight, error));
    vqc_status status = vqc_cuda_parameter_upload(plan, WEIGHT, dtype, weight, o->out_channels * depth, error);
    free(weight);
    if (status == VQC_OK && o->bias != NULL)
        status = vqc_cuda_parameter_upload(plan, BIAS, dtype, o->bias, o->out_channels, error);
    return status;
}

static vqc_status forward_create(vqc_cuda_plan *plan, window_convolution *state, vqc_error *error)
{
    const vqc_convolution *o = &plan->operation.convolution;
    const vqc_cuda_product_shape shape = {.batch = 1,
                                          .rows = state->rows,
                                          .columns = o->out_channels,
                                          .depth = state->windows.depth,
                                          .right_transposed = true,
                                          .left_stride = state->windows.depth,
                                          .right_stride = state->windows.depth,
                                          .target_stride = o->out_channels,
                                          .dtype = plan->operation.dtype,
                                          .target_dtype = plan->operation.dtype,
                                          .bias = plan->parameters->memory[BIAS]};
    return vqc_cuda_product_create(plan->device, &shape, &state->forward, error);
}

/* The windows' gradients are f32, as several of them are added up for each element of the picture. */
static vqc_status gradient_create(vqc_cuda_plan *plan, window_convolution *state, vqc_error *error)
{
    const vqc_convolution *o = &plan->operation.convolution;
    const vqc_cuda_product_shape shape = {.batch = 1,
                                          .rows = state->rows,
                                          .columns = state->windows.depth,
                                          .depth = o->out_channels,
                                          .left_stride = o->out_channels,
                                          .right_stride = state->windows.depth,
                                          .target_stride = state->windows.depth,
                                          .dtype = plan->operation.dtype,
                                          .target_dtype = VQC_DTYPE_F32};
    return vqc_cuda_product_create(plan->device, &shape, &state->gradient, error);
}

static void windows_set(vqc_cuda_windows *windows, const vqc_convolution *o)
{
    int64_t window = o->kernel_height * o->kernel_width * o->in_channels;
    *windows = (vqc_cuda_windows){.batch = o->batch,
                                  .height = o->height,
                                  .width = o->width,
                                  .channels = o->in_channels,
                                  .kernel_height = o->kernel_height,
                                  .kernel_width = o->kernel_width,
                                  .stride = o->stride,
                                  .pad_top = o->pad_top,
                                  .pad_left = o->pad_left,
                                  .out_height = vqc_convolution_out_height(o),
                                  .out_width = vqc_convolution_out_width(o),
                                  .depth = (window + DEPTH_STEP - 1) / DEPTH_STEP * DEPTH_STEP};
}

vqc_status vqc_cuda_window_convolution_prepare(vqc_cuda_plan *plan, vqc_error *error)
{
    window_convolution *state;
    VQC_TRY(vqc_memory_allocate(1, sizeof *state, "a plan", &state, error));
    plan->state = state;
    plan->state_destroy = state_destroy;
    plan->run_forward = run_forward;
    plan->run_backward = run_backward;
    windows_set(&state->windows, &plan->operation.convolution);
    state->rows = state->windows.batch * state->windows.out_height * state->windows.out_width;
    vqc_dtype rows_dtype = plan->backward ? VQC_DTYPE_F32 : plan->operation.dtype;
    state->rows_size = vqc_cuda_align((size_t)(state->rows * state->windows.depth) * vqc_dtype_size(rows_dtype));
    VQC_TRY(parameters_upload(plan, state->windows.depth, error));
    VQC_TRY(forward_create(plan, state, error));
    size_t product = vqc_cuda_product_workspace(state->forward);
    if (plan->backward) {
        VQC_TRY(gradient_create(plan, state, error));
        if (vqc_cuda_product_workspace(state->gradient) > product)
            product = vqc_cuda_product_workspace(state->gradient);
    }
    plan->sizes.workspace = state->rows_size + product;
    return VQC_OK;
}
