#ifndef VQC_OPS_CPU_ELEMENT_H
#define VQC_OPS_CPU_ELEMENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/dtype.h"

/* Elements of tensors in f32 or bf16, and how loops over them are compiled.
 *
 * A loop ("kernel") is an inline function that takes the element type as an argument. VQC_CPU_FOR_DTYPE and
 * VQC_CPU_FOR_STORE call it with that argument a constant, so that the compiler makes a vector loop for each type.
 * The function that contains the call is marked VQC_CPU_KERNEL: it is compiled for several processors, and the
 * loader picks. The arithmetic is the same in all of them: nothing is contracted or reordered. */

#if defined(__x86_64__) && defined(__GLIBC__) && defined(__GNUC__) && !defined(__clang__) && __GNUC__ >= 12
#define VQC_CPU_KERNEL __attribute__((target_clones("default", "arch=x86-64-v3", "arch=x86-64-v4")))
#else
#define VQC_CPU_KERNEL
#endif
#define VQC_CPU_INLINE static inline __attribute__((always_inline))

#define VQC_CPU_FOR_DTYPE(function, dtype, ...)                                                                      \
    do {                                                                                                             \
        if ((dtype) == VQC_DTYPE_BF16)                                                                               \
            function(VQC_DTYPE_BF16, __VA_ARGS__);                                                                   \
        else                                                                                                         \
            function(VQC_DTYPE_F32, __VA_ARGS__);                                                                    \
    } while (0)

/* For kernels that take the type and whether they add to what the target holds. */
#define VQC_CPU_FOR_STORE(function, dtype, accumulate, ...)                                                          \
    do {                                                                                                             \
        if ((dtype) == VQC_DTYPE_BF16 && (accumulate))                                                               \
            function(VQC_DTYPE_BF16, true, __VA_ARGS__);                                                             \
        else if ((dtype) == VQC_DTYPE_BF16)                                                                          \
            function(VQC_DTYPE_BF16, false, __VA_ARGS__);                                                            \
        else if (accumulate)                                                                                         \
            function(VQC_DTYPE_F32, true, __VA_ARGS__);                                                              \
        else                                                                                                         \
            function(VQC_DTYPE_F32, false, __VA_ARGS__);                                                             \
    } while (0)

VQC_CPU_INLINE float vqc_cpu_load(vqc_dtype dtype, const void *tensor, int64_t index)
{
    if (dtype == VQC_DTYPE_BF16)
        return vqc_f32_from_bf16(((const uint16_t *)tensor)[index]);
    return ((const float *)tensor)[index];
}

VQC_CPU_INLINE void vqc_cpu_store(vqc_dtype dtype, void *tensor, int64_t index, float value)
{
    if (dtype == VQC_DTYPE_BF16)
        ((uint16_t *)tensor)[index] = vqc_bf16_from_f32(value);
    else
        ((float *)tensor)[index] = value;
}

/* Replaces the element or, with `accumulate`, adds to it. */
VQC_CPU_INLINE void vqc_cpu_store_gradient(vqc_dtype dtype, bool accumulate, void *tensor, int64_t index, float value)
{
    vqc_cpu_store(dtype, tensor, index, accumulate ? vqc_cpu_load(dtype, tensor, index) + value : value);
}

/* The address of an element. */
VQC_CPU_INLINE const void *vqc_cpu_at(vqc_dtype dtype, const void *tensor, int64_t index)
{
    return (const char *)tensor + index * (dtype == VQC_DTYPE_BF16 ? 2 : 4);
}

VQC_CPU_INLINE void *vqc_cpu_at_writable(vqc_dtype dtype, void *tensor, int64_t index)
{
    return (char *)tensor + index * (dtype == VQC_DTYPE_BF16 ? 2 : 4);
}

/* Sums in double would be slow and sums in one f32 variable inexact and slow: long sums in f32 are kept in this many
 * lanes, element i in lane i % VQC_CPU_LANES, which are added up in a fixed order. */
enum { VQC_CPU_LANES = 16 };

VQC_CPU_INLINE float vqc_cpu_lanes_sum(const float lanes[VQC_CPU_LANES])
{
    float pair[VQC_CPU_LANES / 2];
    for (int i = 0; i < VQC_CPU_LANES / 2; i++)
        pair[i] = lanes[i] + lanes[i + VQC_CPU_LANES / 2];
    return ((pair[0] + pair[4]) + (pair[2] + pair[6])) + ((pair[1] + pair[5]) + (pair[3] + pair[7]));
}

/* Runs function(context, first, end) over pieces of 0 .. count - 1, which do not depend on the number of threads, in
 * parallel. */
void vqc_cpu_pieces_run(int64_t count, void (*function)(const void *context, int64_t first, int64_t end),
                        const void *context);

/* target = source, count elements, in parallel. */
void vqc_cpu_copy(vqc_dtype dtype, void *target, const void *source, int64_t count);

/* target (+)= source, count elements, in parallel: a gradient that passes unchanged. */
void vqc_cpu_gradient_pass(vqc_dtype dtype, bool accumulate, void *target, const void *source, int64_t count);

#endif
