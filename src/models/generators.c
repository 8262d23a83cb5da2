#include "models/generators.h"

#include <string.h>

const vqc_generator_type *const vqc_generator_types[] = {
    &vqc_generator_vqgan,        &vqc_generator_gumbel_vqgan, &vqc_generator_llamagen, &vqc_generator_janus,
    &vqc_generator_diffusers_vq, &vqc_generator_maskgit,      &vqc_generator_kl,       &vqc_generator_diffusers_kl,
};
const size_t vqc_generator_type_count = sizeof vqc_generator_types / sizeof vqc_generator_types[0];

/* Families that a refusal names, and the ends of names of tensors by which their files are known. */
typedef struct other_family {
    const char *name;
    const char *has[2]; /* both of them, or one */
    const char *lacks;  /* NULL: any */
} other_family;

static const other_family others[] = {
    {.name = "MOVQ, the VQModel with spatial norms of Kandinsky",
     .has = {"decoder.mid_block.resnets.0.norm1.norm_layer.weight"}},
    {.name = "VAR's multi-scale VQVAE", .has = {"quantize.quant_resi.qresi_ls.0.weight"}},
    {.name = "VAR's multi-scale VQVAE", .has = {"quantize.ema_vocab_hit_SV"}},
    {.name = "Open-MAGVIT2", .has = {"decoder.adaptive.0.gamma.weight"}},
    {.name = "TiTok", .has = {"latent_tokens", "decoder.mask_token"}},
    {.name = "AutoencoderTiny of diffusers", .has = {"encoder.layers.0.weight", "decoder.layers.0.weight"}},
    {.name = "AutoencoderTiny of diffusers", .has = {"encoder.layers.0.weight", "decoder.layers.1.weight"}},
    {.name = "AutoencoderDC of diffusers", .has = {"decoder.up_blocks.0.0.conv_out.norm.weight"}},
    {.name = "ChameleonVQVAE of transformers, an encoder without a decoder",
     .has = {"quantize.embedding.weight", "encoder.down.0.block.0.conv1.weight"},
     .lacks = "decoder.conv_out.weight"},
};

/* Whether a tensor's name ends so, behind nothing or a dot. */
static bool tensor_ends(const vqc_weights *weights, const char *ending)
{
    size_t length = strlen(ending);
    for (size_t i = 0; i < vqc_weights_count(weights); i++) {
        const char *name = vqc_weights_at(weights, i)->name;
        size_t size = strlen(name);
        if (size >= length && strcmp(name + size - length, ending) == 0 &&
            (size == length || name[size - length - 1] == '.'))
            return true;
    }
    return false;
}

const vqc_generator_type *vqc_generator_type_of_class(const char *path, const vqc_generator_class **class_out)
{
    const char *dot = strrchr(path, '.');
    const char *name = dot == NULL ? path : dot + 1;
    for (size_t i = 0; i < vqc_generator_type_count; i++)
        for (const vqc_generator_class *class = vqc_generator_types[i]->classes; class->name != NULL; class ++)
            if (strcmp(name, class->name) == 0) {
                *class_out = class;
                return vqc_generator_types[i];
            }
    return NULL;
}

bool vqc_generator_type_recognises(const vqc_generator_type *type, const vqc_weights *weights)
{
    for (const char *const *name = type->has; *name != NULL; name++)
        if (!tensor_ends(weights, *name))
            return false;
    for (const char *const *name = type->lacks; name != NULL && *name != NULL; name++)
        if (tensor_ends(weights, *name))
            return false;
    return true;
}

const vqc_generator_type *vqc_generator_type_find(const vqc_weights *weights)
{
    for (size_t i = 0; i < vqc_generator_type_count; i++)
        if (vqc_generator_type_recognises(vqc_generator_types[i], weights))
            return vqc_generator_types[i];
    return NULL;
}

const char *vqc_generator_other_family(const vqc_weights *weights)
{
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        if (tensor_ends(weights, others[i].has[0]) &&
            (others[i].has[1] == NULL || tensor_ends(weights, others[i].has[1])) &&
            (others[i].lacks == NULL || !tensor_ends(weights, others[i].lacks)))
            return others[i].name;
    return NULL;
}
