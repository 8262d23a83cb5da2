#ifndef VQC_OPS_CUDA_QUICK_CUH
#define VQC_OPS_CUDA_QUICK_CUH

/* The GPU's own approximations, one instruction each: PTX's ex2.approx.ftz.f32 and rcp.approx.ftz.f32 (PTX ISA,
 * "Floating Point Instructions": relative errors of about 2^-22 and 2^-23; numbers below 2^-126 count as 0). For
 * values that become bf16. The emulation (tests/emulation) has a file of the same name that
 * takes the host's functions. */

/* 2^x */
static __device__ __forceinline__ float vqc_cuda_quick_exp2(float x)
{
    float result;
    asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(result) : "f"(x));
    return result;
}

/* 1 / x */
static __device__ __forceinline__ float vqc_cuda_quick_reciprocal(float x)
{
    float result;
    asm("rcp.approx.ftz.f32 %0, %1;" : "=f"(result) : "f"(x));
    return result;
}

#endif
