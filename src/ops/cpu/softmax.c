#include "ops/cpu/softmax.h"

#include "ops/cpu/element.h"
#include "ops/formulas.h"

VQC_CPU_INLINE float largest_of(const float *restrict x, int64_t count)
{
    float lanes[VQC_CPU_LANES];
    for (int lane = 0; lane < VQC_CPU_LANES; lane++)
        lanes[lane] = x[0];
    int64_t i = 0;
    for (; i + VQC_CPU_LANES <= count; i += VQC_CPU_LANES)
        for (int lane = 0; lane < VQC_CPU_LANES; lane++)
            lanes[lane] = x[i + lane] > lanes[lane] ? x[i + lane] : lanes[lane];
    for (int lane = 0; i + lane < count; lane++)
        lanes[lane] = x[i + lane] > lanes[lane] ? x[i + lane] : lanes[lane];
    float largest = lanes[0];
    for (int lane = 1; lane < VQC_CPU_LANES; lane++)
        largest = lanes[lane] > largest ? lanes[lane] : largest;
    return largest;
}

VQC_CPU_INLINE float sum_of(const float *restrict x, int64_t count)
{
    float lanes[VQC_CPU_LANES] = {0};
    int64_t i = 0;
    for (; i + VQC_CPU_LANES <= count; i += VQC_CPU_LANES)
        for (int lane = 0; lane < VQC_CPU_LANES; lane++)
            lanes[lane] += x[i + lane];
    for (int lane = 0; i + lane < count; lane++)
        lanes[lane] += x[i + lane];
    return vqc_cpu_lanes_sum(lanes);
}

VQC_CPU_INLINE float product_of(const float *restrict x, const float *restrict y, int64_t count)
{
    float lanes[VQC_CPU_LANES] = {0};
    int64_t i = 0;
    for (; i + VQC_CPU_LANES <= count; i += VQC_CPU_LANES)
        for (int lane = 0; lane < VQC_CPU_LANES; lane++)
            lanes[lane] += x[i + lane] * y[i + lane];
    for (int lane = 0; i + lane < count; lane++)
        lanes[lane] += x[i + lane] * y[i + lane];
    return vqc_cpu_lanes_sum(lanes);
}

VQC_CPU_KERNEL vqc_cpu_normaliser vqc_cpu_softmax(float *restrict scores, int64_t visible, float scale)
{
    float largest = largest_of(scores, visible);
    for (int64_t i = 0; i < visible; i++)
        scores[i] = vqc_formula_exp(scale * (scores[i] - largest));
    float inverse = 1.0F / sum_of(scores, visible);
    for (int64_t i = 0; i < visible; i++)
        scores[i] *= inverse;
    return (vqc_cpu_normaliser){largest, inverse};
}

VQC_CPU_KERNEL void vqc_cpu_softmax_again(float *restrict scores, int64_t visible, float scale, vqc_cpu_normaliser n)
{
    for (int64_t i = 0; i < visible; i++)
        scores[i] = vqc_formula_exp(scale * (scores[i] - n.largest)) * n.inverse;
}

VQC_CPU_KERNEL void vqc_cpu_softmax_gradient(const float *restrict probabilities, float *restrict grad,
                                             int64_t visible, float scale)
{
    float mean = product_of(probabilities, grad, visible);
    for (int64_t i = 0; i < visible; i++)
        grad[i] = scale * (probabilities[i] * (grad[i] - mean));
}

VQC_CPU_INLINE void convert(vqc_dtype dtype, const float *source, void *target, int64_t visible, int64_t count)
{
    for (int64_t i = 0; i < visible; i++)
        vqc_cpu_store(dtype, target, i, source[i]);
    for (int64_t i = visible; i < count; i++)
        vqc_cpu_store(dtype, target, i, 0.0F);
}

VQC_CPU_KERNEL void vqc_cpu_softmax_store(vqc_dtype dtype, const float *source, void *target, int64_t visible,
                                          int64_t count)
{
    VQC_CPU_FOR_DTYPE(convert, dtype, source, target, visible, count);
}
