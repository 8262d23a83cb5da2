#include "ops/cuda/element.cuh"
#include "ops/cuda/kernels.h"
#include "ops/cuda/pointwise.cuh"
#include "ops/formulas.h"

namespace
{

struct clamped_value {
    float scale, shift;

    __device__ float operator()(int64_t, float input) const
    {
        return vqc_formula_clamp(input * scale + shift);
    }
};

struct clamped_gradient {
    float scale, shift;

    __device__ float operator()(int64_t, float input, float gradient) const
    {
        return scale * vqc_formula_clamp_gradient(input * scale + shift, gradient);
    }
};

template <typename T> cudaError_t forward(const vqc_cuda_call *call, const vqc_forward *arguments)
{
    const vqc_clamp *o = &call->operation->clamp;
    const clamped_value value = {o->scale, o->shift};
    return vqc_cuda_map_run(value, false, static_cast<T *>(arguments->output), o->count, call->stream,
                            static_cast<const T *>(arguments->input[0]));
}

template <typename T> cudaError_t backward(const vqc_cuda_call *call, const vqc_backward *arguments)
{
    const vqc_clamp *o = &call->operation->clamp;
    if (arguments->grad_input[0] == NULL)
        return cudaSuccess;
    const clamped_gradient value = {o->scale, o->shift};
    return vqc_cuda_map_run(value, arguments->accumulate[0], static_cast<T *>(arguments->grad_input[0]), o->count,
                            call->stream, static_cast<const T *>(arguments->input[0]),
                            static_cast<const T *>(arguments->grad_output));
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

const vqc_cuda_kernels vqc_cuda_clamp_kernels = {.prepare = NULL, .forward = run_forward, .backward = run_backward};
