#ifndef VQC_OPS_CPU_SOFTMAX_H
#define VQC_OPS_CPU_SOFTMAX_H

#include <stdint.h>

#include "base/dtype.h"

/* The softmax of one row of scores and its gradient. Of a row only the first `visible` values (at least 1) count. */

/* What turns scores into probabilities: exp(scale · (score − largest)) · inverse. */
typedef struct vqc_cpu_normaliser {
    float largest; /* score, before scaling */
    float inverse; /* of the sum of the exponentials */
} vqc_cpu_normaliser;

/* Turns scores into probabilities, in place. */
vqc_cpu_normaliser vqc_cpu_softmax(float *scores, int64_t visible, float scale);

/* Does so with the normaliser from the first time. The results are the same to the last bit. */
void vqc_cpu_softmax_again(float *scores, int64_t visible, float scale, vqc_cpu_normaliser normaliser);

/* From probabilities and the gradients with respect to them to those with respect to the scores, in place of the
 * second. */
void vqc_cpu_softmax_gradient(const float *probabilities, float *grad, int64_t visible, float scale);

/* Converts the visible values of a row, and puts zeros behind them up to `count`. Source and target may be the
 * same. `visible` may be 0. */
void vqc_cpu_softmax_store(vqc_dtype dtype, const float *source, void *target, int64_t visible, int64_t count);

#endif
