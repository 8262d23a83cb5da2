#include "models/generators.h"

#include <string.h>

const vqc_generator_type *const vqc_generator_types[] = {&vqc_generator_vqgan, &vqc_generator_gumbel_vqgan};
const size_t vqc_generator_type_count = sizeof vqc_generator_types / sizeof vqc_generator_types[0];

const vqc_generator_type *vqc_generator_type_of_target(const char *target)
{
    const char *dot = strrchr(target, '.');
    const char *class = dot == NULL ? target : dot + 1;
    for (size_t i = 0; i < vqc_generator_type_count; i++)
        for (const char *const *known = vqc_generator_types[i]->classes; *known != NULL; known++)
            if (strcmp(class, *known) == 0)
                return vqc_generator_types[i];
    return NULL;
}

const vqc_generator_type *vqc_generator_type_find(const vqc_weights *weights)
{
    for (size_t i = 0; i < vqc_generator_type_count; i++)
        if (vqc_generator_types[i]->recognise(vqc_generator_types[i], weights))
            return vqc_generator_types[i];
    return NULL;
}
