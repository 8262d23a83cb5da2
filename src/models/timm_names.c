#include "models/timm_names.h"

#include <string.h>

/* The picture towers as timm 1.0.31 makes them: SigLIP's, then CLIP's. Which GELU one has follows from nothing else.
 */
static const struct {
    const char *name;
    vqc_activation_function activation;
    int64_t heads;
    double epsilon;
} towers[] = {
    {.name = "vit_base_patch16_siglip_224", .activation = VQC_ACTIVATION_GELU, .heads = 12, .epsilon = 1e-6},
    {.name = "vit_base_patch16_siglip_256", .activation = VQC_ACTIVATION_GELU, .heads = 12, .epsilon = 1e-6},
    {.name = "vit_base_patch16_siglip_384", .activation = VQC_ACTIVATION_GELU, .heads = 12, .epsilon = 1e-6},
    {.name = "vit_base_patch16_siglip_512", .activation = VQC_ACTIVATION_GELU, .heads = 12, .epsilon = 1e-6},
    {.name = "vit_base_patch32_siglip_256", .activation = VQC_ACTIVATION_TANH_GELU, .heads = 12, .epsilon = 1e-6},
    {.name = "vit_large_patch16_siglip_256", .activation = VQC_ACTIVATION_GELU, .heads = 16, .epsilon = 1e-6},
    {.name = "vit_large_patch16_siglip_384", .activation = VQC_ACTIVATION_GELU, .heads = 16, .epsilon = 1e-6},
    {.name = "vit_large_patch16_siglip_512", .activation = VQC_ACTIVATION_TANH_GELU, .heads = 16, .epsilon = 1e-6},
    {.name = "vit_so400m_patch14_siglip_224", .activation = VQC_ACTIVATION_GELU, .heads = 16, .epsilon = 1e-6},
    {.name = "vit_so400m_patch14_siglip_378", .activation = VQC_ACTIVATION_GELU, .heads = 16, .epsilon = 1e-6},
    {.name = "vit_so400m_patch14_siglip_384", .activation = VQC_ACTIVATION_GELU, .heads = 16, .epsilon = 1e-6},
    {.name = "vit_so400m_patch16_siglip_256", .activation = VQC_ACTIVATION_TANH_GELU, .heads = 16, .epsilon = 1e-6},
    {.name = "vit_so400m_patch16_siglip_384", .activation = VQC_ACTIVATION_TANH_GELU, .heads = 16, .epsilon = 1e-6},
    {.name = "vit_so400m_patch16_siglip_512", .activation = VQC_ACTIVATION_TANH_GELU, .heads = 16, .epsilon = 1e-6},
    {.name = "vit_giantopt_patch16_siglip_256", .activation = VQC_ACTIVATION_TANH_GELU, .heads = 16, .epsilon = 1e-6},
    {.name = "vit_giantopt_patch16_siglip_384", .activation = VQC_ACTIVATION_TANH_GELU, .heads = 16, .epsilon = 1e-6},
    {.name = "vit_xsmall_patch16_clip_224", .activation = VQC_ACTIVATION_GELU, .heads = 4, .epsilon = 1e-5},
    {.name = "vit_medium_patch32_clip_224", .activation = VQC_ACTIVATION_GELU, .heads = 8, .epsilon = 1e-5},
    {.name = "vit_medium_patch16_clip_224", .activation = VQC_ACTIVATION_GELU, .heads = 8, .epsilon = 1e-5},
    {.name = "vit_betwixt_patch32_clip_224", .activation = VQC_ACTIVATION_GELU, .heads = 10, .epsilon = 1e-5},
    {.name = "vit_base_patch32_clip_224", .activation = VQC_ACTIVATION_GELU, .heads = 12, .epsilon = 1e-5},
    {.name = "vit_base_patch32_clip_256", .activation = VQC_ACTIVATION_GELU, .heads = 12, .epsilon = 1e-5},
    {.name = "vit_base_patch32_clip_384", .activation = VQC_ACTIVATION_GELU, .heads = 12, .epsilon = 1e-5},
    {.name = "vit_base_patch32_clip_448", .activation = VQC_ACTIVATION_GELU, .heads = 12, .epsilon = 1e-5},
    {.name = "vit_base_patch16_clip_224", .activation = VQC_ACTIVATION_GELU, .heads = 12, .epsilon = 1e-5},
    {.name = "vit_base_patch16_clip_384", .activation = VQC_ACTIVATION_GELU, .heads = 12, .epsilon = 1e-5},
    {.name = "vit_base_patch16_plus_clip_240", .activation = VQC_ACTIVATION_GELU, .heads = 14, .epsilon = 1e-5},
    {.name = "vit_large_patch14_clip_224", .activation = VQC_ACTIVATION_GELU, .heads = 16, .epsilon = 1e-5},
    {.name = "vit_large_patch14_clip_336", .activation = VQC_ACTIVATION_GELU, .heads = 16, .epsilon = 1e-5},
    {.name = "vit_huge_patch14_clip_224", .activation = VQC_ACTIVATION_GELU, .heads = 16, .epsilon = 1e-5},
    {.name = "vit_huge_patch14_clip_336", .activation = VQC_ACTIVATION_GELU, .heads = 16, .epsilon = 1e-5},
    {.name = "vit_huge_patch14_clip_378", .activation = VQC_ACTIVATION_GELU, .heads = 16, .epsilon = 1e-5},
    {.name = "vit_giant_patch14_clip_224", .activation = VQC_ACTIVATION_GELU, .heads = 16, .epsilon = 1e-5},
    {.name = "vit_gigantic_patch14_clip_224", .activation = VQC_ACTIVATION_GELU, .heads = 16, .epsilon = 1e-5},
    {.name = "vit_gigantic_patch14_clip_378", .activation = VQC_ACTIVATION_GELU, .heads = 16, .epsilon = 1e-5},
    {.name = "vit_base_patch32_clip_quickgelu_224",
     .activation = VQC_ACTIVATION_QUICK_GELU,
     .heads = 12,
     .epsilon = 1e-5},
    {.name = "vit_base_patch16_clip_quickgelu_224",
     .activation = VQC_ACTIVATION_QUICK_GELU,
     .heads = 12,
     .epsilon = 1e-5},
    {.name = "vit_large_patch14_clip_quickgelu_224",
     .activation = VQC_ACTIVATION_QUICK_GELU,
     .heads = 16,
     .epsilon = 1e-5},
    {.name = "vit_large_patch14_clip_quickgelu_336",
     .activation = VQC_ACTIVATION_QUICK_GELU,
     .heads = 16,
     .epsilon = 1e-5},
    {.name = "vit_huge_patch14_clip_quickgelu_224",
     .activation = VQC_ACTIVATION_QUICK_GELU,
     .heads = 16,
     .epsilon = 1e-5},
    {.name = "vit_huge_patch14_clip_quickgelu_378",
     .activation = VQC_ACTIVATION_QUICK_GELU,
     .heads = 16,
     .epsilon = 1e-5},
    {.name = "vit_gigantic_patch14_clip_quickgelu_224",
     .activation = VQC_ACTIVATION_QUICK_GELU,
     .heads = 16,
     .epsilon = 1e-5},
};

bool vqc_timm_name_find(const char *name, vqc_clip_tower_config *image)
{
    size_t length = strcspn(name, "."); /* which weights, behind a dot */
    for (size_t i = 0; i < sizeof towers / sizeof towers[0]; i++)
        if (strlen(towers[i].name) == length && strncmp(towers[i].name, name, length) == 0) {
            image->activation = towers[i].activation;
            image->heads = towers[i].heads;
            image->epsilon = towers[i].epsilon;
            return true;
        }
    return false;
}
