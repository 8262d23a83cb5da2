#include "render/parametrisation.h"

/* The generator's own: codes, straight through (van den Oord et al. 2017), where it has a codebook. */
const vqc_parametrisation_type vqc_parametrisation_z = {
    .head = vqc_generator_head_quantised,
    .has_codes = vqc_generator_has_codes,
    .width = vqc_parametrisation_vector_width,
    .limits = vqc_parametrisation_vector_limits,
};
