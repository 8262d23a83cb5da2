#include "models/towers.h"

#include <string.h>

#include "models/unread.h"

const vqc_image_tower_type *const vqc_image_tower_types[] = {&vqc_image_tower_vit, &vqc_image_tower_resnet,
                                                             &vqc_image_tower_siglip, &vqc_image_tower_timm_vit};
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

vqc_status vqc_tower_all_read(const vqc_clip *clip, const char *family, const char *const *owned,
                              const char *const *harmless, vqc_error *error)
{
    const vqc_unread_rule rule = {
        .family = family,
        .prefix = clip->naming.prefix,
        .owned = owned,
        .passed = {clip->naming.type->harmless, harmless},
    };
    return vqc_unread_refuse(clip->weights, &rule, error);
}

/* Picture towers that are not computed, by a tensor of theirs. */
static const struct {
    const char *tensor, *family;
} strangers[] = {
    {.tensor = "visual.trunk.norm_pre.weight", .family = "a PE-Core model or another of timm's vision transformers"},
    {.tensor = "visual.trunk.cls_token", .family = "one of timm's vision transformers"},
    {.tensor = "visual.trunk.patch_embed.proj.weight", .family = "one of timm's vision transformers"},
    {.tensor = "visual.trunk.stages.0.blocks.0.conv_dw.weight", .family = "a ConvNeXt CLIP model"},
    {.tensor = "visual.trunk.stem.0.conv_kxk.0.conv.weight", .family = "a MobileCLIP model"},
};

bool vqc_text_table_is_there(const vqc_weights *weights)
{
    static const char ending[] = "token_embedding.weight";
    for (size_t i = 0; i < vqc_weights_count(weights); i++) {
        const char *name = vqc_weights_at(weights, i)->name;
        size_t size = strlen(name);
        if (size >= strlen(ending) && strcmp(name + size - strlen(ending), ending) == 0)
            return true;
    }
    return false;
}

const char *vqc_tower_stranger_find(const vqc_weights *weights)
{
    for (size_t i = 0; i < sizeof strangers / sizeof strangers[0]; i++)
        if (vqc_weights_find(weights, strangers[i].tensor) != NULL)
            return strangers[i].family;
    return NULL;
}
