#include "ops/cuda/element.cuh"
#include "ops/cuda/gradient.h"
#include "ops/cuda/kernels.h"
#include "ops/cuda/pointwise.cuh"

namespace
{

struct sum_value {
    __device__ float operator()(int64_t, float left, float right) const
    {
        return left + right;
    }
};

template <typename T> cudaError_t forward(const vqc_cuda_call *call, const vqc_forward *arguments)
{
    return vqc_cuda_map_run(sum_value(), false, static_cast<T *>(arguments->output), call->operation->add.count,
                            call->stream, static_cast<const T *>(arguments->input[0]),
                            static_cast<const T *>(arguments->input[1]));
}

} // namespace

static cudaError_t run_forward(const vqc_cuda_call *call, const vqc_forward *arguments)
{
    return VQC_CUDA_FOR_DTYPE(forward, call->operation->dtype, call, arguments);
}

static cudaError_t run_backward(const vqc_cuda_call *call, const vqc_backward *arguments)
{
    cudaError_t result = cudaSuccess;
    for (int i = 0; i < 2 && result == cudaSuccess; i++)
        if (arguments->grad_input[i] != NULL)
            result =
                vqc_cuda_gradient_pass(call->operation->dtype, arguments->accumulate[i], arguments->grad_input[i],
                                       arguments->grad_output, call->operation->add.count, call->stream);
    return result;
}

const vqc_cuda_kernels vqc_cuda_add_kernels = {.prepare = NULL, .forward = run_forward, .backward = run_backward};
