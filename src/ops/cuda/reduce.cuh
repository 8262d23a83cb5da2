#ifndef VQC_OPS_CUDA_REDUCE_CUH
#define VQC_OPS_CUDA_REDUCE_CUH

#include <cuda_runtime_api.h>

/* Sums and maxima over a block's threads, in an order that depends on nothing but the block's size: results do not
 * vary from run to run. Every thread of the block calls them, with blockDim.x a multiple of 32 and at most 1024, and
 * gets the result. `scratch` is shared memory for 32 values, free for use again on return. */

enum { VQC_CUDA_WARP = 32 };

/* By exchange with the lane 16, 8, 4, 2, 1 away: every lane adds the same pairs, so all hold the same bits. */
template <typename T> static __device__ __forceinline__ T vqc_cuda_warp_sum(T value)
{
    for (int distance = VQC_CUDA_WARP / 2; distance > 0; distance /= 2)
        value += __shfl_xor_sync(0xffffffffU, value, distance);
    return value;
}

/* NaN is passed on. */
static __device__ __forceinline__ float vqc_cuda_maximum(float a, float b)
{
    return a > b || a != a ? a : b;
}

static __device__ __forceinline__ float vqc_cuda_warp_maximum(float value)
{
    for (int distance = VQC_CUDA_WARP / 2; distance > 0; distance /= 2)
        value = vqc_cuda_maximum(value, __shfl_xor_sync(0xffffffffU, value, distance));
    return value;
}

template <typename T> static __device__ __forceinline__ T vqc_cuda_block_sum(T value, T *scratch)
{
    int lane = (int)threadIdx.x % VQC_CUDA_WARP;
    int warps = (int)blockDim.x / VQC_CUDA_WARP;
    value = vqc_cuda_warp_sum(value);
    if (lane == 0)
        scratch[threadIdx.x / VQC_CUDA_WARP] = value;
    __syncthreads();
    T total = vqc_cuda_warp_sum(lane < warps ? scratch[lane] : (T)0);
    __syncthreads();
    return total;
}

static __device__ __forceinline__ float vqc_cuda_block_maximum(float value, float *scratch)
{
    int lane = (int)threadIdx.x % VQC_CUDA_WARP;
    int warps = (int)blockDim.x / VQC_CUDA_WARP;
    value = vqc_cuda_warp_maximum(value);
    if (lane == 0)
        scratch[threadIdx.x / VQC_CUDA_WARP] = value;
    __syncthreads();
    float maximum = vqc_cuda_warp_maximum(scratch[lane < warps ? lane : 0]);
    __syncthreads();
    return maximum;
}

#endif
