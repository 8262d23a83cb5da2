#include "ops/cuda/element.cuh"
#include "ops/cuda/kernels.h"
#include "ops/cuda/pointwise.cuh"

namespace
{

template <typename T> struct chosen_value {
    int64_t tokens, width;
    const T *input;
    const int32_t *chosen;

    __device__ float operator()(int64_t i) const
    {
        vqc_cuda_quotient at = vqc_cuda_divide(i, width);
        return vqc_cuda_load(input, (at.whole * tokens + chosen[at.whole]) * width + at.rest);
    }
};

template <typename T> struct chosen_gradient {
    int64_t tokens, width;
    const T *grad_output;
    const int32_t *chosen;

    __device__ float operator()(int64_t i) const
    {
        vqc_cuda_quotient at = vqc_cuda_divide(i, width);
        vqc_cuda_quotient token = vqc_cuda_divide(at.whole, tokens);
        if (token.rest != chosen[token.whole])
            return 0.0F;
        return vqc_cuda_load(grad_output, token.whole * width + at.rest);
    }
};

template <typename T> cudaError_t forward(const vqc_cuda_call *call, const vqc_forward *arguments)
{
    const vqc_select *o = &call->operation->select;
    const chosen_value<T> value = {o->tokens, o->width, static_cast<const T *>(arguments->input[0]),
                                   static_cast<const int32_t *>(arguments->input[1])};
    return vqc_cuda_elements_run(value, false, static_cast<T *>(arguments->output), o->batch * o->width,
                                 call->stream);
}

template <typename T> cudaError_t backward(const vqc_cuda_call *call, const vqc_backward *arguments)
{
    const vqc_select *o = &call->operation->select;
    if (arguments->grad_input[0] == NULL)
        return cudaSuccess;
    const chosen_gradient<T> value = {o->tokens, o->width, static_cast<const T *>(arguments->grad_output),
                                      static_cast<const int32_t *>(arguments->input[1])};
    return vqc_cuda_elements_run(value, arguments->accumulate[0], static_cast<T *>(arguments->grad_input[0]),
                                 o->batch * o->tokens * o->width, call->stream);
}

} // namespace

static cudaError_t run_forward(const vqc_cuda_call *call, const vqc_forward *arguments)
{
    return VQC_CUDA_FOR_DTYPE(forward, call->operation->dtype, call, arguments);
}

static cudaError_t run_backward(const vqc_cuda_call *call, const vqc_backward *arguments)
{
    return VQC_CUDA_FOR_DTYPE(backward, call->operation->dtype, call, arguments);
}

const vqc_cuda_kernels vqc_cuda_select_kernels = {.prepare = NULL, .forward = run_forward, .backward = run_backward};
