#ifndef VQC_OPS_CUDA_POINTWISE_CUH
#define VQC_OPS_CUDA_POINTWISE_CUH

#include <cuda_runtime_api.h>
#include <stdint.h>

#include "ops/cuda/element.cuh"

/* Launching kernels, and the two kernels behind all operations whose output elements are computed each on its own. */

/* Launches the kernel in blocks of VQC_CUDA_THREADS threads, one for each of `blocks` pieces of work but not more
 * than keep any GPU busy: a kernel goes over its pieces in steps of gridDim.x, so that all are done whatever the
 * number of blocks, and the result does not depend on it. */
template <typename... Parameters, typename... Arguments>
static cudaError_t vqc_cuda_launch(cudaStream_t stream, int64_t blocks, void (*kernel)(Parameters...),
                                   Arguments... arguments)
{
    cudaLaunchConfig_t config = {};
    config.gridDim = dim3(vqc_cuda_blocks(blocks * VQC_CUDA_THREADS));
    config.blockDim = dim3(VQC_CUDA_THREADS);
    config.stream = stream;
    return cudaLaunchKernelEx(&config, kernel, arguments...);
}

/* Number of pieces of `size` that count makes, the last of which may be smaller. */
static __host__ __device__ __forceinline__ int64_t vqc_cuda_pieces(int64_t count, int64_t size)
{
    return (count + size - 1) / size;
}

/* Whole part and rest of a division of numbers that are not negative, by 32-bit arithmetic where it suffices: it is
 * several times as fast. */
typedef struct vqc_cuda_quotient {
    int64_t whole, rest;
} vqc_cuda_quotient;

static __device__ __forceinline__ vqc_cuda_quotient vqc_cuda_divide(int64_t number, int64_t by)
{
    if ((((uint64_t)number | (uint64_t)by) >> 32) == 0) {
        uint32_t whole = (uint32_t)number / (uint32_t)by;
        return vqc_cuda_quotient{whole, (uint32_t)number - whole * (uint32_t)by};
    }
    return vqc_cuda_quotient{number / by, number % by};
}

/* target[i] (+)= value(i, sources[i]...) for every i below count. A thread computes eight neighbouring elements, read
 * and written 16 bytes at a time; the last ones of a count that is no multiple of eight, one by one. */
template <typename Value, typename... Packs>
static __device__ __forceinline__ vqc_cuda_pack vqc_cuda_map_pack(const Value &value, int64_t i,
                                                                  const Packs &...sources)
{
    vqc_cuda_pack result;
#pragma unroll
    for (int k = 0; k < VQC_CUDA_PACK; k++)
        result.value[k] = value(i + k, sources.value[k]...);
    return result;
}

template <typename T, typename Value, typename... Sources>
static __global__ void __launch_bounds__(VQC_CUDA_THREADS)
    vqc_cuda_map_kernel(Value value, bool accumulate, T *target, int64_t count, const Sources *...sources)
{
    for (int64_t first = vqc_cuda_first() * VQC_CUDA_PACK; first < count; first += vqc_cuda_step() * VQC_CUDA_PACK) {
        if (first + VQC_CUDA_PACK <= count) {
            vqc_cuda_pack result = vqc_cuda_map_pack(value, first, vqc_cuda_pack_load(sources, first)...);
            vqc_cuda_pack_store_gradient(target, first, result, accumulate);
        } else {
            for (int64_t i = first; i < count; i++)
                vqc_cuda_store_gradient(target, i, value(i, vqc_cuda_load(sources, i)...), accumulate);
        }
    }
}

/* Runs that kernel; `value` is an object with `__device__ float operator()(int64_t i, float source, ...) const`. The
 * tensors are aligned to 16 bytes. */
template <typename T, typename Value, typename... Sources>
static cudaError_t vqc_cuda_map_run(const Value &value, bool accumulate, T *target, int64_t count,
                                    cudaStream_t stream, const Sources *...sources)
{
    const int64_t tile = (int64_t)VQC_CUDA_PACK * VQC_CUDA_THREADS;
    return vqc_cuda_launch(stream, vqc_cuda_pieces(count, tile), vqc_cuda_map_kernel<T, Value, Sources...>, value,
                           accumulate, target, count, sources...);
}

/* target[i] (+)= value(i) for every i below count. A thread computes a few elements, one block of threads apart, all
 * of which it reads before it writes any, so that enough of the memory is under way at a time. */
enum { VQC_CUDA_ELEMENTS = 4 /* of a thread at a time */ };

template <typename T, typename Value>
static __global__ void __launch_bounds__(VQC_CUDA_THREADS)
    vqc_cuda_elements_kernel(Value value, bool accumulate, T *target, int64_t count)
{
    const int64_t tile = (int64_t)VQC_CUDA_ELEMENTS * VQC_CUDA_THREADS;
    for (int64_t first = blockIdx.x * tile + threadIdx.x; first < count; first += gridDim.x * tile) {
        float values[VQC_CUDA_ELEMENTS];
#pragma unroll
        for (int k = 0; k < VQC_CUDA_ELEMENTS; k++) {
            int64_t i = first + k * VQC_CUDA_THREADS;
            values[k] = 0.0F;
            if (i < count)
                values[k] = accumulate ? vqc_cuda_load(target, i) + value(i) : value(i);
        }
#pragma unroll
        for (int k = 0; k < VQC_CUDA_ELEMENTS; k++) {
            int64_t i = first + k * VQC_CUDA_THREADS;
            if (i < count)
                vqc_cuda_store(target, i, values[k]);
        }
    }
}

/* Runs that kernel; `value` is an object with `__device__ float operator()(int64_t i) const`. */
template <typename T, typename Value>
static cudaError_t vqc_cuda_elements_run(Value value, bool accumulate, T *target, int64_t count, cudaStream_t stream)
{
    const int64_t tile = (int64_t)VQC_CUDA_ELEMENTS * VQC_CUDA_THREADS;
    return vqc_cuda_launch(stream, vqc_cuda_pieces(count, tile), vqc_cuda_elements_kernel<T, Value>, value,
                           accumulate, target, count);
}

#endif
