#include "models/clip_naming.h"

#include <stdio.h>
#include <string.h>

#include "models/siglip_config.h"

typedef struct name_pair {
    const char *ours; /* NULL behind the last */
    const char *file;
} name_pair;

/* Whole names and beginnings of names; the longer of two that fit stands first. */
static const name_pair clip_beginnings[] = {
    {"visual.class_embedding", "vision_model.embeddings.class_embedding"},
    {"visual.positional_embedding", "vision_model.embeddings.position_embedding.weight"},
    {"visual.conv1.", "vision_model.embeddings.patch_embedding."},
    {"visual.ln_pre.", "vision_model.pre_layrnorm."},
    {"visual.ln_post.", "vision_model.post_layernorm."},
    {"visual.transformer.resblocks.", "vision_model.encoder.layers."},
    {"visual.proj.weight", "visual_projection.weight"},
    {"visual.proj", "visual_projection.weight"},
    {"transformer.resblocks.", "text_model.encoder.layers."},
    {"token_embedding.weight", "text_model.embeddings.token_embedding.weight"},
    {"positional_embedding", "text_model.embeddings.position_embedding.weight"},
    {"ln_final.", "text_model.final_layer_norm."},
    {"text_projection.weight", "text_projection.weight"},
    {"text_projection", "text_projection.weight"},
    {NULL, NULL},
};

/* Of SigLIP: our names are timm's in the picture tower. */
static const name_pair siglip_beginnings[] = {
    {"visual.trunk.patch_embed.proj.", "vision_model.embeddings.patch_embedding."},
    {"visual.trunk.pos_embed", "vision_model.embeddings.position_embedding.weight"},
    {"visual.trunk.cls_token", "vision_model.embeddings.class_embedding"}, /* which CLIP has */
    {"visual.trunk.blocks.", "vision_model.encoder.layers."},
    {"visual.trunk.norm.", "vision_model.post_layernorm."},
    {"visual.trunk.attn_pool.latent", "vision_model.head.probe"},
    {"visual.trunk.attn_pool.in_proj_", "vision_model.head.attention.in_proj_"},
    {"visual.trunk.attn_pool.proj.", "vision_model.head.attention.out_proj."},
    {"visual.trunk.attn_pool.norm.", "vision_model.head.layernorm."},
    {"visual.trunk.attn_pool.mlp.", "vision_model.head.mlp."},
    {"transformer.resblocks.", "text_model.encoder.layers."},
    {"token_embedding.weight", "text_model.embeddings.token_embedding.weight"},
    {"positional_embedding", "text_model.embeddings.position_embedding.weight"},
    {"ln_final.", "text_model.final_layer_norm."},
    {"text_projection.", "text_model.head."},
    {NULL, NULL},
};

/* Parts inside a block. */
static const name_pair hugging_face_parts[] = {
    {".ln_1.", ".layer_norm1."}, {".ln_2.", ".layer_norm2."},   {".attn.", ".self_attn."},
    {".mlp.c_fc.", ".mlp.fc1."}, {".mlp.c_proj.", ".mlp.fc2."}, {NULL, NULL},
};
static const name_pair timm_parts[] = {
    {".ln_1.", ".norm1."},
    {".ln_2.", ".norm2."},
    {".ls_1.", ".ls1."},
    {".ls_2.", ".ls2."},
    {".attn.in_proj_", ".attn.qkv."},
    {".attn.out_proj.", ".attn.proj."},
    {".mlp.c_fc.", ".mlp.fc1."},
    {".mlp.c_proj.", ".mlp.fc2."},
    {NULL, NULL},
};

/* Replaces the first part that occurs in the name. */
static void part_replace(const name_pair *parts, char name[VQC_PARAMETER_NAME_SIZE])
{
    for (int i = 0; parts[i].ours != NULL; i++) {
        const char *found = strstr(name, parts[i].ours);
        if (found == NULL)
            continue;
        char replaced[2 * VQC_PARAMETER_NAME_SIZE];
        (void)snprintf(replaced, sizeof replaced, "%.*s%s%s", (int)(found - name), name, parts[i].file,
                       found + strlen(parts[i].ours));
        (void)snprintf(name, VQC_PARAMETER_NAME_SIZE, "%.*s", VQC_PARAMETER_NAME_SIZE - 1, replaced);
        return;
    }
}

static void beginning_replace(const name_pair *beginnings, const char *prefix, const char *name,
                              char translated[VQC_PARAMETER_NAME_SIZE])
{
    (void)snprintf(translated, VQC_PARAMETER_NAME_SIZE, "%s%s", prefix, name);
    for (int i = 0; beginnings[i].ours != NULL; i++) {
        size_t length = strlen(beginnings[i].ours);
        if (strncmp(name, beginnings[i].ours, length) != 0)
            continue;
        (void)snprintf(translated, VQC_PARAMETER_NAME_SIZE, "%s%s%s", prefix, beginnings[i].file, name + length);
        break;
    }
}

static void hugging_face_translate(const void *context, const char *name, char translated[VQC_PARAMETER_NAME_SIZE])
{
    beginning_replace(clip_beginnings, ((const vqc_clip_naming *)context)->prefix, name, translated);
    part_replace(hugging_face_parts, translated);
}

static void siglip_translate(const void *context, const char *name, char translated[VQC_PARAMETER_NAME_SIZE])
{
    beginning_replace(siglip_beginnings, ((const vqc_clip_naming *)context)->prefix, name, translated);
    part_replace(hugging_face_parts, translated);
}

/* The same of a picture tower saved alone, by transformers 5. */
static void siglip_alone_translate(const void *context, const char *name, char translated[VQC_PARAMETER_NAME_SIZE])
{
    const vqc_clip_naming *naming = context;
    const size_t before = strlen(naming->prefix);
    const size_t left_out = strlen("vision_model.");
    siglip_translate(context, name, translated);
    if (strncmp(translated + before, "vision_model.", left_out) == 0)
        memmove(translated + before, translated + before + left_out, strlen(translated + before + left_out) + 1);
}

/* OpenAI's names, and open_clip's, which took them over; timm's for what open_clip has from there. */
static void openai_translate(const void *context, const char *name, char translated[VQC_PARAMETER_NAME_SIZE])
{
    const vqc_clip_naming *naming = context;
    const char *text_prefix = strncmp(name, "visual.", strlen("visual.")) == 0 ? "" : naming->text_prefix;
    (void)snprintf(translated, VQC_PARAMETER_NAME_SIZE, "%s%s%s", naming->prefix, text_prefix, name);
    if (strncmp(name, "visual.trunk.blocks.", strlen("visual.trunk.blocks.")) == 0)
        part_replace(timm_parts, translated);
}

static const char *const openai_image[] = {"visual.*", NULL};
static const char *const openai_text[] = {
    "text.*", "transformer.*", "token_embedding*", "positional_embedding*", "ln_final*", "text_projection*", NULL};
static const char *const hugging_face_image[] = {"vision_model.*", "visual_projection*", NULL};
static const char *const alone_image[] = {"embeddings.*", "encoder.*", "post_layernorm.*", "head.*", NULL};
static const char *const nothing[] = {NULL};
static const char *const hugging_face_text[] = {"text_model.*", "text_projection*", NULL};

/* The scale of the training's loss, numbers that only repeat what shapes say, and counters of batches. A mask of
 * attention is the causal one, which the text tower computes. */
static const char *const harmless[] = {"logit_scale",
                                       "logit_bias",
                                       "input_resolution",
                                       "*.input_resolution",
                                       "context_length",
                                       "vocab_size",
                                       "attn_mask",
                                       "*.attn_mask",
                                       "*.num_batches_tracked",
                                       "*.position_ids",
                                       "position_ids",
                                       "*.vocab_size",
                                       "*.context_length",
                                       NULL};

static const vqc_clip_naming_type openai = {
    .name = "OpenAI",
    .image_owned = openai_image,
    .text_owned = openai_text,
    .harmless = harmless,
    .packed = true,
    .translate = openai_translate,
    .config_read = vqc_clip_config_read_open_clip,
};
static const vqc_clip_naming_type hugging_face = {
    .name = "Hugging Face",
    .image_owned = hugging_face_image,
    .text_owned = hugging_face_text,
    .harmless = harmless,
    .translate = hugging_face_translate,
    .config_read = vqc_clip_config_read_hugging_face,
};

static const vqc_clip_naming_type siglip = {
    .name = "Hugging Face's SigLIP",
    .image_owned = hugging_face_image,
    .text_owned = hugging_face_text,
    .harmless = harmless,
    .translate = siglip_translate,
    .config_read = vqc_siglip_config_read,
};

static const vqc_clip_naming_type siglip_alone = {
    .name = "Hugging Face's SigLIP, its picture tower alone",
    .image_owned = alone_image,
    .text_owned = nothing,
    .harmless = harmless,
    .translate = siglip_alone_translate,
    .config_read = vqc_siglip_config_read,
};

/* Hugging Face's names of CLIP fit its files of SigLIP too, so SigLIP's come first. */
const vqc_clip_naming vqc_clip_namings[] = {
    {.type = &openai, .prefix = "", .text_prefix = ""},
    {.type = &openai, .prefix = "", .text_prefix = "text."},
    {.type = &siglip, .prefix = "", .text_prefix = ""},
    {.type = &siglip_alone, .prefix = "", .text_prefix = ""},
    {.type = &hugging_face, .prefix = "", .text_prefix = ""},
};
const size_t vqc_clip_naming_count = sizeof vqc_clip_namings / sizeof vqc_clip_namings[0];
