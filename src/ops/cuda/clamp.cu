#include "ops/cuda/element.cuh"
#include "ops/cuda/kernels.h"
#include "ops/cuda/pointwise.cuh"
#include "ops/formulas.h"

namespace
{

template <typename T> struct clamped_value {
    float scale, shift;
    const T *input;

    __device__ float operator()(int64_t i) const
    {
        return vqc_formula_clamp(vqc_cuda_load(input, i) * scale + shift);
    }
};

template <typename T> struct clamped_gradient {
    float scale, shift;
    const T *input;
    const T *grad_output;

    __device__ float operator()(int64_t i) const
    {
        float x = vqc_cuda_load(input, i) * scale + shift;
        return scale * vqc_formula_clamp_gradient(x, vqc_cuda_load(grad_output, i));
    }
};

template <typename T> cudaError_t forward(const vqc_cuda_call *call, const vqc_forward *arguments)
{
    const vqc_clamp *o = &call->operation->clamp;
    const clamped_value<T> value = {o->scale, o->shift, static_cast<const T *>(arguments->input[0])};
    return vqc_cuda_elements_run(value, false, static_cast<T *>(arguments->output), o->count, call->stream);
}

template <typename T> cudaError_t backward(const vqc_cuda_call *call, const vqc_backward *arguments)
{
    const vqc_clamp *o = &call->operation->clamp;
    if (arguments->grad_input[0] == NULL)
        return cudaSuccess;
    const clamped_gradient<T> value = {o->scale, o->shift, static_cast<const T *>(arguments->input[0]),
                                       static_cast<const T *>(arguments->grad_output)};
    return vqc_cuda_elements_run(value, arguments->accumulate[0], static_cast<T *>(arguments->grad_input[0]),
                                 o->count, call->stream);
}

} // namespace

cudaError_t vqc_cuda_clamp_forward(const vqc_cuda_call *call, const vqc_forward *arguments)
{
    return VQC_CUDA_FOR_DTYPE(forward, call->operation->dtype, call, arguments);
}

cudaError_t vqc_cuda_clamp_backward(const vqc_cuda_call *call, const vqc_backward *arguments)
{
    return VQC_CUDA_FOR_DTYPE(backward, call->operation->dtype, call, arguments);
}
