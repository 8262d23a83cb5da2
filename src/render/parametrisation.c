#include "render/parametrisation.h"

/* A row without its file in render/parametrisations/ does not link. */
static const vqc_parametrisation_type *const types[VQC_PARAMETRISATION_COUNT] = {
#define VQC_PARAMETRISATION(kind, identifier) [VQC_PARAMETRISATION_##kind] = &vqc_parametrisation_##identifier,
#include "study/parametrisations.def"
};

const vqc_parametrisation_type *vqc_parametrisation_of(const vqc_settings *settings)
{
    return types[settings->parametrisation];
}

int64_t vqc_parametrisation_vector_width(const vqc_generator *generator)
{
    return generator->width;
}

void vqc_parametrisation_vector_limits(const vqc_generator *generator, const vqc_settings *settings, float *lowest,
                                       float *highest)
{
    vqc_generator_limits(generator, settings->clamp_range, lowest, highest);
}
