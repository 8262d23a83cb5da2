#ifndef VQC_OPS_CUDA_MMA_CUH
#define VQC_OPS_CUDA_MMA_CUH

#include <cuda_runtime_api.h>
#include <stdint.h>

/* Products of small bf16 matrices by a warp's tensor cores, sums in f32: PTX's mma.m16n8k16 and ldmatrix (PTX ISA,
 * "Warp-level matrix instructions"). All 32 lanes call these functions together. The emulation (tests/emulation)
 * has a file of the same name that does the same in plain loops.
 *
 * A lane holds pairs of neighbouring elements, the lower index in the lower half of a word. With g = lane / 4 and
 * t = lane % 4 it has
 *
 *     left (16, 16):  word 0 (g, 2t), word 1 (g + 8, 2t), word 2 (g, 2t + 8), word 3 (g + 8, 2t + 8), along the rows
 *     right (16, 8):  word 0 (2t, g), word 1 (2t + 8, g), along the columns
 *     sum (16, 8):    elements 0, 1 at (g, 2t), (g, 2t + 1); 2, 3 at (g + 8, 2t), (g + 8, 2t + 1)
 *
 * so that two neighbouring sums, rounded, are the left factor of another product.
 *
 * bf16 products need compute capability 8.0; below it no plan in bf16 is made, and these functions do nothing. */

/* sum += left · right */
static __device__ __forceinline__ void vqc_cuda_mma(float (&sum)[4], const uint32_t (&left)[4], uint32_t right0,
                                                    uint32_t right1)
{
#if __CUDA_ARCH__ >= 800
    asm("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, "
        "{%0, %1, %2, %3};"
        : "+f"(sum[0]), "+f"(sum[1]), "+f"(sum[2]), "+f"(sum[3])
        : "r"(left[0]), "r"(left[1]), "r"(left[2]), "r"(left[3]), "r"(right0), "r"(right1));
#endif
}

/* Four matrices (8, 8) from shared memory: lanes 8 i to 8 i + 7 give where the rows of matrix i begin, aligned to 16
 * bytes. Word i of a lane is matrix i's pair (g, 2t), (g, 2t + 1), or, transposed, (2t, g), (2t + 1, g). */
static __device__ __forceinline__ void vqc_cuda_matrices_load(uint32_t (&words)[4], const uint4 *row)
{
#if __CUDA_ARCH__ >= 800
    unsigned address = (unsigned)__cvta_generic_to_shared(row);
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
                 : "=r"(words[0]), "=r"(words[1]), "=r"(words[2]), "=r"(words[3])
                 : "r"(address)
                 : "memory");
#endif
}

static __device__ __forceinline__ void vqc_cuda_matrices_load_transposed(uint32_t (&words)[4], const uint4 *row)
{
#if __CUDA_ARCH__ >= 800
    unsigned address = (unsigned)__cvta_generic_to_shared(row);
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];"
                 : "=r"(words[0]), "=r"(words[1]), "=r"(words[2]), "=r"(words[3])
                 : "r"(address)
                 : "memory");
#endif
}

#endif
