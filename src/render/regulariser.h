#ifndef VQC_RENDER_REGULARISER_H
#define VQC_RENDER_REGULARISER_H

#include "ops/operation.h"
#include "study/settings.h"

/* The terms of the loss that look at the latent alone, over the steps of a render, numbered from 0: each is
 * weight · mean((z − towards)²), and all pull to the same place. Every row of regularisers.def has a file in
 * render/regularisers/ with one of these; what the settings say of it is known there alone. */
typedef struct vqc_regulariser_type {
    double (*weight)(const vqc_settings *settings, int64_t step);
    /* The latest step up to `step` that it makes the optimiser begin afresh at, with moments of zero; 0 if none. */
    int64_t (*restart)(const vqc_settings *settings, int64_t step);
    /* Whether it pulls to the latent that the render starts from, not to zero. */
    bool (*towards_start)(const vqc_settings *settings);
} vqc_regulariser_type;

#define VQC_REGULARISER(identifier) extern const vqc_regulariser_type vqc_regulariser_##identifier;
#include "render/regularisers.def"

/* The same of all together: their weights added, the last restart, whether any pulls to the start. */
double vqc_regulariser_weight(const vqc_settings *settings, int64_t step);
int64_t vqc_regulariser_restart(const vqc_settings *settings, int64_t step);
bool vqc_regulariser_towards_start(const vqc_settings *settings);

/* The terms that look at the whole picture alone, without a perceptor: each is weight · one number about it
 * (vqc_picture_term, ops/operation.h), with a loss of its own in archives. Every row VQC_PICTURE_REGULARISER of
 * regularisers.def has a file in render/regularisers/ with one of these. render/picture_terms.h computes them. */
typedef struct vqc_picture_regulariser_type {
    double (*weight)(const vqc_settings *settings, int64_t step);
    double (*most)(const vqc_settings *settings); /* the weight of the largest size on the way; 0: it is not used */
    vqc_picture_term_function (*function)(const vqc_settings *settings);
    bool unlimited;    /* it looks at the picture before its limits, in place of the picture */
    bool beside_start; /* it looks at the picture that the render starts from, too */
} vqc_picture_regulariser_type;

enum {
    VQC_PICTURE_REGULARISERS = 0
#define VQC_PICTURE_REGULARISER(identifier) +1
#include "render/regularisers.def"
};

#define VQC_PICTURE_REGULARISER(identifier)                                                                          \
    extern const vqc_picture_regulariser_type vqc_picture_regulariser_##identifier;
#include "render/regularisers.def"

/* Of row number `row`, from 0: its type; its name. */
const vqc_picture_regulariser_type *vqc_picture_regulariser_of(int row);
const char *vqc_picture_regulariser_name(int row);

/* The rows that a render uses, one bit for each, the first row's lowest; and how many they are. */
uint32_t vqc_picture_regularisers_used(const vqc_settings *settings);
int64_t vqc_picture_regularisers_count(const vqc_settings *settings);
/* Whether any of them looks at the picture that the render starts from. */
bool vqc_picture_regularisers_beside_start(const vqc_settings *settings);
/* The sizes of their largest weights together. */
double vqc_picture_regularisers_pull(const vqc_settings *settings);

#endif
