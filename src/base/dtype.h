#ifndef VQC_BASE_DTYPE_H
#define VQC_BASE_DTYPE_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/formula.h"

/* Element types of tensors, in files and in memory. */
typedef enum vqc_dtype {
    VQC_DTYPE_F64,
    VQC_DTYPE_F32,
    VQC_DTYPE_F16,
    VQC_DTYPE_BF16,
    VQC_DTYPE_I64,
    VQC_DTYPE_I32,
    VQC_DTYPE_I16,
    VQC_DTYPE_I8,
    VQC_DTYPE_U8,
    VQC_DTYPE_BOOL,
    VQC_DTYPE_F8_E4M3, /* with a sign, bias 7, no infinities (OCP OFP8): float8_e4m3fn */
    VQC_DTYPE_F8_E5M2, /* the upper half of an f16 */
    VQC_DTYPE_COUNT
} vqc_dtype;

/* Bytes of one element. */
size_t vqc_dtype_size(vqc_dtype dtype);

/* Lower-case name as users write and read it: "f32", "bf16", ... */
const char *vqc_dtype_name(vqc_dtype dtype);

/* Converts count elements of any type at source (need not be aligned) to f32 or f64. Integers beyond 2^24 (2^53)
 * round to nearest even, bool gives 0 or 1. */
void vqc_dtype_to_f32(vqc_dtype dtype, const void *source, size_t count, float *target);
void vqc_dtype_to_f64(vqc_dtype dtype, const void *source, size_t count, double *target);

/* Single elements. bf16 is rounded to nearest even; NaN stays NaN. */
VQC_FORMULA float vqc_f32_from_bf16(uint16_t bits)
{
    uint32_t wide = (uint32_t)bits << 16;
    float value;
    memcpy(&value, &wide, sizeof value);
    return value;
}

VQC_FORMULA uint16_t vqc_bf16_from_f32(float value)
{
    uint32_t wide;
    memcpy(&wide, &value, sizeof wide);
    if ((wide & 0x7fffffffU) > 0x7f800000U)
        return (uint16_t)((wide >> 16) | 0x0040U);
    return (uint16_t)((wide + 0x7fffU + ((wide >> 16) & 1U)) >> 16);
}

float vqc_f32_from_f16(uint16_t bits);
/* Exact; both NaNs of E4M3 (all bits of exponent and mantissa set) become NaN. */
float vqc_f32_from_f8_e4m3(uint8_t bits);
float vqc_f32_from_f8_e5m2(uint8_t bits);

#endif
