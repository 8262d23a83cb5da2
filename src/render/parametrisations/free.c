#include "render/parametrisation.h"

static bool has_codes(const vqc_generator *generator)
{
    (void)generator;
    return false;
}

/* Vectors between those of the codebook too. They are held in the codebook's range all the same, which is where the
 * decoder was trained. */
const vqc_parametrisation_type vqc_parametrisation_free = {
    .head = vqc_generator_head_free,
    .has_codes = has_codes,
    .width = vqc_parametrisation_vector_width,
    .limits = vqc_parametrisation_vector_limits,
};
