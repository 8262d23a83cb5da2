#ifndef VQC_OPS_CUDA_VECTOR_CUH
#define VQC_OPS_CUDA_VECTOR_CUH

#include <cuda_bf16.h>
#include <stdint.h>

#include "ops/cuda/element.cuh"

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

/* A vector as the 32-bit words of memory, bf16 elements two to a word: half the registers that elements take each. A
 * single bf16 element is the lower half of one word. */
template <typename T, int count> struct vqc_cuda_words {
    enum { EACH = sizeof(uint32_t) / sizeof(T), COUNT = (count + EACH - 1) / EACH };
    uint32_t word[COUNT];
};

template <int count, typename T>
static __device__ __forceinline__ vqc_cuda_words<T, count> vqc_cuda_words_load(const T *tensor, int64_t index)
{
    using words = vqc_cuda_words<T, count>;
    if constexpr (count % words::EACH != 0) {
        static_assert(count == 1, "whole words, or one element");
        return words{{*reinterpret_cast<const uint16_t *>(tensor + index)}};
    } else {
        using vector = vqc_cuda_vector<uint32_t, words::COUNT>;
        const vector read = *reinterpret_cast<const vector *>(tensor + index);
        words result;
#pragma unroll
        for (int i = 0; i < words::COUNT; i++)
            result.word[i] = read.element[i];
        return result;
    }
}

template <typename T, int count>
static __device__ __forceinline__ void vqc_cuda_words_store(T *tensor, int64_t index,
                                                            const vqc_cuda_words<T, count> &words)
{
    if constexpr (count % vqc_cuda_words<T, count>::EACH != 0) {
        *reinterpret_cast<uint16_t *>(tensor + index) = (uint16_t)words.word[0];
    } else {
        using vector = vqc_cuda_vector<uint32_t, vqc_cuda_words<T, count>::COUNT>;
        vector written;
#pragma unroll
        for (int i = 0; i < vqc_cuda_words<T, count>::COUNT; i++)
            written.element[i] = words.word[i];
        *reinterpret_cast<vector *>(tensor + index) = written;
    }
}

template <int count>
static __device__ __forceinline__ float vqc_cuda_words_get(const vqc_cuda_words<float, count> &words, int i)
{
    return __uint_as_float(words.word[i]);
}

template <int count>
static __device__ __forceinline__ float vqc_cuda_words_get(const vqc_cuda_words<__nv_bfloat16, count> &words, int i)
{
    return i % 2 == 0 ? vqc_cuda_bf16_low(words.word[i / 2]) : vqc_cuda_bf16_high(words.word[i / 2]);
}

/* The words of these values; bf16 rounded to nearest even. */
template <typename T, int count>
static __device__ __forceinline__ vqc_cuda_words<T, count> vqc_cuda_words_of(const float (&values)[count])
{
    vqc_cuda_words<T, count> words;
#pragma unroll
    for (int i = 0; i < vqc_cuda_words<T, count>::COUNT; i++) {
        if constexpr (sizeof(T) == sizeof(float))
            words.word[i] = __float_as_uint(values[i]);
        else
            words.word[i] = vqc_cuda_bf16_pair(values[2 * i], 2 * i + 1 < count ? values[2 * i + 1] : 0.0F);
    }
    return words;
}

#endif
