#ifndef VQC_OPS_ADAM_FORMULAS_H
#define VQC_OPS_ADAM_FORMULAS_H

#include <math.h>

#include "base/formula.h"

/* One step of Adam on one element in f32: what the host and a GPU both compute. */

/* The numbers of one step that do not depend on the element. */
typedef struct vqc_adam {
    float rate, beta1, beta2;
    float share1, share2;           /* 1 − beta1, 1 − beta2 */
    float correction1, correction2; /* 1 − beta1^number, 1 − beta2^number, the steps numbered from 1 */
    float epsilon;
} vqc_adam;

/* Adam (Kingma and Ba 2015, algorithm 1) on the element z with its moving averages m and v. */
VQC_FORMULA void vqc_formula_adam(const vqc_adam *adam, float gradient, float *z, float *m, float *v)
{
    *m = adam->beta1 * *m + adam->share1 * gradient;
    *v = adam->beta2 * *v + adam->share2 * gradient * gradient;
    *z -= adam->rate * (*m / adam->correction1) / (sqrtf(*v / adam->correction2) + adam->epsilon);
}

/* A value limited to low … high; NaN stays NaN. */
VQC_FORMULA float vqc_formula_limit(float value, float low, float high)
{
    return value < low ? low : value > high ? high : value;
}

#endif
