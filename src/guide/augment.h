#ifndef VQC_GUIDE_AUGMENT_H
#define VQC_GUIDE_AUGMENT_H

#include <stdint.h>

#include "base/dtype.h"
#include "base/stream.h"
#include "study/settings.h"

/* The random parameters of the augmentations, with the ranges of kornia 0.5.4 as the public notebooks use it. Flips
 * are exact and sample nothing outside, so they join the next warp; every other one is a stage. */

/* What a stage does to the crops: the operation (operation.h) behind it. */
typedef enum vqc_augment_stage {
    VQC_AUGMENT_STAGE_WARP,
    VQC_AUGMENT_STAGE_COLOUR,
    VQC_AUGMENT_STAGE_NOISE,
    VQC_AUGMENT_STAGE_ERASE,
    VQC_AUGMENT_STAGE_SHARPEN,
    VQC_AUGMENT_STAGE_SPLINE,  /* a field of places, then the warp by it */
    VQC_AUGMENT_STAGE_ELASTIC, /* the same */
    VQC_AUGMENT_STAGE_COUNT
} vqc_augment_stage;

enum { VQC_AUGMENT_SPLINE_NUMBERS = 17 };

/* Parameters of one stage for one crop, as its operation takes them; of the member that belongs to the stage. */
typedef union vqc_augment_draw {
    float warp[10];
    float colour[5];
    int32_t noise[VQC_STREAM_NOISE_WORDS];
    int32_t erase[4];
    float sharpen[1];
    float spline[VQC_AUGMENT_SPLINE_NUMBERS];
    int32_t elastic[VQC_STREAM_NOISE_WORDS];
} vqc_augment_draw;

/* Number and type of a stage's parameters of a crop; each takes four bytes. */
int64_t vqc_augment_stage_numbers(vqc_augment_stage stage);
vqc_dtype vqc_augment_stage_dtype(vqc_augment_stage stage);

/* The stages that the list makes, and their number, at most VQC_SETTINGS_MAX_AUGMENTATIONS. */
int vqc_augment_stages(const vqc_settings *settings, vqc_augment_stage stages[VQC_SETTINGS_MAX_AUGMENTATIONS]);

/* Draws the parameters of every stage for one crop of side × side pixels; an augmentation that its probability leaves
 * out gets neutral ones. The stream is that of the crop's augmentations. The numbers drawn from it do not depend on
 * each other's values: every augmentation uses as many. What crops have in common comes from streams of its own. */
void vqc_augment_draw_all(const vqc_settings *settings, int64_t side, vqc_stream *stream, vqc_augment_draw *draws);

#endif
