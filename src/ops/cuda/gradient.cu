#include "ops/cuda/element.cuh"
#include "ops/cuda/gradient.h"
#include "ops/cuda/vector.cuh"

/* A vector by each thread; what is left over by single elements. A kernel copies too: in a recorded graph it starts
 * sooner after other kernels than a copy of the runtime's. */
template <typename T, bool accumulate> static __global__ void pass_kernel(T *target, const T *source, int64_t count)
{
    const int widest = vqc_cuda_widest<T>::COUNT;
    const int64_t vectors = count / widest;
    for (int64_t i = vqc_cuda_first(); i < vectors; i += vqc_cuda_step()) {
        vqc_cuda_vector<T, widest> passed = vqc_cuda_vector_load<widest>(source, i * widest);
        if (accumulate) {
            const vqc_cuda_vector<T, widest> before = vqc_cuda_vector_load<widest>(target, i * widest);
            float values[widest];
#pragma unroll
            for (int v = 0; v < widest; v++)
                values[v] = vqc_cuda_vector_get(before, v) + vqc_cuda_vector_get(passed, v);
            passed = vqc_cuda_vector_of<T>(values);
        }
        vqc_cuda_vector_store(target, i * widest, passed);
    }
    for (int64_t i = vectors * widest + vqc_cuda_first(); i < count; i += vqc_cuda_step())
        vqc_cuda_store_gradient(target, i, vqc_cuda_load(source, i), accumulate);
}

template <typename T>
static cudaError_t pass(bool accumulate, void *target, const void *source, int64_t count, cudaStream_t stream)
{
    unsigned blocks = vqc_cuda_blocks(count / vqc_cuda_widest<T>::COUNT);
    if (accumulate)
        pass_kernel<T, true><<<blocks, VQC_CUDA_THREADS, 0, stream>>>((T *)target, (const T *)source, count);
    else
        pass_kernel<T, false><<<blocks, VQC_CUDA_THREADS, 0, stream>>>((T *)target, (const T *)source, count);
    return cudaGetLastError();
}

cudaError_t vqc_cuda_gradient_pass(vqc_dtype dtype, bool accumulate, void *target, const void *source, int64_t count,
                                   cudaStream_t stream)
{
    return VQC_CUDA_FOR_DTYPE(pass, dtype, accumulate, target, source, count, stream);
}
