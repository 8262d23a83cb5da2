#include "ops/cuda/element.cuh"
#include "ops/cuda/gradient.h"
#include "ops/cuda/pointwise.cuh"

struct same_value {
    __device__ float operator()(int64_t, float source) const
    {
        return source;
    }
};

template <typename T> static cudaError_t add(void *target, const void *source, int64_t count, cudaStream_t stream)
{
    return vqc_cuda_map_run(same_value(), true, (T *)target, count, stream, (const T *)source);
}

cudaError_t vqc_cuda_gradient_pass(vqc_dtype dtype, bool accumulate, void *target, const void *source, int64_t count,
                                   cudaStream_t stream)
{
    if (accumulate)
        return VQC_CUDA_FOR_DTYPE(add, dtype, target, source, count, stream);
    size_t size = (size_t)count * (dtype == VQC_DTYPE_BF16 ? 2 : 4);
    return cudaMemcpyAsync(target, source, size, cudaMemcpyDeviceToDevice, stream);
}
