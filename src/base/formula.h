#ifndef VQC_BASE_FORMULA_H
#define VQC_BASE_FORMULA_H

/* Marks a formula: a small function in a header, written in the common part of C and CUDA C, so that what a machine
 * without a GPU is tested with is the arithmetic that a GPU runs. */
#ifdef __CUDACC__
#define VQC_FORMULA static __host__ __device__ __forceinline__
#else
/* Always inlined, since a loop with a call in it does not become vector code. */
#define VQC_FORMULA static inline __attribute__((always_inline))
#endif

#endif
