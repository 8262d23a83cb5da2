#ifndef VQC_GUIDE_AUGMENT_H
#define VQC_GUIDE_AUGMENT_H

#include "guide/augmentation.h"

/* A list of augmentations in a perceptor's network. Neighbours that make one warp are one stage; every other one is a
 * stage of its own. A stage goes by the first augmentation (augmentations.def) that makes the same network, such that
 * equal stages are equal networks. */

const vqc_augment_type *vqc_augment_type_of(vqc_augmentation_kind kind);

/* The stages that the list makes, and their number, at most VQC_SETTINGS_MAX_AUGMENTATIONS. */
int vqc_augment_stages(const vqc_settings *settings, vqc_augmentation_kind stages[VQC_SETTINGS_MAX_AUGMENTATIONS]);

/* Draws the numbers of every stage for one crop of side × side pixels; an augmentation that its probability leaves
 * out gets neutral ones, and so does one that is for other crops: overviews, or those that are none. The stream is
 * that of the crop's augmentations. The numbers drawn from it do not depend on each other's values: every
 * augmentation uses as many. What crops have in common comes from streams of its own. */
void vqc_augment_draw_all(const vqc_settings *settings, int64_t side, bool is_overview, vqc_stream *stream,
                          vqc_augment_draw *draws);

#endif
