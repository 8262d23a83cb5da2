#ifndef VQC_GUIDE_DRAWS_H
#define VQC_GUIDE_DRAWS_H

#include <stdbool.h>
#include <stdint.h>

#include "guide/augment.h"
#include "ops/ops.h"
#include "study/settings.h"

/* The random parameters of all crops of a step, as the operations take them (operation.h): drawn on the host, queued
 * to the device group by group. There is room for two steps, so that the next one can be drawn while the device
 * still works on this one. All failures are VQC_FAILED: for want of memory, or the device's. */
typedef struct vqc_draws vqc_draws;

/* What is drawn. */
typedef struct vqc_draws_extents {
    uint64_t seed;         /* of the render */
    uint32_t perceptor;    /* its number in the ensemble */
    int64_t height, width; /* of the picture */
    int64_t side;          /* of a crop */
    int64_t own_crops;     /* of the perceptor (vqc_settings_crops) */
    int64_t group;         /* crops of a group */
    int stage_count;       /* of augmentation */
    const vqc_augmentation_kind *stages;
} vqc_draws_extents;

/* Where a group's parameters go, in device memory. */
typedef struct vqc_draws_inputs {
    void *crops;                                  /* int32 (group, VQC_CROP_RECTANGLE), or NULL */
    void *views;                                  /* int32 (group, VQC_CROP_VIEW), or NULL */
    void *stages[VQC_SETTINGS_MAX_AUGMENTATIONS]; /* (group, numbers of the stage) */
    void *noise;                                  /* int32 (group, VQC_STREAM_NOISE_WORDS), or NULL */
    void *real;                                   /* int32 (1): how many of the group's crops are not mere filling */
} vqc_draws_inputs;

/* The settings must outlive it. */
VQC_MUST_CHECK vqc_status vqc_draws_create(vqc_ops *ops, const vqc_settings *settings,
                                           const vqc_draws_extents *extents, const vqc_draws_inputs *inputs,
                                           vqc_draws **draws_out, vqc_error *error);
/* NULL is allowed. */
void vqc_draws_destroy(vqc_draws *draws);

/* Number of groups: crops / group, rounded up, at the step with the most. */
int64_t vqc_draws_groups(const vqc_draws *draws);

/* Draws the crops of a step, unless they are there. The step two before it has been waited for. */
void vqc_draws_make(vqc_draws *draws, int64_t step);

/* How many crops of a group are there at a step, and no mere filling. */
int64_t vqc_draws_real(const vqc_draws *draws, int64_t step, int64_t group);

/* Queues a group's parameters of a step, which is drawn if it is not there. */
VQC_MUST_CHECK vqc_status vqc_draws_upload(vqc_draws *draws, int64_t step, int64_t group, vqc_error *error);

#endif
