#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "base/dtype.h"
#include "cudnn.h"
#include "emulation.hpp"

/* cuDNN's convolutions as plain loops. With VQC_EMULATED_CUDNN=none in the environment it has no algorithm for any
 * shape, with VQC_EMULATED_CUDNN=plain it adds nothing to a convolution. */

struct emulated_cudnn {
    cudaStream_t stream;
};

struct emulated_tensor {
    cudnnDataType_t type;
    int n, c, h, w;
};

struct emulated_filter {
    cudnnDataType_t type;
    int k, c, h, w;
};

struct emulated_activation {
    cudnnActivationMode_t mode;
};

struct emulated_convolution {
    int pad_h, pad_w, stride_h, stride_w;
    cudnnMathType_t math;
};

enum { WORKSPACE_SIZE = 1000, ALIGNMENT = 16 };

static float element(cudnnDataType_t type, const void *tensor, std::int64_t index)
{
    if (type == CUDNN_DATA_BFLOAT16)
        return vqc_f32_from_bf16(((const std::uint16_t *)tensor)[index]);
    return ((const float *)tensor)[index];
}

static void element_set(cudnnDataType_t type, void *tensor, std::int64_t index, float value)
{
    if (type == CUDNN_DATA_BFLOAT16)
        ((std::uint16_t *)tensor)[index] = vqc_bf16_from_f32(value);
    else
        ((float *)tensor)[index] = value;
}

static std::int64_t tensor_index(const emulated_tensor &t, int n, int y, int x, int c)
{
    return (((std::int64_t)n * t.h + y) * t.w + x) * t.c + c;
}

static std::int64_t filter_index(const emulated_filter &f, int k, int y, int x, int c)
{
    return (((std::int64_t)k * f.h + y) * f.w + x) * f.c + c;
}

static int size_of(cudnnDataType_t type)
{
    return type == CUDNN_DATA_BFLOAT16 ? 2 : 4;
}

/* Whether the tensor is one for which kernels that load 16 bytes at once exist. */
static bool pixels_are_aligned(const emulated_tensor &t)
{
    return t.c * size_of(t.type) % ALIGNMENT == 0;
}

static cudnnStatus_t shapes_check(const emulated_tensor &input, const emulated_filter &f,
                                  const emulated_convolution &o, const emulated_tensor &output)
{
    bool fit = input.c == f.c && output.c == f.k && output.n == input.n && input.type == f.type &&
               output.type == f.type && output.h == (input.h + 2 * o.pad_h - f.h) / o.stride_h + 1 &&
               output.w == (input.w + 2 * o.pad_w - f.w) / o.stride_w + 1;
    if (!fit || !pixels_are_aligned(input) || !pixels_are_aligned(output))
        return CUDNN_STATUS_BAD_PARAM;
    bool math_fits = f.type == CUDNN_DATA_BFLOAT16 ? o.math == CUDNN_TENSOR_OP_MATH : o.math == CUDNN_FMA_MATH;
    return math_fits ? CUDNN_STATUS_SUCCESS : CUDNN_STATUS_BAD_PARAM;
}

static bool environment_is(const char *value)
{
    const char *which = std::getenv("VQC_EMULATED_CUDNN");
    return which != nullptr && std::strcmp(which, value) == 0;
}

static cudnnStatus_t offer(const emulated_tensor &input, const emulated_filter &f, const emulated_convolution &o,
                           const emulated_tensor &output, size_t *size)
{
    if (environment_is("none"))
        return CUDNN_STATUS_NOT_SUPPORTED_SHAPE;
    *size = WORKSPACE_SIZE;
    return shapes_check(input, f, o, output);
}

const char *cudnnGetErrorString(cudnnStatus_t status)
{
    return status == CUDNN_STATUS_SUCCESS ? "success" : "bad parameter, or not supported";
}

size_t cudnnGetVersion(void)
{
    return 0;
}

cudnnStatus_t cudnnCreate(cudnnHandle_t *handle)
{
    *handle = new emulated_cudnn{};
    return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnDestroy(cudnnHandle_t handle)
{
    delete handle;
    return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnSetStream(cudnnHandle_t handle, cudaStream_t stream)
{
    handle->stream = stream;
    return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnCreateTensorDescriptor(cudnnTensorDescriptor_t *descriptor)
{
    *descriptor = new emulated_tensor{};
    return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnSetTensor4dDescriptor(cudnnTensorDescriptor_t descriptor, cudnnTensorFormat_t format,
                                         cudnnDataType_t type, int n, int c, int h, int w)
{
    *descriptor = {type, n, c, h, w};
    return format == CUDNN_TENSOR_NHWC ? CUDNN_STATUS_SUCCESS : CUDNN_STATUS_BAD_PARAM;
}

cudnnStatus_t cudnnDestroyTensorDescriptor(cudnnTensorDescriptor_t descriptor)
{
    delete descriptor;
    return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnCreateFilterDescriptor(cudnnFilterDescriptor_t *descriptor)
{
    *descriptor = new emulated_filter{};
    return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnSetFilter4dDescriptor(cudnnFilterDescriptor_t descriptor, cudnnDataType_t type,
                                         cudnnTensorFormat_t format, int k, int c, int h, int w)
{
    *descriptor = {type, k, c, h, w};
    return format == CUDNN_TENSOR_NHWC ? CUDNN_STATUS_SUCCESS : CUDNN_STATUS_BAD_PARAM;
}

cudnnStatus_t cudnnDestroyFilterDescriptor(cudnnFilterDescriptor_t descriptor)
{
    delete descriptor;
    return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnCreateConvolutionDescriptor(cudnnConvolutionDescriptor_t *descriptor)
{
    *descriptor = new emulated_convolution{};
    return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnSetConvolution2dDescriptor(cudnnConvolutionDescriptor_t descriptor, int pad_h, int pad_w,
                                              int stride_h, int stride_w, int dilation_h, int dilation_w,
                                              cudnnConvolutionMode_t mode, cudnnDataType_t compute)
{
    *descriptor = {pad_h, pad_w, stride_h, stride_w, CUDNN_DEFAULT_MATH};
    bool fits = dilation_h == 1 && dilation_w == 1 && mode == CUDNN_CROSS_CORRELATION && compute == CUDNN_DATA_FLOAT;
    return fits ? CUDNN_STATUS_SUCCESS : CUDNN_STATUS_BAD_PARAM;
}

cudnnStatus_t cudnnSetConvolutionMathType(cudnnConvolutionDescriptor_t descriptor, cudnnMathType_t math)
{
    descriptor->math = math;
    return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnDestroyConvolutionDescriptor(cudnnConvolutionDescriptor_t descriptor)
{
    delete descriptor;
    return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnGetConvolution2dForwardOutputDim(cudnnConvolutionDescriptor_t o, cudnnTensorDescriptor_t input,
                                                    cudnnFilterDescriptor_t f, int *n, int *c, int *h, int *w)
{
    *n = input->n;
    *c = f->k;
    *h = (input->h + 2 * o->pad_h - f->h) / o->stride_h + 1;
    *w = (input->w + 2 * o->pad_w - f->w) / o->stride_w + 1;
    return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnGetConvolutionForwardWorkspaceSize(cudnnHandle_t, cudnnTensorDescriptor_t input,
                                                      cudnnFilterDescriptor_t f, cudnnConvolutionDescriptor_t o,
                                                      cudnnTensorDescriptor_t output, cudnnConvolutionFwdAlgo_t,
                                                      size_t *size)
{
    return offer(*input, *f, *o, *output, size);
}

cudnnStatus_t cudnnGetConvolutionBackwardDataWorkspaceSize(cudnnHandle_t, cudnnFilterDescriptor_t f,
                                                           cudnnTensorDescriptor_t grad_output,
                                                           cudnnConvolutionDescriptor_t o,
                                                           cudnnTensorDescriptor_t grad_input,
                                                           cudnnConvolutionBwdDataAlgo_t, size_t *size)
{
    return offer(*grad_input, *f, *o, *grad_output, size);
}

/* Calls visit(input index, filter index, output index) for every product of the convolution. */
template <typename Visit>
static void products_visit(const emulated_tensor &input, const emulated_filter &f, const emulated_convolution &o,
                           const emulated_tensor &output, Visit visit)
{
    for (int n = 0; n < output.n; n++)
        for (int y = 0; y < output.h; y++)
            for (int x = 0; x < output.w; x++)
                for (int fy = 0; fy < f.h; fy++)
                    for (int fx = 0; fx < f.w; fx++) {
                        int in_y = y * o.stride_h + fy - o.pad_h;
                        int in_x = x * o.stride_w + fx - o.pad_w;
                        if (in_y < 0 || in_y >= input.h || in_x < 0 || in_x >= input.w)
                            continue;
                        for (int k = 0; k < f.k; k++)
                            for (int c = 0; c < f.c; c++)
                                visit(tensor_index(input, n, in_y, in_x, c), filter_index(f, k, fy, fx, c),
                                      tensor_index(output, n, y, x, k));
                    }
}

static std::int64_t tensor_count(const emulated_tensor &t)
{
    return (std::int64_t)t.n * t.c * t.h * t.w;
}

static void sums_store(const emulated_tensor &layout, const double *sums, void *tensor)
{
    for (std::int64_t i = 0; i < tensor_count(layout); i++)
        element_set(layout.type, tensor, i, (float)sums[i]);
}

static double *sums_new(const emulated_tensor &layout)
{
    return (double *)std::calloc((size_t)tensor_count(layout), sizeof(double));
}

static bool arguments_fit(const void *alpha, const void *beta, size_t workspace_size, const void *input,
                          const void *filter, const void *output)
{
    bool aligned = true;
    for (const void *pointer : {input, filter, output})
        aligned = aligned && (std::uintptr_t)pointer % ALIGNMENT == 0;
    return aligned && *(const float *)alpha == 1.0F && *(const float *)beta == 0.0F &&
           workspace_size >= WORKSPACE_SIZE;
}

cudnnStatus_t cudnnConvolutionForward(cudnnHandle_t handle, const void *alpha, cudnnTensorDescriptor_t input_layout,
                                      const void *input, cudnnFilterDescriptor_t filter_layout, const void *filter,
                                      cudnnConvolutionDescriptor_t convolution, cudnnConvolutionFwdAlgo_t,
                                      void *workspace, size_t workspace_size, const void *beta,
                                      cudnnTensorDescriptor_t output_layout, void *output)
{
    if (!arguments_fit(alpha, beta, workspace_size, input, filter, output))
        return CUDNN_STATUS_BAD_PARAM;
    emulated_tensor in = *input_layout, out = *output_layout;
    emulated_filter f = *filter_layout;
    emulated_convolution o = *convolution;
    emulation::submit(handle->stream, [=] {
        std::memset(workspace, 0xff, workspace_size);
        double *sums = sums_new(out);
        products_visit(in, f, o, out, [=](std::int64_t i, std::int64_t w, std::int64_t to) {
            sums[to] += (double)element(in.type, input, i) * (double)element(f.type, filter, w);
        });
        sums_store(out, sums, output);
        std::free(sums);
    });
    return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnCreateActivationDescriptor(cudnnActivationDescriptor_t *descriptor)
{
    *descriptor = new emulated_activation{};
    return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnSetActivationDescriptor(cudnnActivationDescriptor_t descriptor, cudnnActivationMode_t mode,
                                           cudnnNanPropagation_t, double)
{
    descriptor->mode = mode;
    return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnDestroyActivationDescriptor(cudnnActivationDescriptor_t descriptor)
{
    delete descriptor;
    return CUDNN_STATUS_SUCCESS;
}

static bool layouts_equal(const emulated_tensor &a, const emulated_tensor &b)
{
    return a.type == b.type && a.n == b.n && a.c == b.c && a.h == b.h && a.w == b.w;
}

cudnnStatus_t cudnnConvolutionBiasActivationForward(
    cudnnHandle_t handle, const void *alpha, cudnnTensorDescriptor_t input_layout, const void *input,
    cudnnFilterDescriptor_t filter_layout, const void *filter, cudnnConvolutionDescriptor_t convolution,
    cudnnConvolutionFwdAlgo_t algorithm, void *workspace, size_t workspace_size, const void *added_alpha,
    cudnnTensorDescriptor_t added_layout, const void *added, cudnnTensorDescriptor_t bias_layout, const void *bias,
    cudnnActivationDescriptor_t activation, cudnnTensorDescriptor_t output_layout, void *output)
{
    emulated_tensor in = *input_layout, out = *output_layout, bias_is = *bias_layout;
    emulated_filter f = *filter_layout;
    emulated_convolution o = *convolution;
    float share = *(const float *)added_alpha;
    if (environment_is("plain"))
        return CUDNN_STATUS_NOT_SUPPORTED;
    const float zero = 0.0F;
    if (!arguments_fit(alpha, &zero, workspace_size, input, filter, output) ||
        algorithm != CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_PRECOMP_GEMM ||
        activation->mode != CUDNN_ACTIVATION_IDENTITY || !layouts_equal(*added_layout, out) ||
        !layouts_equal(bias_is, {out.type, 1, out.c, 1, 1}))
        return CUDNN_STATUS_BAD_PARAM;
    emulation::submit(handle->stream, [=] {
        std::memset(workspace, 0xff, workspace_size);
        double *sums = sums_new(out);
        products_visit(in, f, o, out, [=](std::int64_t i, std::int64_t w, std::int64_t to) {
            sums[to] += (double)element(in.type, input, i) * (double)element(f.type, filter, w);
        });
        for (std::int64_t i = 0; i < tensor_count(out); i++)
            sums[i] += (double)element(out.type, bias, i % out.c) +
                       (share != 0.0F ? (double)(share * element(out.type, added, i)) : 0.0);
        sums_store(out, sums, output);
        std::free(sums);
    });
    return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnConvolutionBackwardData(cudnnHandle_t handle, const void *alpha,
                                           cudnnFilterDescriptor_t filter_layout, const void *filter,
                                           cudnnTensorDescriptor_t grad_output_layout, const void *grad_output,
                                           cudnnConvolutionDescriptor_t convolution, cudnnConvolutionBwdDataAlgo_t,
                                           void *workspace, size_t workspace_size, const void *beta,
                                           cudnnTensorDescriptor_t grad_input_layout, void *grad_input)
{
    if (!arguments_fit(alpha, beta, workspace_size, grad_input, filter, grad_output))
        return CUDNN_STATUS_BAD_PARAM;
    emulated_tensor in = *grad_input_layout, out = *grad_output_layout;
    emulated_filter f = *filter_layout;
    emulated_convolution o = *convolution;
    emulation::submit(handle->stream, [=] {
        std::memset(workspace, 0xff, workspace_size);
        double *sums = sums_new(in);
        products_visit(in, f, o, out, [=](std::int64_t to, std::int64_t w, std::int64_t i) {
            sums[to] += (double)element(out.type, grad_output, i) * (double)element(f.type, filter, w);
        });
        sums_store(in, sums, grad_input);
        std::free(sums);
    });
    return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnBackendCreateDescriptor(cudnnBackendDescriptorType_t, cudnnBackendDescriptor_t *)
{
    return CUDNN_STATUS_NOT_SUPPORTED;
}

cudnnStatus_t cudnnBackendDestroyDescriptor(cudnnBackendDescriptor_t)
{
    return CUDNN_STATUS_NOT_SUPPORTED;
}

cudnnStatus_t cudnnBackendFinalize(cudnnBackendDescriptor_t)
{
    return CUDNN_STATUS_NOT_SUPPORTED;
}

cudnnStatus_t cudnnBackendSetAttribute(cudnnBackendDescriptor_t, cudnnBackendAttributeName_t,
                                       cudnnBackendAttributeType_t, int64_t, const void *)
{
    return CUDNN_STATUS_NOT_SUPPORTED;
}

cudnnStatus_t cudnnBackendGetAttribute(cudnnBackendDescriptor_t, cudnnBackendAttributeName_t,
                                       cudnnBackendAttributeType_t, int64_t, int64_t *, void *)
{
    return CUDNN_STATUS_NOT_SUPPORTED;
}

cudnnStatus_t cudnnBackendExecute(cudnnHandle_t, cudnnBackendDescriptor_t, cudnnBackendDescriptor_t)
{
    return CUDNN_STATUS_NOT_SUPPORTED;
}
