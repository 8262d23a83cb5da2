#ifndef VQC_OPS_CUDA_SIGMOID_CUH
#define VQC_OPS_CUDA_SIGMOID_CUH

#include "ops/cuda/quick.cuh"
#include "ops/formulas.h"

/* 1 / (1 + e^-x), for tensors of this type: bf16 holds a value to 2^-9, for which the GPU's own functions, good to
 * about 2^-21, do. */
template <typename T> static __device__ __forceinline__ float vqc_cuda_sigmoid(float x)
{
    const float log2_e = 1.44269504F;
    if (sizeof(T) == sizeof(float))
        return vqc_formula_sigmoid(x);
    return vqc_cuda_quick_reciprocal(1.0F + vqc_cuda_quick_exp2(-log2_e * x));
}

#endif
