#include "ops/cuda/element.cuh"
#include "ops/cuda/gradient.h"
#include "ops/cuda/pointwise.cuh"

namespace
{

struct same_value {
    __device__ float operator()(int64_t, float source) const
    {
        return source;
    }
};

template <typename T>
cudaError_t pass(bool accumulate, void *target, const void *source, int64_t count, cudaStream_t stream)
{
    return vqc_cuda_map_run(same_value(), accumulate, (T *)target, count, stream, (const T *)source);
}

} // namespace

/* A kernel in both cases: a graph may give a copy to another engine, for which kernels then wait. */
cudaError_t vqc_cuda_gradient_pass(vqc_dtype dtype, bool accumulate, void *target, const void *source, int64_t count,
                                   cudaStream_t stream)
{
    return VQC_CUDA_FOR_DTYPE(pass, dtype, accumulate, target, source, count, stream);
}
