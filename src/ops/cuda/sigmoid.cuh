#ifndef VQC_OPS_CUDA_SIGMOID_CUH
#define VQC_OPS_CUDA_SIGMOID_CUH

#include "ops/formulas.h"

/* 1 / (1 + e^-x), for tensors of this type: bf16 holds a value to 2^-9, for which the processor's own functions, good
 * to about 2^-21, do. */
template <typename T> static __device__ __forceinline__ float vqc_cuda_sigmoid(float x)
{
    if (sizeof(T) == sizeof(float))
        return vqc_formula_sigmoid(x);
    return __fdividef(1.0F, 1.0F + __expf(-x));
}

#endif
