#ifndef VQC_OPS_STEP_H
#define VQC_OPS_STEP_H

#include <stdint.h>

#include "ops/ops.h"
#include "ops/update_formulas.h"

/* What a step of guidance computes besides the operations of networks, so that a whole step stays on the device. All
 * pointers are to device memory. Like the operations, the calls are queued in their order and may be recorded. All
 * failures are VQC_FAILED: the device's. */

/* --- The order-free sum of picture gradients (ops/sum_formulas.h) --- */

/* sum[i] += values[i], count elements, in whole numbers. A value that is not finite, or out of range, marks the
 * element for good. The sum is zero at first. */
VQC_MUST_CHECK vqc_status vqc_ops_gradient_sum_add(vqc_ops *ops, int64_t *sum, const float *values, size_t count,
                                                   vqc_error *error);
/* Sets marked elements to 0 and *marks to how many there were: sums of several ranks are added as plain whole
 * numbers, so that the marks travel on their own. */
VQC_MUST_CHECK vqc_status vqc_ops_gradient_sum_clear_marks(vqc_ops *ops, int64_t *sum, size_t count, int64_t *marks,
                                                           vqc_error *error);
/* values[i] = sum[i] as f32; marked elements become not-a-number. */
VQC_MUST_CHECK vqc_status vqc_ops_gradient_sum_read(vqc_ops *ops, const int64_t *sum, float *values, size_t count,
                                                    vqc_error *error);

/* --- The distances of a crop group --- */

typedef struct vqc_weighing {
    int64_t crops, targets;
    const float *distances; /* (crops, targets) */
    const double *weights;  /* (targets): what each target's distance counts in the loss */
    const double *stops;    /* (targets) */
    const int32_t *real;    /* (1): the crops that count; those behind them fill the group up */
    float *gradients; /* (crops, targets), set: the weight, where the crop counts and its distance, with the sign
                         of the weight, is above the target's stop; else 0 (reference: `Prompt` of the public
                         notebooks) */
    double *sums;     /* (targets), set: the distances of the crops that count, added in their order */
} vqc_weighing;

VQC_MUST_CHECK vqc_status vqc_ops_distances_weigh(vqc_ops *ops, const vqc_weighing *weighing, vqc_error *error);

/* --- The latent --- */

/* The numbers of one step. */
typedef struct vqc_latent_numbers {
    vqc_update update;
    float l2_slope;
    float decay;         /* weight decay that is part of the gradient */
    float average_share; /* of the new z in the average */
} vqc_latent_numbers;

typedef struct vqc_latent {
    int64_t cells, width;
    vqc_optimiser_kind optimiser;
    float *state;          /* z and its moments (ops/update_formulas.h): (1 + moments, cells, width) */
    float *average;        /* (cells, width): running mean of z; or NULL */
    const float *gradient; /* (cells, width) */
    const float *origin;   /* (cells, width): where the L2 term pulls to; or NULL for zero */
    const float *mask;     /* (cells): the share of its step that a cell goes, 0 where it stays, at most 1; or NULL,
                              where all go all of it */
    const float *limits;   /* (2, width): least and largest value of every channel; or NULL */
} vqc_latent;

/* One step where the latent moves: g = gradient + l2_slope · (z − origin) + decay · z, then the optimiser, of whose
 * step z goes the mask's share. (A share of the gradient would change next to nothing: Adam and its like divide by
 * the gradient's size.) Then, everywhere, the limits, and average += average_share · (z − average). `numbers` is in
 * device memory. */
VQC_MUST_CHECK vqc_status vqc_ops_latent_step(vqc_ops *ops, const vqc_latent *latent,
                                              const vqc_latent_numbers *numbers, vqc_error *error);

/* What is known of a latent without reading it back. */
typedef struct vqc_latent_measures {
    double squares;     /* Σ (z − origin)² */
    uint64_t digest;    /* Σ vqc_formula_latent_word: the same for the same bits */
    int64_t not_finite; /* elements */
} vqc_latent_measures;

/* z, origin: (count); an origin of NULL is zero. */
VQC_MUST_CHECK vqc_status vqc_ops_latent_measure(vqc_ops *ops, const float *z, const float *origin, int64_t count,
                                                 vqc_latent_measures *measures, vqc_error *error);

#endif
