#include "ops/cuda/element.cuh"
#include "ops/cuda/gradient.h"

template <typename T> static __global__ void add_kernel(T *target, const T *source, int64_t count)
{
    for (int64_t i = vqc_cuda_first(); i < count; i += vqc_cuda_step())
        vqc_cuda_store_gradient(target, i, vqc_cuda_load(source, i), true);
}

template <typename T> static cudaError_t add(void *target, const void *source, int64_t count, cudaStream_t stream)
{
    add_kernel<<<vqc_cuda_blocks(count), VQC_CUDA_THREADS, 0, stream>>>((T *)target, (const T *)source, count);
    return cudaGetLastError();
}

cudaError_t vqc_cuda_gradient_pass(vqc_dtype dtype, bool accumulate, void *target, const void *source, int64_t count,
                                   cudaStream_t stream)
{
    if (accumulate)
        return VQC_CUDA_FOR_DTYPE(add, dtype, target, source, count, stream);
    size_t size = (size_t)count * (dtype == VQC_DTYPE_BF16 ? 2 : 4);
    return cudaMemcpyAsync(target, source, size, cudaMemcpyDeviceToDevice, stream);
}
