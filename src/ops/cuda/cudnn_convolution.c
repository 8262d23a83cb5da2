#include <stdint.h>
#include <stdlib.h>

#include "base/memory.h"
#include "ops/cuda/convolution.h"
#include "ops/cuda/framing.h"
#include "ops/cuda/gradient.h"

/* parameter 0: (outer out channels, kernel_height, kernel_width, outer in channels); 1: bias, f32. */
enum { WEIGHT, BIAS };

/* Convolutions by cuDNN, channels last. Its kernels want pixels that begin at multiples of 16 bytes, and padding that
 * is the same on opposite sides; where a picture is not like that, a copy of it in a frame of zeros is used
 * ("outer"). The workspace holds the outer input, the outer output and cuDNN's own workspace, each only if it is
 * needed.
 *
 * The algorithms are fixed, and give the same bits every time: implicit GEMM forward, algorithm 1 (the one without
 * atomics) backward. */
typedef struct cudnn_convolution {
    vqc_cuda_framing input, output;
    bool input_is_framed, output_is_framed; /* else the outer picture is the inner one */
    size_t input_size, output_size;         /* bytes of workspace for them */
    size_t library_size;
    cudnnTensorDescriptor_t input_descriptor, output_descriptor;
    cudnnFilterDescriptor_t weight_descriptor;
    cudnnConvolutionDescriptor_t descriptor;
    cudnnConvolutionFwdAlgo_t forward_algorithm;
} cudnn_convolution;

#define BACKWARD_ALGORITHM CUDNN_CONVOLUTION_BWD_DATA_ALGO_1

enum { PIXEL_ALIGNMENT = 16 };

static const float one = 1.0F;
static const float zero = 0.0F;

static void state_destroy(void *opaque)
{
    cudnn_convolution *state = opaque;
    if (state->descriptor != NULL)
        (void)cudnnDestroyConvolutionDescriptor(state->descriptor);
    if (state->weight_descriptor != NULL)
        (void)cudnnDestroyFilterDescriptor(state->weight_descriptor);
    if (state->output_descriptor != NULL)
        (void)cudnnDestroyTensorDescriptor(state->output_descriptor);
    if (state->input_descriptor != NULL)
        (void)cudnnDestroyTensorDescriptor(state->input_descriptor);
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
    int64_t out_height = vqc_cuda_out_height(o);
    int64_t out_width = vqc_cuda_out_width(o);
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

#define SET(expression) VQC_TRY(vqc_cuda_cudnn_check((expression), "describing a convolution", error))

static vqc_status tensor_describe(const vqc_cuda_framing *f, cudnnDataType_t type,
                                  cudnnTensorDescriptor_t *descriptor, vqc_error *error)
{
    SET(cudnnCreateTensorDescriptor(descriptor));
    SET(cudnnSetTensor4dDescriptor(*descriptor, CUDNN_TENSOR_NHWC, type, (int)f->batch, (int)f->outer_channels,
                                   (int)f->outer_height, (int)f->outer_width));
    return VQC_OK;
}

/* Products of f32 are exact unless TF32 was asked for: cuDNN's default would use it unasked. */
static cudnnMathType_t math_of(const vqc_cuda_plan *plan)
{
    if (plan->operation.dtype == VQC_DTYPE_BF16)
        return CUDNN_TENSOR_OP_MATH;
    return plan->device->tf32 ? CUDNN_DEFAULT_MATH : CUDNN_FMA_MATH;
}

/* That cuDNN means the output that we do. */
static vqc_status output_check(const cudnn_convolution *state, vqc_error *error)
{
    int batch, channels, height, width;
    SET(cudnnGetConvolution2dForwardOutputDim(state->descriptor, state->input_descriptor, state->weight_descriptor,
                                              &batch, &channels, &height, &width));
    const vqc_cuda_framing *f = &state->output;
    if (batch != f->batch || channels != f->outer_channels || height != f->outer_height || width != f->outer_width)
        return vqc_error_set(error, VQC_FAILED, "cuda: cuDNN would give an output of (%d, %d, %d, %d)", batch, height,
                             width, channels);
    return VQC_OK;
}

static vqc_status describe(const vqc_cuda_plan *plan, cudnn_convolution *state, vqc_error *error)
{
    const vqc_convolution *o = &plan->operation.convolution;
    cudnnDataType_t type = plan->operation.dtype == VQC_DTYPE_BF16 ? CUDNN_DATA_BFLOAT16 : CUDNN_DATA_FLOAT;
    bool symmetric = padding_is_symmetric(o);
    VQC_TRY(tensor_describe(&state->input, type, &state->input_descriptor, error));
    VQC_TRY(tensor_describe(&state->output, type, &state->output_descriptor, error));
    SET(cudnnCreateFilterDescriptor(&state->weight_descriptor));
    SET(cudnnSetFilter4dDescriptor(state->weight_descriptor, type, CUDNN_TENSOR_NHWC,
                                   (int)state->output.outer_channels, (int)state->input.outer_channels,
                                   (int)o->kernel_height, (int)o->kernel_width));
    SET(cudnnCreateConvolutionDescriptor(&state->descriptor));
    SET(cudnnSetConvolution2dDescriptor(state->descriptor, symmetric ? (int)o->pad_top : 0,
                                        symmetric ? (int)o->pad_left : 0, (int)o->stride, (int)o->stride, 1, 1,
                                        CUDNN_CROSS_CORRELATION, CUDNN_DATA_FLOAT));
    SET(cudnnSetConvolutionMathType(state->descriptor, math_of(plan)));
    return output_check(state, error);
}

/* Whether cuDNN says that it does not have this; not, that something is wrong with the installation. */
static bool is_not_supported(cudnnStatus_t status)
{
    switch (status) {
    case CUDNN_STATUS_NOT_SUPPORTED:
    case CUDNN_STATUS_NOT_SUPPORTED_GRAPH_PATTERN:
    case CUDNN_STATUS_NOT_SUPPORTED_SHAPE:
    case CUDNN_STATUS_NOT_SUPPORTED_DATA_TYPE:
    case CUDNN_STATUS_NOT_SUPPORTED_LAYOUT:
    case CUDNN_STATUS_NOT_SUPPORTED_ARCH_MISMATCH:
        return true;
    default:
        return false;
    }
}

/* The first of the forward algorithms that cuDNN has for the shape. */
static vqc_status forward_choose(const vqc_cuda_plan *plan, cudnn_convolution *state, bool *offered_out,
                                 vqc_error *error)
{
    static const cudnnConvolutionFwdAlgo_t algorithms[] = {CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_PRECOMP_GEMM,
                                                           CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_GEMM};
    *offered_out = false;
    for (size_t i = 0; i < sizeof algorithms / sizeof algorithms[0] && !*offered_out; i++) {
        cudnnStatus_t found = cudnnGetConvolutionForwardWorkspaceSize(
            plan->device->cudnn, state->input_descriptor, state->weight_descriptor, state->descriptor,
            state->output_descriptor, algorithms[i], &state->library_size);
        if (is_not_supported(found))
            continue;
        SET(found);
        state->forward_algorithm = algorithms[i];
        *offered_out = true;
    }
    return VQC_OK;
}

static vqc_status backward_choose(const vqc_cuda_plan *plan, cudnn_convolution *state, bool *offered_out,
                                  vqc_error *error)
{
    size_t size = 0;
    cudnnStatus_t found = cudnnGetConvolutionBackwardDataWorkspaceSize(
        plan->device->cudnn, state->weight_descriptor, state->output_descriptor, state->descriptor,
        state->input_descriptor, BACKWARD_ALGORITHM, &size);
    *offered_out = !is_not_supported(found);
    if (!*offered_out)
        return VQC_OK;
    SET(found);
    if (size > state->library_size)
        state->library_size = size;
    return VQC_OK;
}

static void *outer_output(const cudnn_convolution *state, void *workspace)
{
    return (char *)workspace + state->input_size;
}

static void *library_workspace(const cudnn_convolution *state, void *workspace)
{
    return (char *)workspace + state->input_size + state->output_size;
}

static vqc_status finish(const vqc_cuda_plan *plan, const vqc_forward *arguments, const void *outer, vqc_error *error)
{
    const cudnn_convolution *state = plan->state;
    bool residual = plan->operation.convolution.residual;
    if (!residual && plan->parameter[BIAS] == NULL && !state->output_is_framed)
        return VQC_OK;
    return vqc_cuda_check(vqc_cuda_convolution_finish(plan->operation.dtype, framing_pixels(&state->output),
                                                      state->output.channels, state->output.outer_channels, outer,
                                                      plan->parameter[BIAS], residual ? arguments->input[1] : NULL,
                                                      arguments->output, plan->device->stream),
                          "adding bias and residual", error);
}

static vqc_status run_forward(const vqc_cuda_plan *plan, const vqc_forward *arguments, vqc_error *error)
{
    const cudnn_convolution *state = plan->state;
    const void *input = arguments->input[0];
    void *output = arguments->output;
    if (state->input_is_framed) {
        VQC_TRY(vqc_cuda_check(
            vqc_cuda_frame(plan->operation.dtype, &state->input, input, arguments->workspace, plan->device->stream),
            "framing the input", error));
        input = arguments->workspace;
    }
    if (state->output_is_framed)
        output = outer_output(state, arguments->workspace);
    VQC_TRY(vqc_cuda_cudnn_check(
        cudnnConvolutionForward(plan->device->cudnn, &one, state->input_descriptor, input, state->weight_descriptor,
                                plan->parameter[WEIGHT], state->descriptor, state->forward_algorithm,
                                library_workspace(state, arguments->workspace), state->library_size, &zero,
                                state->output_descriptor, output),
        "a convolution", error));
    return finish(plan, arguments, output, error);
}

/* The gradient of the outer input goes to the workspace, unless it is itself what is wanted. */
static vqc_status input_gradient(const vqc_cuda_plan *plan, const vqc_backward *arguments, vqc_error *error)
{
    const cudnn_convolution *state = plan->state;
    vqc_dtype dtype = plan->operation.dtype;
    cudaStream_t stream = plan->device->stream;
    const void *grad_output = arguments->grad_output;
    bool direct = !state->input_is_framed && !arguments->accumulate[0];
    void *grad_input = direct ? arguments->grad_input[0] : arguments->workspace;
    if (state->output_is_framed) {
        void *framed = outer_output(state, arguments->workspace);
        VQC_TRY(vqc_cuda_check(vqc_cuda_frame(dtype, &state->output, grad_output, framed, stream),
                               "framing the output's gradient", error));
        grad_output = framed;
    }
    VQC_TRY(vqc_cuda_cudnn_check(
        cudnnConvolutionBackwardData(plan->device->cudnn, &one, state->weight_descriptor, plan->parameter[WEIGHT],
                                     state->output_descriptor, grad_output, state->descriptor, BACKWARD_ALGORITHM,
                                     library_workspace(state, arguments->workspace), state->library_size, &zero,
                                     state->input_descriptor, grad_input),
        "a convolution's gradient", error));
    if (direct)
        return VQC_OK;
    return vqc_cuda_check(vqc_cuda_unframe(dtype, &state->input, arguments->accumulate[0], grad_input,
                                           arguments->grad_input[0], stream),
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

static vqc_status parameters_upload(vqc_cuda_plan *plan, const cudnn_convolution *state, vqc_error *error)
{
    const vqc_convolution *o = &plan->operation.convolution;
    int64_t rows = state->output.outer_channels;
    int64_t row_stride = o->kernel_height * o->kernel_width * state->input.outer_channels;
    float *weight;
    VQC_TRY(vqc_cuda_weight_arrange(o, rows, row_stride, state->input.outer_channels, &weight, error));
    vqc_status status =
        vqc_cuda_parameter_upload(plan, WEIGHT, plan->operation.dtype, weight, rows * row_stride, error);
    free(weight);
    if (status == VQC_OK && o->bias != NULL)
        status = vqc_cuda_parameter_upload(plan, BIAS, VQC_DTYPE_F32, o->bias, o->out_channels, error);
    return status;
}

static vqc_status offer(vqc_cuda_plan *plan, cudnn_convolution *state, bool *offered_out, vqc_error *error)
{
    framings_set(state, &plan->operation.convolution, plan->operation.dtype);
    *offered_out = sizes_fit(state);
    if (!*offered_out)
        return VQC_OK;
    VQC_TRY(describe(plan, state, error));
    VQC_TRY(forward_choose(plan, state, offered_out, error));
    return *offered_out && plan->backward ? backward_choose(plan, state, offered_out, error) : VQC_OK;
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
    plan->sizes.workspace = state->input_size + state->output_size + state->library_size;
    return parameters_upload(plan, state, error);
}
