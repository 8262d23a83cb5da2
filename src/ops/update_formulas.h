#ifndef VQC_OPS_UPDATE_FORMULAS_H
#define VQC_OPS_UPDATE_FORMULAS_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/formula.h"

/* One step of an optimiser on one element in f32: what the host and a GPU both compute. */

/* How an element is updated: the optimisers of these names in PyTorch (torch.optim), and DiffGrad and AdamP of the
 * package torch_optimizer, which the public notebooks use. Beside the element an optimiser keeps moments of it. */
typedef enum vqc_update_rule {
    VQC_UPDATE_ADAM,     /* 2 moments: mean of the gradient, mean of its square; AdamW, too */
    VQC_UPDATE_ADAGRAD,  /* 1: sum of the gradient's square */
    VQC_UPDATE_ADAMAX,   /* 2: mean of the gradient, its largest size, which decays */
    VQC_UPDATE_DIFFGRAD, /* 3: as Adam, and the gradient of the step before */
    VQC_UPDATE_ADAMP,    /* 2: as Adam */
    VQC_UPDATE_RADAM,    /* 2: as Adam */
    VQC_UPDATE_RMSPROP   /* 1: mean of the gradient's square */
} vqc_update_rule;

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

/* What AdamP takes away of z in this step; the others nothing. */
typedef struct vqc_projection {
    float pull; /* how much of z is taken from the direction */
    float keep;
} vqc_projection;

/* Adam (Kingma and Ba 2015, algorithm 1) on the element z with its moving averages m and v; with `keep` below 1 it is
 * AdamW (Loshchilov and Hutter 2019). */
VQC_FORMULA void vqc_formula_adam(const vqc_update *update, float gradient, float *z, float *m, float *v)
{
    *m = update->beta1 * *m + update->share1 * gradient;
    *v = update->beta2 * *v + update->share2 * gradient * gradient;
    *z = update->keep * *z -
         update->rate * (*m / update->correction1) / (sqrtf(*v / update->correction2) + update->epsilon);
}

/* Adagrad (Duchi et al. 2011). */
VQC_FORMULA void vqc_formula_adagrad(const vqc_update *update, float gradient, float *z, float *sum)
{
    *sum += gradient * gradient;
    *z -= update->rate * gradient / (sqrtf(*sum) + update->epsilon);
}

/* Adamax (Kingma and Ba 2015, algorithm 2), with epsilon where PyTorch has it. */
VQC_FORMULA void vqc_formula_adamax(const vqc_update *update, float gradient, float *z, float *m, float *largest)
{
    float decayed = update->beta2 * *largest;
    float size = fabsf(gradient) + update->epsilon;
    *m = update->beta1 * *m + update->share1 * gradient;
    *largest = decayed > size ? decayed : size;
    *z -= update->rate * (*m / update->correction1) / *largest;
}

/* DiffGrad (Dubey et al. 2019): Adam that is slowed down, by up to a half, where the gradient hardly changes. */
VQC_FORMULA void vqc_formula_diffgrad(const vqc_update *update, float gradient, float *z, float *m, float *v,
                                      float *previous)
{
    float friction = 1.0F / (1.0F + expf(-fabsf(*previous - gradient)));
    *m = update->beta1 * *m + update->share1 * gradient;
    *v = update->beta2 * *v + update->share2 * gradient * gradient;
    *previous = gradient;
    *z -= update->corrected_rate * (*m * friction) / (sqrtf(*v) + update->epsilon);
}

/* RAdam (Liu et al. 2020): the first steps go by the mean gradient alone. */
VQC_FORMULA void vqc_formula_radam(const vqc_update *update, float gradient, float *z, float *m, float *v)
{
    *m = update->beta1 * *m + update->share1 * gradient;
    *v = update->beta2 * *v + update->share2 * gradient * gradient;
    float size = update->rectified ? sqrtf(*v) + update->epsilon : 1.0F;
    *z -= update->corrected_rate * *m / size;
}

/* RMSprop (Tieleman and Hinton 2012), neither centred nor with momentum. */
VQC_FORMULA void vqc_formula_rmsprop(const vqc_update *update, float gradient, float *z, float *v)
{
    *v = update->beta2 * *v + update->share2 * gradient * gradient;
    *z -= update->rate * gradient / (sqrtf(*v) + update->epsilon);
}

/* --- AdamP (Heo et al. 2021) --- */

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

VQC_FORMULA void vqc_formula_adamp(const vqc_update *update, vqc_projection projection, float gradient, float *z,
                                   float *m, float *v)
{
    float direction = vqc_formula_adamp_direction(update, gradient, m, v) - projection.pull * *z;
    *z = projection.keep * *z - update->rate / update->correction1 * direction;
}

/* --- Any of them --- */

/* The gradient that the rules see: of the loss, of the L2 term with its slope, and of a weight decay that is part of
 * it. */
VQC_FORMULA float vqc_formula_whole_gradient(float gradient, float slope, float decay, float z, float origin)
{
    float sum = gradient + slope * (z - origin);
    return decay == 0.0F ? sum : sum + decay * z;
}

/* The element at z, and its moments, each `count` elements behind the one before. */
VQC_FORMULA void vqc_formula_update(vqc_update_rule rule, const vqc_update *update, vqc_projection projection,
                                    float gradient, float *z, int64_t count)
{
    float *moments = z + count;
    switch (rule) {
    case VQC_UPDATE_ADAM:
        vqc_formula_adam(update, gradient, z, moments, moments + count);
        break;
    case VQC_UPDATE_ADAGRAD:
        vqc_formula_adagrad(update, gradient, z, moments);
        break;
    case VQC_UPDATE_ADAMAX:
        vqc_formula_adamax(update, gradient, z, moments, moments + count);
        break;
    case VQC_UPDATE_DIFFGRAD:
        vqc_formula_diffgrad(update, gradient, z, moments, moments + count, moments + 2 * count);
        break;
    case VQC_UPDATE_ADAMP:
        vqc_formula_adamp(update, projection, gradient, z, moments, moments + count);
        break;
    case VQC_UPDATE_RADAM:
        vqc_formula_radam(update, gradient, z, moments, moments + count);
        break;
    case VQC_UPDATE_RMSPROP:
        vqc_formula_rmsprop(update, gradient, z, moments);
        break;
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
