#include "ops/cuda/element.cuh"
#include "ops/cuda/kernels.h"
#include "ops/cuda/pointwise.cuh"
#include "ops/cuda/sigmoid.cuh"
#include "ops/formulas.h"

namespace
{

/* In f32 QuickGELU is that of ops/formulas.h, bit for bit. */
template <typename T> __device__ float quick_gelu(float x)
{
    return x * vqc_cuda_sigmoid<T>(1.702F * x);
}

template <typename T> __device__ float quick_gelu_derivative(float x)
{
    float s = vqc_cuda_sigmoid<T>(1.702F * x);
    return s * (1.0F + 1.702F * x * (1.0F - s));
}

/* tanh-GELU, likewise; see there why x is limited. */
template <typename T> __device__ float tanh_gelu(float x)
{
    return x * vqc_cuda_sigmoid<T>(1.59576912F * x * (1.0F + 0.044715F * x * x));
}

template <typename T> __device__ float tanh_gelu_derivative(float x)
{
    float limited = x < -16.0F ? -16.0F : x;
    limited = limited > 16.0F ? 16.0F : limited;
    float square = limited * limited;
    float s = vqc_cuda_sigmoid<T>(1.59576912F * limited * (1.0F + 0.044715F * square));
    return s * (1.0F + 1.59576912F * limited * (1.0F - s) * (1.0F + 0.134145F * square));
}

template <typename T, vqc_activation_function function> struct activation_value {
    __device__ float operator()(int64_t, float x) const
    {
        switch (function) {
        case VQC_ACTIVATION_RELU:
            return vqc_formula_relu(x);
        case VQC_ACTIVATION_QUICK_GELU:
            return quick_gelu<T>(x);
        case VQC_ACTIVATION_GELU:
            return vqc_formula_gelu(x);
        case VQC_ACTIVATION_TANH_GELU:
            return tanh_gelu<T>(x);
        case VQC_ACTIVATION_COUNT:
            break;
        }
        return x;
    }
};

/* x is the input, for ReLU the output. */
template <typename T, vqc_activation_function function> struct activation_gradient {
    __device__ float operator()(int64_t, float x, float gradient) const
    {
        switch (function) {
        case VQC_ACTIVATION_RELU:
            return vqc_formula_relu_gradient(x, gradient);
        case VQC_ACTIVATION_QUICK_GELU:
            return gradient * quick_gelu_derivative<T>(x);
        case VQC_ACTIVATION_GELU:
            return gradient * vqc_formula_gelu_derivative(x);
        case VQC_ACTIVATION_TANH_GELU:
            return gradient * tanh_gelu_derivative<T>(x);
        case VQC_ACTIVATION_COUNT:
            break;
        }
        return gradient;
    }
};

template <typename T, vqc_activation_function function>
cudaError_t forward(const vqc_cuda_call *call, const vqc_forward *arguments)
{
    return vqc_cuda_map_run(activation_value<T, function>(), false, static_cast<T *>(arguments->output),
                            call->operation->activation.count, call->stream,
                            static_cast<const T *>(arguments->input[0]));
}

template <typename T, vqc_activation_function function>
cudaError_t backward(const vqc_cuda_call *call, const vqc_backward *arguments)
{
    const void *at = function == VQC_ACTIVATION_RELU ? arguments->output : arguments->input[0];
    return vqc_cuda_map_run(activation_gradient<T, function>(), arguments->accumulate[0],
                            static_cast<T *>(arguments->grad_input[0]), call->operation->activation.count,
                            call->stream, static_cast<const T *>(at), static_cast<const T *>(arguments->grad_output));
}

template <typename T> cudaError_t forward_of(const vqc_cuda_call *call, const vqc_forward *arguments)
{
    switch (call->operation->activation.function) {
#define FORWARD_OF(KIND, name)                                                                                       \
    case VQC_ACTIVATION_##KIND:                                                                                      \
        return forward<T, VQC_ACTIVATION_##KIND>(call, arguments);
        VQC_ACTIVATIONS(FORWARD_OF)
    case VQC_ACTIVATION_COUNT:
        break;
    }
    return cudaErrorInvalidValue;
}

template <typename T> cudaError_t backward_of(const vqc_cuda_call *call, const vqc_backward *arguments)
{
    switch (call->operation->activation.function) {
#define BACKWARD_OF(KIND, name)                                                                                      \
    case VQC_ACTIVATION_##KIND:                                                                                      \
        return backward<T, VQC_ACTIVATION_##KIND>(call, arguments);
        VQC_ACTIVATIONS(BACKWARD_OF)
    case VQC_ACTIVATION_COUNT:
        break;
    }
    return cudaErrorInvalidValue;
}

} // namespace

static cudaError_t run_forward(const vqc_cuda_call *call, const vqc_forward *arguments)
{
    return VQC_CUDA_FOR_DTYPE(forward_of, call->operation->dtype, call, arguments);
}

static cudaError_t run_backward(const vqc_cuda_call *call, const vqc_backward *arguments)
{
    if (arguments->grad_input[0] == NULL)
        return cudaSuccess;
    return VQC_CUDA_FOR_DTYPE(backward_of, call->operation->dtype, call, arguments);
}

const vqc_cuda_kernels vqc_cuda_activation_kernels = {
    .prepare = NULL, .forward = run_forward, .backward = run_backward};
