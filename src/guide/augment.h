#ifndef VQC_GUIDE_AUGMENT_H
#define VQC_GUIDE_AUGMENT_H

#include <stdbool.h>
#include <stdint.h>

#include "guide/stream.h"
#include "study/settings.h"

/* The random parameters of the augmentations, with the ranges of kornia 0.5.4 as the public notebooks use it. Flips
 * are exact and sample nothing outside, so they join the next geometric augmentation; every other one is a stage. */

/* Parameters of one stage for one crop, as vqc_warp or vqc_colour take them. */
typedef struct vqc_augment_draw {
    float warp[10];
    float colour[5];
} vqc_augment_draw;

/* Number of stages that the list makes, at most VQC_SETTINGS_MAX_AUGMENTATIONS, and whether each changes colours
 * (else it warps). */
int vqc_augment_stages(const vqc_settings *settings, bool is_colour[VQC_SETTINGS_MAX_AUGMENTATIONS]);

/* Draws the parameters of every stage for one crop of side × side pixels; an augmentation that its probability leaves
 * out gets neutral ones. The numbers drawn do not depend on each other's values: every augmentation uses as many. */
void vqc_augment_draw_all(const vqc_settings *settings, int64_t side, vqc_stream *stream, vqc_augment_draw *draws);

#endif
