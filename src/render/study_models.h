#ifndef VQC_RENDER_STUDY_MODELS_H
#define VQC_RENDER_STUDY_MODELS_H

#include "guide/targets.h"
#include "render/memory.h"

/* The models of a study, opened; nothing of them is on a device yet. Initialise with {0}; moved by assignment, but
 * not while a vqc_render_models points into it. */
typedef struct vqc_study_models {
    const vqc_study *study; /* must outlive them */
    vqc_generator generator;
    vqc_clip *clips[VQC_STUDY_MAX_PERCEPTORS];
} vqc_study_models;

/* Opens them all. After a failure, which names the file, nothing is open. */
VQC_MUST_CHECK vqc_status vqc_study_models_open(const vqc_study *study, vqc_study_models *models_out,
                                                vqc_error *error);
void vqc_study_models_close(vqc_study_models *models);

/* What networks on this device are made from; points into the models. */
vqc_render_models vqc_study_models_on(const vqc_study_models *models, vqc_ops *ops, vqc_dtype precision);

/* Cells of the render's latent. A picture of less than one is VQC_BAD_INPUT, and so is one of
 * other than whole cells where the settings do not round it. */
VQC_MUST_CHECK vqc_status vqc_study_models_cells(const vqc_study_models *models, const vqc_render *render,
                                                 int64_t *rows_out, int64_t *columns_out, vqc_error *error);

/* The targets of some of the study's prompts (guide/targets.h) for every perceptor, computed on the device;
 * targets_out (perceptors), {0} before. A file that is not as the study expects it (study_inputs.h) is
 * VQC_BAD_INPUT. To be released also after a failure. */
VQC_MUST_CHECK vqc_status vqc_study_models_targets(const vqc_study_models *models, vqc_prompt_range prompts,
                                                   vqc_ops *ops, vqc_dtype precision, vqc_targets *targets_out,
                                                   vqc_error *error);

#endif
