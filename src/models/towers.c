#include "models/towers.h"

const vqc_image_tower_type *const vqc_image_tower_types[] = {&vqc_image_tower_vit, &vqc_image_tower_resnet,
                                                             &vqc_image_tower_siglip};
const size_t vqc_image_tower_type_count = sizeof vqc_image_tower_types / sizeof vqc_image_tower_types[0];

const vqc_text_tower_type *const vqc_text_tower_types[] = {&vqc_text_tower_clip};
const size_t vqc_text_tower_type_count = sizeof vqc_text_tower_types / sizeof vqc_text_tower_types[0];

const vqc_image_tower_type *vqc_image_tower_type_find(const vqc_parameters *parameters)
{
    for (size_t i = 0; i < vqc_image_tower_type_count; i++)
        if (vqc_image_tower_types[i]->recognise(parameters))
            return vqc_image_tower_types[i];
    return NULL;
}

const vqc_text_tower_type *vqc_text_tower_type_find(const vqc_parameters *parameters)
{
    for (size_t i = 0; i < vqc_text_tower_type_count; i++)
        if (vqc_text_tower_types[i]->recognise(parameters))
            return vqc_text_tower_types[i];
    return NULL;
}
