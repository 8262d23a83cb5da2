#ifndef VQC_EMULATION_CUDA_BF16_H
#define VQC_EMULATION_CUDA_BF16_H

#include "base/dtype.h"

struct __nv_bfloat16 {
    uint16_t bits;
};

static inline float __bfloat162float(__nv_bfloat16 value)
{
    return vqc_f32_from_bf16(value.bits);
}

static inline __nv_bfloat16 __float2bfloat16_rn(float value)
{
    return {vqc_bf16_from_f32(value)};
}

struct __nv_bfloat162 {
    __nv_bfloat16 x, y;
};

static inline __nv_bfloat162 __floats2bfloat162_rn(float x, float y)
{
    return {__float2bfloat16_rn(x), __float2bfloat16_rn(y)};
}

#endif
