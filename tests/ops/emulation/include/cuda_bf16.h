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

#endif
