#include "base/dtype.h"

#include <math.h>

typedef struct dtype_facts {
    const char *name;
    size_t size;
} dtype_facts;

static const dtype_facts facts[VQC_DTYPE_COUNT] = {
    [VQC_DTYPE_F64] = {"f64", 8},   [VQC_DTYPE_F32] = {"f32", 4},         [VQC_DTYPE_F16] = {"f16", 2},
    [VQC_DTYPE_BF16] = {"bf16", 2}, [VQC_DTYPE_I64] = {"i64", 8},         [VQC_DTYPE_I32] = {"i32", 4},
    [VQC_DTYPE_I16] = {"i16", 2},   [VQC_DTYPE_I8] = {"i8", 1},           [VQC_DTYPE_U8] = {"u8", 1},
    [VQC_DTYPE_BOOL] = {"bool", 1}, [VQC_DTYPE_F8_E4M3] = {"f8_e4m3", 1}, [VQC_DTYPE_F8_E5M2] = {"f8_e5m2", 1},
};

size_t vqc_dtype_size(vqc_dtype dtype)
{
    return facts[dtype].size;
}

const char *vqc_dtype_name(vqc_dtype dtype)
{
    return facts[dtype].name;
}

/* The exponent's bias is put right by a multiplication with a power of two, which is exact and serves the numbers
 * below 2^-14 as well; without branches, so that a loop over it becomes vector instructions. */
static inline float f32_from_f16(uint16_t bits)
{
    uint32_t magnitude = (uint32_t)(bits & 0x7fffU) << 13;
    float scaled;
    memcpy(&scaled, &magnitude, sizeof scaled);
    scaled *= 0x1p112F;
    uint32_t wide;
    memcpy(&wide, &scaled, sizeof wide);
    wide = (bits & 0x7c00U) == 0x7c00U ? magnitude | 0x7f800000U : wide; /* infinity and NaN keep their mantissa */
    wide |= (uint32_t)(bits & 0x8000U) << 16;
    float value;
    memcpy(&value, &wide, sizeof value);
    return value;
}

float vqc_f32_from_f16(uint16_t bits)
{
    return f32_from_f16(bits);
}

/* Every number of E4M3 is one of f16, whose bias is 8 more: its bits in f16's places, times 2^8. */
float vqc_f32_from_f8_e4m3(uint8_t bits)
{
    if ((bits & 0x7fU) == 0x7fU)
        return NAN;
    return f32_from_f16((uint16_t)((bits & 0x80U) << 8 | (bits & 0x7fU) << 7)) * 0x1p8F;
}

float vqc_f32_from_f8_e5m2(uint8_t bits)
{
    return f32_from_f16((uint16_t)(bits << 8));
}

/* One element as a double; every type here but i64 fits exactly. */
static double element_value(vqc_dtype dtype, const unsigned char *source)
{
    union {
        double f64;
        float f32;
        uint16_t half;
        int64_t i64;
        int32_t i32;
        int16_t i16;
    } bits;
    memcpy(&bits, source, vqc_dtype_size(dtype));
    switch (dtype) {
    case VQC_DTYPE_F64:
        return bits.f64;
    case VQC_DTYPE_F32:
        return (double)bits.f32;
    case VQC_DTYPE_F16:
        return (double)vqc_f32_from_f16(bits.half);
    case VQC_DTYPE_BF16:
        return (double)vqc_f32_from_bf16(bits.half);
    case VQC_DTYPE_I64:
        return (double)bits.i64;
    case VQC_DTYPE_I32:
        return bits.i32;
    case VQC_DTYPE_I16:
        return bits.i16;
    case VQC_DTYPE_I8:
        return (int8_t)source[0];
    case VQC_DTYPE_U8:
        return source[0];
    case VQC_DTYPE_BOOL:
        return source[0] != 0;
    case VQC_DTYPE_F8_E4M3:
        return (double)vqc_f32_from_f8_e4m3(source[0]);
    case VQC_DTYPE_F8_E5M2:
        return (double)vqc_f32_from_f8_e5m2(source[0]);
    case VQC_DTYPE_COUNT:
        break;
    }
    return NAN;
}

/* The two types that nearly all weights have, fast. */
static void halves_to_f32(vqc_dtype dtype, const unsigned char *source, size_t count, float *restrict target)
{
    uint16_t bits;
    if (dtype == VQC_DTYPE_F16) {
        for (size_t i = 0; i < count; i++) {
            memcpy(&bits, source + i * sizeof bits, sizeof bits);
            target[i] = f32_from_f16(bits);
        }
        return;
    }
    for (size_t i = 0; i < count; i++) {
        memcpy(&bits, source + i * sizeof bits, sizeof bits);
        target[i] = vqc_f32_from_bf16(bits);
    }
}

void vqc_dtype_to_f32(vqc_dtype dtype, const void *source, size_t count, float *target)
{
    if (dtype == VQC_DTYPE_F32) {
        memcpy(target, source, count * sizeof *target);
        return;
    }
    if (dtype == VQC_DTYPE_F16 || dtype == VQC_DTYPE_BF16) {
        halves_to_f32(dtype, source, count, target);
        return;
    }
    size_t size = vqc_dtype_size(dtype);
    const unsigned char *bytes = source;
    for (size_t i = 0; i < count; i++) {
        if (dtype == VQC_DTYPE_I64) { /* by way of double it would round twice */
            int64_t whole;
            memcpy(&whole, bytes + i * size, sizeof whole);
            target[i] = (float)whole;
        } else {
            target[i] = (float)element_value(dtype, bytes + i * size);
        }
    }
}

void vqc_dtype_to_f64(vqc_dtype dtype, const void *source, size_t count, double *target)
{
    size_t size = vqc_dtype_size(dtype);
    const unsigned char *bytes = source;
    for (size_t i = 0; i < count; i++)
        target[i] = element_value(dtype, bytes + i * size);
}
