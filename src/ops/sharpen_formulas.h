#ifndef VQC_OPS_SHARPEN_FORMULAS_H
#define VQC_OPS_SHARPEN_FORMULAS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/formula.h"

/* The blur of operation.h, vqc_sharpen, in f32: what cpu and cuda both compute. */

/* What weighs a pixel itself in its blur, beside 1 for each of its eight neighbours, and all weights together. */
#define VQC_SHARPEN_MIDDLE 5.0F
#define VQC_SHARPEN_WEIGHTS 13.0F

/* The weighted sum of an element and its neighbours; `next` is to the one of the next pixel in its row, `below` to
 * the one below. */
VQC_FORMULA float vqc_sharpen_sum(const float *element, int64_t next, int64_t below)
{
    const float *above = element - below;
    const float *beneath = element + below;
    float sum = VQC_SHARPEN_MIDDLE * element[0];
    sum += element[-next] + element[next];
    sum += (above[-next] + above[next]) + above[0];
    sum += (beneath[-next] + beneath[next]) + beneath[0];
    return sum;
}

/* The blur of an element that has neighbours on all sides; exact where all are 0 or all are 1. */
VQC_FORMULA float vqc_sharpen_blur(const float *element, int64_t next, int64_t below)
{
    return vqc_sharpen_sum(element, next, below) / VQC_SHARPEN_WEIGHTS;
}

/* Whether the gradient passes the limit of a blur. */
VQC_FORMULA bool vqc_sharpen_passes(float blur)
{
    return blur >= 0.0F && blur <= 1.0F;
}

/* An element mixed with its blur. */
VQC_FORMULA float vqc_sharpen_mix(float element, float blur, float share)
{
    float raised = blur < 0.0F ? 0.0F : blur;
    float limited = raised > 1.0F ? 1.0F : raised;
    return limited + (element - limited) * share;
}

#endif
