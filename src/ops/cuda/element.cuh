#ifndef VQC_OPS_CUDA_ELEMENT_CUH
#define VQC_OPS_CUDA_ELEMENT_CUH

#include <cuda_bf16.h>
#include <cuda_runtime_api.h>
#include <stdint.h>
#include <string.h>

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

/* bf16 elements two to a word, the first in the lower half. */
static __device__ __forceinline__ float vqc_cuda_bf16_low(uint32_t pair)
{
    return __uint_as_float(pair << 16);
}

static __device__ __forceinline__ float vqc_cuda_bf16_high(uint32_t pair)
{
    return __uint_as_float(pair & 0xffff0000U);
}

static __device__ __forceinline__ uint32_t vqc_cuda_bf16_pair(float low, float high)
{
    __nv_bfloat162 rounded = __floats2bfloat162_rn(low, high);
    uint32_t pair;
    memcpy(&pair, &rounded, sizeof pair);
    return pair;
}

/* Eight neighbouring elements, read and written 16 bytes at a time. The index is a multiple of eight, in a tensor
 * that is aligned to 16 bytes. */
enum { VQC_CUDA_PACK = 8 };
typedef struct vqc_cuda_pack {
    float value[VQC_CUDA_PACK];
} vqc_cuda_pack;

static __device__ __forceinline__ vqc_cuda_pack vqc_cuda_pack_load(const float *tensor, int64_t index)
{
    const uint4 *words = reinterpret_cast<const uint4 *>(tensor + index);
    const uint4 low = words[0];
    const uint4 high = words[1];
    return vqc_cuda_pack{{__uint_as_float(low.x), __uint_as_float(low.y), __uint_as_float(low.z),
                          __uint_as_float(low.w), __uint_as_float(high.x), __uint_as_float(high.y),
                          __uint_as_float(high.z), __uint_as_float(high.w)}};
}

static __device__ __forceinline__ vqc_cuda_pack vqc_cuda_pack_load(const __nv_bfloat16 *tensor, int64_t index)
{
    const uint4 words = *reinterpret_cast<const uint4 *>(tensor + index);
    return vqc_cuda_pack{{vqc_cuda_bf16_low(words.x), vqc_cuda_bf16_high(words.x), vqc_cuda_bf16_low(words.y),
                          vqc_cuda_bf16_high(words.y), vqc_cuda_bf16_low(words.z), vqc_cuda_bf16_high(words.z),
                          vqc_cuda_bf16_low(words.w), vqc_cuda_bf16_high(words.w)}};
}

static __device__ __forceinline__ void vqc_cuda_pack_store(float *tensor, int64_t index, const vqc_cuda_pack &pack)
{
    uint4 *words = reinterpret_cast<uint4 *>(tensor + index);
    words[0] = uint4{__float_as_uint(pack.value[0]), __float_as_uint(pack.value[1]), __float_as_uint(pack.value[2]),
                     __float_as_uint(pack.value[3])};
    words[1] = uint4{__float_as_uint(pack.value[4]), __float_as_uint(pack.value[5]), __float_as_uint(pack.value[6]),
                     __float_as_uint(pack.value[7])};
}

static __device__ __forceinline__ void vqc_cuda_pack_store(__nv_bfloat16 *tensor, int64_t index,
                                                           const vqc_cuda_pack &pack)
{
    *reinterpret_cast<uint4 *>(tensor + index) =
        uint4{vqc_cuda_bf16_pair(pack.value[0], pack.value[1]), vqc_cuda_bf16_pair(pack.value[2], pack.value[3]),
              vqc_cuda_bf16_pair(pack.value[4], pack.value[5]), vqc_cuda_bf16_pair(pack.value[6], pack.value[7])};
}

/* Replaces the elements or, with `accumulate`, adds to them. */
template <typename T>
static __device__ __forceinline__ void vqc_cuda_pack_store_gradient(T *tensor, int64_t index, vqc_cuda_pack pack,
                                                                    bool accumulate)
{
    if (accumulate) {
        const vqc_cuda_pack before = vqc_cuda_pack_load(tensor, index);
#pragma unroll
        for (int i = 0; i < VQC_CUDA_PACK; i++)
            pack.value[i] = before.value[i] + pack.value[i];
    }
    vqc_cuda_pack_store(tensor, index, pack);
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
