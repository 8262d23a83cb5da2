#ifndef VQC_RENDER_REGULARISER_H
#define VQC_RENDER_REGULARISER_H

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

#endif
