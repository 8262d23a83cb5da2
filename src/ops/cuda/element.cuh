#ifndef VQC_OPS_CUDA_ELEMENT_CUH
#define VQC_OPS_CUDA_ELEMENT_CUH

#include <cuda_bf16.h>
#include <cuda_runtime_api.h>
#include <stdint.h>

#include "base/dtype.h"

/* Elements of tensors in f32 or bf16, for the kernels. A kernel is a template over the element type, float or
 * __nv_bfloat16; VQC_CUDA_FOR_DTYPE calls the function that launches it with the type that a plan has. */

#define VQC_CUDA_FOR_DTYPE(function, dtype, ...)                                                                     \
    ((dtype) == VQC_DTYPE_BF16 ? function<__nv_bfloat16>(__VA_ARGS__) : function<float>(__VA_ARGS__))

static __device__ __forceinline__ float vqc_cuda_load(const float *tensor, int64_t index)
{
    return tensor[index];
}

static __device__ __forceinline__ float vqc_cuda_load(const __nv_bfloat16 *tensor, int64_t index)
{
    return __bfloat162float(tensor[index]);
}

static __device__ __forceinline__ void vqc_cuda_store(float *tensor, int64_t index, float value)
{
    tensor[index] = value;
}

/* Rounded to nearest even, as on the host. */
static __device__ __forceinline__ void vqc_cuda_store(__nv_bfloat16 *tensor, int64_t index, float value)
{
    tensor[index] = __float2bfloat16_rn(value);
}

/* Replaces the element or, with `accumulate`, adds to it. */
template <typename T>
static __device__ __forceinline__ void vqc_cuda_store_gradient(T *tensor, int64_t index, float value, bool accumulate)
{
    vqc_cuda_store(tensor, index, accumulate ? vqc_cuda_load(tensor, index) + value : value);
}

/* Element-wise kernels run in blocks of this many threads; each thread takes element `first`, then every `step`-th:
 *
 *     for (int64_t i = vqc_cuda_first(); i < count; i += vqc_cuda_step()) */
enum { VQC_CUDA_THREADS = 256 };

static __device__ __forceinline__ int64_t vqc_cuda_first()
{
    return (int64_t)blockIdx.x * blockDim.x + threadIdx.x;
}

static __device__ __forceinline__ int64_t vqc_cuda_step()
{
    return (int64_t)gridDim.x * blockDim.x;
}

/* The number of such blocks for count elements; not more than keep any GPU busy. */
static inline unsigned vqc_cuda_blocks(int64_t count)
{
    const int64_t most = 65536;
    int64_t blocks = (count + VQC_CUDA_THREADS - 1) / VQC_CUDA_THREADS;
    return (unsigned)(blocks < 1 ? 1 : blocks < most ? blocks : most);
}

#endif
