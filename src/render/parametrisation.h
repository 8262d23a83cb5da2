#ifndef VQC_RENDER_PARAMETRISATION_H
#define VQC_RENDER_PARAMETRISATION_H

#include "models/generator.h"
#include "study/settings.h"

/* What the latent of a render is, and how the decoder's vectors come from it: every row of
 * study/parametrisations.def has a file in render/parametrisations/ with one of these. */
typedef struct vqc_parametrisation_type {
    vqc_generator_head *head; /* from the latent to the vectors */
    bool (*has_codes)(const vqc_generator *generator);
    /* Channels of the latent. */
    int64_t (*width)(const vqc_generator *generator);
    /* The range that each channel is held in, (width) both; NULL: none. */
    void (*limits)(const vqc_generator *generator, const vqc_settings *settings, float *lowest, float *highest);
} vqc_parametrisation_type;

#define VQC_PARAMETRISATION(kind, identifier) extern const vqc_parametrisation_type vqc_parametrisation_##identifier;
#include "study/parametrisations.def"

const vqc_parametrisation_type *vqc_parametrisation_of(const vqc_settings *settings);

/* What those whose latent are vectors share: the generator's width, and its range. */
int64_t vqc_parametrisation_vector_width(const vqc_generator *generator);
void vqc_parametrisation_vector_limits(const vqc_generator *generator, const vqc_settings *settings, float *lowest,
                                       float *highest);

#endif
