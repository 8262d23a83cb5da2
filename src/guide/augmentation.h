#ifndef VQC_GUIDE_AUGMENTATION_H
#define VQC_GUIDE_AUGMENTATION_H

#include "base/stream.h"
#include "guide/augment_warps.h"
#include "network/network.h"
#include "study/settings.h"

/* What an augmentation is to guidance: every row of study/augmentations.def has a file in guide/augmentations/ with
 * one of these. Random numbers are drawn as kornia 0.5.4 draws them where the public notebooks use it (test_draws).
 * What fails is VQC_FAILED: for want of memory, or the implementation's. */

enum { VQC_AUGMENT_MOST_NUMBERS = 32 };

/* The random numbers of one crop, as the type's operation takes them (operation.h); each takes four bytes. */
typedef union vqc_augment_draw {
    float real[VQC_AUGMENT_MOST_NUMBERS];
    int32_t whole[VQC_AUGMENT_MOST_NUMBERS];
} vqc_augment_draw;

/* What is drawn for: a crop, and an augmentation in its list. */
typedef struct vqc_augment_place {
    const vqc_augmentation *augmentation;
    uint32_t index;    /* in the list */
    int64_t side;      /* of the crop, which is square */
    vqc_stream *crop;  /* the crop's numbers */
    vqc_stream *batch; /* those that all crops of a step have in common in this augmentation */
    bool is_overview;  /* whether the crop is one of those that vqc_settings_overview counts */
} vqc_augment_place;

/* Where in a perceptor's network the crops are augmented. */
typedef struct vqc_augment_site {
    vqc_network *network;
    int64_t crops, side; /* f32 (crops, side, side, 3) */
} vqc_augment_site;

typedef struct vqc_augment_type {
    int64_t numbers; /* of a crop, at most VQC_AUGMENT_MOST_NUMBERS */
    vqc_dtype dtype; /* f32 or i32 */
    bool together; /* kornia decides for all crops of a batch together whether it is used: where it may give pictures
                      another size, and where the public notebooks want the same for all */
    bool joins;    /* a warp that is exact and samples nothing outside: it joins a warp right behind it */
    /* How it draws: as a warp, which is all that one has to say (its numbers are vqc_warp's), or itself,
     * with what stands in place of the draw where it is not used. As many numbers come from the crop's stream every
     * time, whatever their values. The draw is zero before. */
    vqc_augment_warp (*warp)(const vqc_augment_place *place);
    void (*draw)(const vqc_augment_place *place, vqc_augment_draw *draw);
    vqc_augment_draw neutral;
    /* Adds it to the network: the crops become others of their shape. draws: input (crops, numbers). Types with the
     * same function make the same networks. */
    vqc_status (*add)(const vqc_augment_site *site, vqc_value draws, vqc_value *crops, vqc_error *error);
} vqc_augment_type;

#define VQC_AUGMENTATION(kind, identifier, ...) extern const vqc_augment_type vqc_augment_##identifier;
#include "study/augmentations.def"

/* --- For their files --- */

/* What tells an operation to draw a number for every element of the crop: the words of vqc_noise, times scale. */
void vqc_augment_noise_draw(const vqc_augment_place *place, double scale, vqc_augment_draw *draw);

/* Adds an operation of input 0 crops and input 1 `changes`, whose output are crops. */
VQC_MUST_CHECK vqc_status vqc_augment_add(const vqc_augment_site *site, const vqc_operation *operation,
                                          vqc_value changes, vqc_value *crops, vqc_error *error);
/* Adds an operation that makes the draws a field of places, and the warp of the crops by it. */
VQC_MUST_CHECK vqc_status vqc_augment_field_add(const vqc_augment_site *site, const vqc_operation *field,
                                                vqc_value draws, vqc_value *crops, vqc_error *error);
/* Adds a warp by matrices. */
VQC_MUST_CHECK vqc_status vqc_augment_warp_add(const vqc_augment_site *site, vqc_value draws, vqc_value *crops,
                                               vqc_error *error);

#endif
