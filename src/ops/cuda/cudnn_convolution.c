#include <stdint.h>
#include <stdlib.h>

#include "base/memory.h"
#include "ops/convolution_shape.h"
#include "ops/cuda/convolution_ways.h"
#include "ops/cuda/convolution_weight.h"
#include "ops/cuda/correlation.h"
#include "ops/cuda/framing.h"
#include "ops/cuda/gradient.h"

/* parameter 0: (outer out channels, kernel_height, kernel_width, outer in channels); 1: bias, f32; 2: the weights of
 * the gradient, (outer in channels, kernel_height, kernel_width, outer out channels) turned by half a circle; 3: in
 * bf16 only, what cuDNN adds as the bias: (outer out channels), zero where there is none, and then zeros for the
 * gradient (outer in channels). */
enum { WEIGHT, BIAS, TURNED_WEIGHT, ADDED_BIAS };

/* Convolutions by cuDNN, channels last. Its kernels want pixels that begin at multiples of 16 bytes, and padding that
 * is the same on opposite sides; where a picture is not like that, a copy of it in a frame of zeros is used
 * ("outer"). The workspace holds the outer input, the outer output and cuDNN's own workspace, each only if it is
 * needed.
 *
 * The algorithms are fixed, and give the same bits every time. Where the stride is 1, the gradient is the correlation
 * of the output's gradient with the turned weights, for which cuDNN's kernels are the best; else its backward
 * algorithm computes it. In bf16, cuDNN adds bias and residual, or the gradient that was there, before it rounds, if
 * it can; it takes the bias in bf16 only. In f32 our kernels add them. */
typedef struct cudnn_convolution {
    vqc_cuda_framing input, output;
    bool input_is_framed, output_is_framed; /* else the outer picture is the inner one */
    size_t input_size, output_size;         /* bytes of workspace for them */
    vqc_cuda_correlation *forward;
    vqc_cuda_correlation *turned; /* NULL where the gradient is that of `forward` */
} cudnn_convolution;

enum { PIXEL_ALIGNMENT = 16 };

static void state_destroy(void *opaque)
{
    cudnn_convolution *state = opaque;
    vqc_cuda_correlation_destroy(state->turned);
    vqc_cuda_correlation_destroy(state->forward);
    free(state);
}

static int64_t framing_outer_count(const vqc_cuda_framing *f)
{
    return f->batch * f->outer_height * f->outer_width * f->outer_channels;
}

static int64_t framing_pixels(const vqc_cuda_framing *f)
{
    return f->batch * f->height * f->width;
}

static int64_t channels_aligned(int64_t channels, vqc_dtype dtype)
{
    int64_t step = PIXEL_ALIGNMENT / (int64_t)vqc_dtype_size(dtype);
    return (channels + step - 1) / step * step;
}

static bool padding_is_symmetric(const vqc_convolution *o)
{
    return o->pad_top == o->pad_bottom && o->pad_left == o->pad_right;
}

static void framings_set(cudnn_convolution *state, const vqc_convolution *o, vqc_dtype dtype)
{
    bool symmetric = padding_is_symmetric(o);
    int64_t out_height = vqc_convolution_out_height(o);
    int64_t out_width = vqc_convolution_out_width(o);
    state->input = (vqc_cuda_framing){.batch = o->batch,
                                      .height = o->height,
                                      .width = o->width,
                                      .channels = o->in_channels,
                                      .outer_height = symmetric ? o->height : o->pad_top + o->height + o->pad_bottom,
                                      .outer_width = symmetric ? o->width : o->pad_left + o->width + o->pad_right,
                                      .outer_channels = channels_aligned(o->in_channels, dtype),
                                      .top = symmetric ? 0 : o->pad_top,
                                      .left = symmetric ? 0 : o->pad_left};
    state->output = (vqc_cuda_framing){.batch = o->batch,
                                       .height = out_height,
                                       .width = out_width,
                                       .channels = o->out_channels,
                                       .outer_height = out_height,
                                       .outer_width = out_width,
                                       .outer_channels = channels_aligned(o->out_channels, dtype)};
    state->input_is_framed = !symmetric || state->input.outer_channels != o->in_channels;
    state->output_is_framed = state->output.outer_channels != o->out_channels;
}

/* cuDNN counts elements in 32 bits. */
static bool sizes_fit(const cudnn_convolution *state)
{
    return framing_outer_count(&state->input) <= INT32_MAX && framing_outer_count(&state->output) <= INT32_MAX;
}

static vqc_cuda_correlation_shape forward_shape(const cudnn_convolution *state, const vqc_convolution *o)
{
    bool symmetric = padding_is_symmetric(o);
    return (vqc_cuda_correlation_shape){.batch = o->batch,
                                        .height = state->input.outer_height,
                                        .width = state->input.outer_width,
                                        .in_channels = state->input.outer_channels,
                                        .out_channels = state->output.outer_channels,
                                        .kernel_height = o->kernel_height,
                                        .kernel_width = o->kernel_width,
                                        .stride = o->stride,
                                        .pad_height = symmetric ? o->pad_top : 0,
                                        .pad_width = symmetric ? o->pad_left : 0};
}

/* Of the gradient where the stride is 1. */
static vqc_cuda_correlation_shape turned_shape(const cudnn_convolution *state, const vqc_convolution *o)
{
    vqc_cuda_correlation_shape shape = forward_shape(state, o);
    shape.height = state->output.outer_height;
    shape.width = state->output.outer_width;
    shape.in_channels = state->output.outer_channels;
    shape.out_channels = state->input.outer_channels;
    shape.pad_height = o->kernel_height - 1 - shape.pad_height;
    shape.pad_width = o->kernel_width - 1 - shape.pad_width;
    return shape;
}

static void *outer_output(const cudnn_convolution *state, void *workspace)
{
    return (char *)workspace + state->input_size;
}

static void *library_workspace(const cudnn_convolution *state, void *workspace)
{
    return (char *)workspace + state->input_size + state->output_size;
}

/* The convolution with what is added to it by cuDNN, where both that is possible and there is something to add. */
static vqc_status run_whole(const vqc_cuda_plan *plan, const vqc_cuda_correlation_operands *operands,
                            const void *residual, bool *done_out, vqc_error *error)
{
    const cudnn_convolution *state = plan->state;
    *done_out = false;
    if (state->output_is_framed || plan->parameters->memory[ADDED_BIAS] == NULL ||
        (plan->parameters->memory[BIAS] == NULL && residual == NULL))
        return VQC_OK;
    return vqc_cuda_correlation_run_with(state->forward, operands, plan->parameters->memory[ADDED_BIAS], residual,
                                         done_out, error);
}

static vqc_status finish(const vqc_cuda_plan *plan, const vqc_forward *arguments, const void *outer,
                         const void *residual, vqc_error *error)
{
    const cudnn_convolution *state = plan->state;
    if (residual == NULL && plan->parameters->memory[BIAS] == NULL && !state->output_is_framed)
        return VQC_OK;
    return vqc_cuda_check(vqc_cuda_convolution_finish(plan->operation.dtype, framing_pixels(&state->output),
                                                      state->output.channels, state->output.outer_channels, outer,
                                                      plan->parameters->memory[BIAS], residual, arguments->output,
                                                      plan->device->stream),
                          "adding bias and residual", error);
}

static vqc_status run_forward(const vqc_cuda_plan *plan, const vqc_forward *arguments, vqc_error *error)
{
    const cudnn_convolution *state = plan->state;
    const void *residual = plan->operation.convolution.residual ? arguments->input[1] : NULL;
    vqc_cuda_correlation_operands operands = {.input = arguments->input[0],
                                              .weight = plan->parameters->memory[WEIGHT],
                                              .output = arguments->output,
                                              .workspace = library_workspace(state, arguments->workspace)};
    bool done;
    if (state->input_is_framed) {
        VQC_TRY(vqc_cuda_check(vqc_cuda_frame(plan->operation.dtype, &state->input, operands.input,
                                              arguments->workspace, plan->device->stream),
                               "framing the input", error));
        operands.input = arguments->workspace;
    }
    if (state->output_is_framed)
        operands.output = outer_output(state, arguments->workspace);
    VQC_TRY(run_whole(plan, &operands, residual, &done, error));
    if (done)
        return VQC_OK;
    VQC_TRY(vqc_cuda_correlation_run(state->forward, &operands, error));
    return finish(plan, arguments, operands.output, residual, error);
}

/* Of the bias that cuDNN adds to the gradient: as many zeros as the outer input has channels; NULL in f32. */
static const void *zeros_of(const vqc_cuda_plan *plan)
{
    const cudnn_convolution *state = plan->state;
    const char *bias = plan->parameters->memory[ADDED_BIAS];
    return bias == NULL ? NULL : bias + (size_t)state->output.outer_channels * vqc_dtype_size(plan->operation.dtype);
}

/* The gradient of the outer input: operands->output = or, where cuDNN can, grad_input += it. */
static vqc_status outer_gradient(const vqc_cuda_plan *plan, vqc_cuda_correlation_operands *operands, void *grad_input,
                                 bool *added_out, vqc_error *error)
{
    const cudnn_convolution *state = plan->state;
    *added_out = false;
    if (state->turned == NULL) {
        operands->weight = plan->parameters->memory[WEIGHT];
        return vqc_cuda_correlation_gradient_run(state->forward, operands, error);
    }
    operands->weight = plan->parameters->memory[TURNED_WEIGHT];
    if (grad_input != NULL) {
        vqc_cuda_correlation_operands adding = *operands;
        adding.output = grad_input;
        VQC_TRY(vqc_cuda_correlation_run_with(state->turned, &adding, zeros_of(plan), grad_input, added_out, error));
    }
    return *added_out ? VQC_OK : vqc_cuda_correlation_run(state->turned, operands, error);
}

/* The gradient of the outer input goes to the workspace, unless it is itself what is wanted. */
static vqc_status input_gradient(const vqc_cuda_plan *plan, const vqc_backward *arguments, vqc_error *error)
{
    const cudnn_convolution *state = plan->state;
    vqc_dtype dtype = plan->operation.dtype;
    cudaStream_t stream = plan->device->stream;
    bool accumulate = arguments->accumulate[0];
    bool direct = !state->input_is_framed && !accumulate;
    bool may_add = !state->input_is_framed && accumulate && zeros_of(plan) != NULL;
    bool added;
    vqc_cuda_correlation_operands operands = {.input = arguments->grad_output,
                                              .output = direct ? arguments->grad_input[0] : arguments->workspace,
                                              .workspace = library_workspace(state, arguments->workspace)};
    if (state->output_is_framed) {
        void *framed = outer_output(state, arguments->workspace);
        VQC_TRY(vqc_cuda_check(vqc_cuda_frame(dtype, &state->output, operands.input, framed, stream),
                               "framing the output's gradient", error));
        operands.input = framed;
    }
    VQC_TRY(outer_gradient(plan, &operands, may_add ? arguments->grad_input[0] : NULL, &added, error));
    if (direct || added)
        return VQC_OK;
    if (!state->input_is_framed)
        return vqc_cuda_check(vqc_cuda_gradient_pass(dtype, accumulate, arguments->grad_input[0], operands.output,
                                                     framing_outer_count(&state->input), stream),
                              "adding the input's gradient", error);
    return vqc_cuda_check(
        vqc_cuda_unframe(dtype, &state->input, accumulate, operands.output, arguments->grad_input[0], stream),
        "taking the input's gradient", error);
}

static vqc_status run_backward(const vqc_cuda_plan *plan, const vqc_backward *arguments, vqc_error *error)
{
    const cudnn_convolution *state = plan->state;
    if (plan->operation.convolution.residual && arguments->grad_input[1] != NULL)
        VQC_TRY(vqc_cuda_check(vqc_cuda_gradient_pass(plan->operation.dtype, arguments->accumulate[1],
                                                      arguments->grad_input[1], arguments->grad_output,
                                                      framing_pixels(&state->output) * state->output.channels,
                                                      plan->device->stream),
                               "the residual's gradient", error));
    return arguments->grad_input[0] == NULL ? VQC_OK : input_gradient(plan, arguments, error);
}

/* (outer in channels, kernel_height, kernel_width, outer out channels) */
static vqc_status turned_weight_upload(vqc_cuda_plan *plan, const cudnn_convolution *state, vqc_error *error)
{
    const vqc_convolution *o = &plan->operation.convolution;
    int64_t places = o->kernel_height * o->kernel_width;
    int64_t place_stride = state->output.outer_channels;
    int64_t row_stride = places * place_stride;
    int64_t rows = state->input.outer_channels;
    float *weight;
    VQC_TRY(vqc_memory_allocate((size_t)(rows * row_stride), sizeof *weight, "weights", &weight, error));
    for (int64_t in = 0; in < o->in_channels; in++)
        for (int64_t out = 0; out < o->out_channels; out++)
            for (int64_t place = 0; place < places; place++)
                weight[in * row_stride + (places - 1 - place) * place_stride + out] =
                    o->weight[(out * o->in_channels + in) * places + place];
    vqc_status status =
        vqc_cuda_parameter_upload(plan, TURNED_WEIGHT, plan->operation.dtype, weight, rows * row_stride, error);
    free(weight);
    return status;
}

/* The bias, or zeros where there is none, and then the zeros for the gradient. */
static vqc_status added_bias_upload(vqc_cuda_plan *plan, const cudnn_convolution *state, vqc_error *error)
{
    const vqc_convolution *o = &plan->operation.convolution;
    int64_t count = state->output.outer_channels + state->input.outer_channels;
    float *bias;
    VQC_TRY(vqc_memory_allocate((size_t)count, sizeof *bias, "a bias", &bias, error));
    for (int64_t i = 0; i < o->out_channels && o->bias != NULL; i++)
        bias[i] = o->bias[i];
    vqc_status status = vqc_cuda_parameter_upload(plan, ADDED_BIAS, plan->operation.dtype, bias, count, error);
    free(bias);
    return status;
}

/* That a plan beside another one is offered the same ways, whose weights are there. */
static vqc_status parameters_check(const vqc_cuda_plan *plan, const cudnn_convolution *state, vqc_error *error)
{
    if ((state->turned != NULL) == vqc_cuda_parameter_is_there(plan, TURNED_WEIGHT))
        return VQC_OK;
    return vqc_error_set(error, VQC_FAILED, "cuDNN offers another way than for the plan beside this one");
}

static vqc_status parameters_upload(vqc_cuda_plan *plan, const cudnn_convolution *state, vqc_error *error)
{
    const vqc_convolution *o = &plan->operation.convolution;
    int64_t rows = state->output.outer_channels;
    int64_t row_stride = o->kernel_height * o->kernel_width * state->input.outer_channels;
    float *weight;
    if (vqc_cuda_parameter_is_there(plan, WEIGHT))
        return parameters_check(plan, state, error);
    VQC_TRY(vqc_cuda_weight_arrange(o, rows, row_stride, state->input.outer_channels, &weight, error));
    vqc_status status =
        vqc_cuda_parameter_upload(plan, WEIGHT, plan->operation.dtype, weight, rows * row_stride, error);
    free(weight);
    if (status == VQC_OK && o->bias != NULL)
        status = vqc_cuda_parameter_upload(plan, BIAS, VQC_DTYPE_F32, o->bias, o->out_channels, error);
    if (status == VQC_OK && plan->operation.dtype == VQC_DTYPE_BF16)
        status = added_bias_upload(plan, state, error);
    if (status == VQC_OK && state->turned != NULL)
        status = turned_weight_upload(plan, state, error);
    return status;
}

/* The way to the gradient. */
static vqc_status backward_offer(const vqc_cuda_plan *plan, cudnn_convolution *state, bool *offered_out,
                                 vqc_error *error)
{
    const vqc_convolution *o = &plan->operation.convolution;
    const vqc_cuda_correlation_shape turned = turned_shape(state, o);
    if (o->stride == 1 && turned.pad_height >= 0 && turned.pad_width >= 0)
        VQC_TRY(vqc_cuda_correlation_create(plan, &turned, &state->turned, error));
    *offered_out = state->turned != NULL;
    return *offered_out ? VQC_OK : vqc_cuda_correlation_gradient_prepare(state->forward, offered_out, error);
}

static vqc_status offer(const vqc_cuda_plan *plan, cudnn_convolution *state, bool *offered_out, vqc_error *error)
{
    framings_set(state, &plan->operation.convolution, plan->operation.dtype);
    *offered_out = sizes_fit(state);
    if (!*offered_out)
        return VQC_OK;
    const vqc_cuda_correlation_shape forward = forward_shape(state, &plan->operation.convolution);
    VQC_TRY(vqc_cuda_correlation_create(plan, &forward, &state->forward, error));
    *offered_out = state->forward != NULL;
    return *offered_out && plan->backward ? backward_offer(plan, state, offered_out, error) : VQC_OK;
}

static size_t library_size(const cudnn_convolution *state)
{
    size_t forward = vqc_cuda_correlation_workspace(state->forward);
    size_t turned = state->turned != NULL ? vqc_cuda_correlation_workspace(state->turned) : 0;
    return forward > turned ? forward : turned;
}

vqc_status vqc_cuda_cudnn_convolution_prepare(vqc_cuda_plan *plan, bool *offered_out, vqc_error *error)
{
    cudnn_convolution *state;
    VQC_TRY(vqc_memory_allocate(1, sizeof *state, "a plan", &state, error));
    vqc_status status = offer(plan, state, offered_out, error);
    if (status != VQC_OK || !*offered_out) {
        state_destroy(state);
        return status;
    }
    plan->state = state;
    plan->state_destroy = state_destroy;
    plan->run_forward = run_forward;
    plan->run_backward = run_backward;
    size_t element = vqc_dtype_size(plan->operation.dtype);
    if (state->input_is_framed || plan->backward)
        state->input_size = vqc_cuda_align((size_t)framing_outer_count(&state->input) * element);
    if (state->output_is_framed)
        state->output_size = vqc_cuda_align((size_t)framing_outer_count(&state->output) * element);
    plan->sizes.workspace = state->input_size + state->output_size + library_size(state);
    return parameters_upload(plan, state, error);
}
