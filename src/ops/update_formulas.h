#ifndef VQC_OPS_UPDATE_FORMULAS_H
#define VQC_OPS_UPDATE_FORMULAS_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/formula.h"
#include "ops/optimiser.h"

/* One step of an optimiser on one element in f32: what the host and a GPU both compute. */

/* The numbers of one step that do not depend on the element. */
typedef struct vqc_update {
    float rate;                     /* the learning rate */
    float beta1, beta2;             /* what the means keep; RMSprop's alpha is beta2 */
    float share1, share2;           /* 1 − beta1, 1 − beta2 */
    float correction1, correction2; /* 1 − beta1^number, 1 − beta2^number, the steps numbered from 1 */
    float corrected_rate;           /* DiffGrad, RAdam: the rate with all that does not depend on the element */
    bool rectified;                 /* RAdam: enough steps are made to divide by the root of the mean square */
    float epsilon;
    float keep;           /* what weight decay leaves of z where it is decoupled from the gradient (AdamW, AdamP) */
    float projected_keep; /* the same in a step that AdamP projects */
    float delta;          /* AdamP: it projects where the cosine of gradient and z is below delta / √elements */
} vqc_update;

/* What is taken away of z in a step of an optimiser that projects; the others do not look at it. */
typedef struct vqc_projection {
    float pull; /* how much of z is taken from the direction */
    float keep;
} vqc_projection;

/* One element, and what an optimiser keeps of it. */
typedef struct vqc_element {
    float gradient;
    float *z;
    float *moment[3]; /* of which the optimiser has its number */
    vqc_projection projection;
} vqc_element;

/* Adam (Kingma and Ba 2015, algorithm 1) with the mean of the gradient and that of its square; with `keep` below 1 it
 * is AdamW (Loshchilov and Hutter 2019). */
VQC_FORMULA void vqc_formula_adam(const vqc_update *update, const vqc_element *e)
{
    float *m = e->moment[0];
    float *v = e->moment[1];
    *m = update->beta1 * *m + update->share1 * e->gradient;
    *v = update->beta2 * *v + update->share2 * e->gradient * e->gradient;
    *e->z = update->keep * *e->z -
            update->rate * (*m / update->correction1) / (sqrtf(*v / update->correction2) + update->epsilon);
}

/* Adagrad (Duchi et al. 2011), with the sum of the gradient's square. */
VQC_FORMULA void vqc_formula_adagrad(const vqc_update *update, const vqc_element *e)
{
    float *sum = e->moment[0];
    *sum += e->gradient * e->gradient;
    *e->z -= update->rate * e->gradient / (sqrtf(*sum) + update->epsilon);
}

/* Adamax (Kingma and Ba 2015, algorithm 2) with the mean of the gradient, and its largest size, which decays; epsilon
 * is where PyTorch has it. */
VQC_FORMULA void vqc_formula_adamax(const vqc_update *update, const vqc_element *e)
{
    float *m = e->moment[0];
    float *largest = e->moment[1];
    float decayed = update->beta2 * *largest;
    float size = fabsf(e->gradient) + update->epsilon;
    *m = update->beta1 * *m + update->share1 * e->gradient;
    *largest = decayed > size ? decayed : size;
    *e->z -= update->rate * (*m / update->correction1) / *largest;
}

/* DiffGrad (Dubey et al. 2019): Adam that is slowed down, by up to a half, where the gradient hardly changes; its
 * third moment is the gradient of the step before. */
VQC_FORMULA void vqc_formula_diffgrad(const vqc_update *update, const vqc_element *e)
{
    float *m = e->moment[0];
    float *v = e->moment[1];
    float *previous = e->moment[2];
    float friction = 1.0F / (1.0F + expf(-fabsf(*previous - e->gradient)));
    *m = update->beta1 * *m + update->share1 * e->gradient;
    *v = update->beta2 * *v + update->share2 * e->gradient * e->gradient;
    *previous = e->gradient;
    *e->z -= update->corrected_rate * (*m * friction) / (sqrtf(*v) + update->epsilon);
}

/* RAdam (Liu et al. 2020), with Adam's moments: the first steps go by the mean gradient alone. */
VQC_FORMULA void vqc_formula_radam(const vqc_update *update, const vqc_element *e)
{
    float *m = e->moment[0];
    float *v = e->moment[1];
    *m = update->beta1 * *m + update->share1 * e->gradient;
    *v = update->beta2 * *v + update->share2 * e->gradient * e->gradient;
    float size = update->rectified ? sqrtf(*v) + update->epsilon : 1.0F;
    *e->z -= update->corrected_rate * *m / size;
}

/* RMSprop (Tieleman and Hinton 2012) with the mean of the gradient's square; neither centred nor with momentum. */
VQC_FORMULA void vqc_formula_rmsprop(const vqc_update *update, const vqc_element *e)
{
    float *v = e->moment[0];
    *v = update->beta2 * *v + update->share2 * e->gradient * e->gradient;
    *e->z -= update->rate * e->gradient / (sqrtf(*v) + update->epsilon);
}

/* --- AdamP (Heo et al. 2021), with Adam's moments --- */

/* The direction of AdamP before projection, from moments that are brought up to date. */
VQC_FORMULA float vqc_formula_adamp_direction(const vqc_update *update, float gradient, float *m, float *v)
{
    *m = update->beta1 * *m + update->share1 * gradient;
    *v = update->beta2 * *v + update->share2 * gradient * gradient;
    return *m / (sqrtf(*v / update->correction2) + update->epsilon);
}

/* Sums over all elements that move, on which the projection depends. The public implementation looks at every channel
 * and at the whole of a tensor whose first axis are its channels; that axis of its latents, (1, width, rows,
 * columns), has the length 1, so that both are the whole latent. */
typedef struct vqc_projection_sums {
    double gradients, latents; /* Σ g², Σ z² */
    double products;           /* Σ g · z */
    double directions;         /* Σ z · direction */
    double elements;           /* their number */
} vqc_projection_sums;

/* Adds one element, whose moments stay as they are. */
VQC_FORMULA void vqc_formula_projection_add(vqc_projection_sums *sums, const vqc_update *update, float gradient,
                                            float z, float m, float v)
{
    double direction = (double)vqc_formula_adamp_direction(update, gradient, &m, &v);
    sums->gradients += (double)gradient * (double)gradient;
    sums->latents += (double)z * (double)z;
    sums->products += (double)gradient * (double)z;
    sums->directions += (double)z * direction;
    sums->elements += 1.0;
}

/* Whether the step is projected, and how. */
VQC_FORMULA vqc_projection vqc_formula_projection(const vqc_update *update, const vqc_projection_sums *sums)
{
    double epsilon = (double)update->epsilon;
    double size = sqrt(sums->latents) + epsilon;
    double cosine = fabs(sums->products) / (sqrt(sums->gradients) + epsilon) / size;
    bool projected = cosine < (double)update->delta / sqrt(sums->elements);
    vqc_projection projection;
    projection.pull = projected ? (float)(sums->directions / (size * size)) : 0.0F;
    projection.keep = projected ? update->projected_keep : update->keep;
    return projection;
}

VQC_FORMULA void vqc_formula_adamp(const vqc_update *update, const vqc_element *e)
{
    float direction = vqc_formula_adamp_direction(update, e->gradient, e->moment[0], e->moment[1]);
    direction -= e->projection.pull * *e->z;
    *e->z = e->projection.keep * *e->z - update->rate / update->correction1 * direction;
}

/* --- Any of them --- */

/* The gradient that the optimisers see: of the loss, of the L2 term with its slope, and of a weight decay that is
 * part of it. */
VQC_FORMULA float vqc_formula_whole_gradient(float gradient, float slope, float decay, float z, float origin)
{
    float sum = gradient + slope * (z - origin);
    return decay == 0.0F ? sum : sum + decay * z;
}

/* The element at z, and its moments, each `count` elements behind the one before. */
VQC_FORMULA void vqc_formula_update(vqc_optimiser_kind kind, const vqc_update *update, vqc_projection projection,
                                    float gradient, float *z, int64_t count)
{
    const vqc_element element = {gradient, z, {z + count, z + 2 * count, z + 3 * count}, projection};
    switch (kind) {
#define VQC_OPTIMISER(kind_, formula, ...)                                                                           \
    case VQC_OPTIMISER_##kind_:                                                                                      \
        vqc_formula_##formula(update, &element);                                                                     \
        break;
#include "ops/optimisers.def"
    }
}

/* A running mean of a latent's element, of which each further value is the given share. */
VQC_FORMULA float vqc_formula_average(float average, float value, float share)
{
    return average + share * (value - average);
}

/* A value limited to low … high; NaN stays NaN. */
VQC_FORMULA float vqc_formula_limit(float value, float low, float high)
{
    return value < low ? low : value > high ? high : value;
}

#endif
