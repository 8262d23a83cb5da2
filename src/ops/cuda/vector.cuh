#ifndef VQC_OPS_CUDA_VECTOR_CUH
#define VQC_OPS_CUDA_VECTOR_CUH

#include <cuda_bf16.h>
#include <stdint.h>

/* Several neighbouring elements of a tensor, f32 or bf16, read or written by one access of up to 16 bytes: the widest
 * that a GPU has. */

template <typename T> struct vqc_cuda_widest {
    enum { COUNT = 16 / sizeof(T) };
};

template <typename T, int count> struct alignas(sizeof(T) * count) vqc_cuda_vector {
    T element[count];
};

/* The vector that begins at element `index`, a multiple of count, of a tensor that begins at a multiple of 16 bytes.
 */
template <int count, typename T>
static __device__ __forceinline__ vqc_cuda_vector<T, count> vqc_cuda_vector_load(const T *tensor, int64_t index)
{
    return *reinterpret_cast<const vqc_cuda_vector<T, count> *>(tensor + index);
}

template <typename T, int count>
static __device__ __forceinline__ void vqc_cuda_vector_store(T *tensor, int64_t index,
                                                             const vqc_cuda_vector<T, count> &vector)
{
    *reinterpret_cast<vqc_cuda_vector<T, count> *>(tensor + index) = vector;
}

template <int count>
static __device__ __forceinline__ float vqc_cuda_vector_get(const vqc_cuda_vector<float, count> &vector, int i)
{
    return vector.element[i];
}

template <int count>
static __device__ __forceinline__ float vqc_cuda_vector_get(const vqc_cuda_vector<__nv_bfloat16, count> &vector,
                                                            int i)
{
    return __bfloat162float(vector.element[i]);
}

/* The vector of these values; bf16 rounded to nearest even. */
static __device__ __forceinline__ void vqc_cuda_element_set(float *element, float value)
{
    *element = value;
}

static __device__ __forceinline__ void vqc_cuda_element_set(__nv_bfloat16 *element, float value)
{
    *element = __float2bfloat16_rn(value);
}

template <typename T, int count>
static __device__ __forceinline__ vqc_cuda_vector<T, count> vqc_cuda_vector_of(const float (&values)[count])
{
    vqc_cuda_vector<T, count> vector;
#pragma unroll
    for (int i = 0; i < count; i++)
        vqc_cuda_element_set(&vector.element[i], values[i]);
    return vector;
}

#endif
