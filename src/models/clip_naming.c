#include "models/clip_naming.h"

#include <stdio.h>
#include <string.h>

typedef struct name_pair {
    const char *openai;
    const char *hugging_face;
} name_pair;

/* Whole names and beginnings of names; the longer of two that fit stands first. */
static const name_pair beginnings[] = {
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
};

/* Parts inside a block. */
static const name_pair parts[] = {
    {".ln_1.", ".layer_norm1."}, {".ln_2.", ".layer_norm2."},   {".attn.", ".self_attn."},
    {".mlp.c_fc.", ".mlp.fc1."}, {".mlp.c_proj.", ".mlp.fc2."},
};

enum { BEGINNING_COUNT = sizeof beginnings / sizeof beginnings[0], PART_COUNT = sizeof parts / sizeof parts[0] };

/* Replaces the first part that occurs in the name. */
static void part_replace(char name[VQC_PARAMETER_NAME_SIZE])
{
    for (int i = 0; i < PART_COUNT; i++) {
        const char *found = strstr(name, parts[i].openai);
        if (found == NULL)
            continue;
        char replaced[2 * VQC_PARAMETER_NAME_SIZE];
        (void)snprintf(replaced, sizeof replaced, "%.*s%s%s", (int)(found - name), name, parts[i].hugging_face,
                       found + strlen(parts[i].openai));
        (void)snprintf(name, VQC_PARAMETER_NAME_SIZE, "%.*s", VQC_PARAMETER_NAME_SIZE - 1, replaced);
        return;
    }
}

static void hugging_face_translate(const void *context, const char *name, char translated[VQC_PARAMETER_NAME_SIZE])
{
    const char *prefix = ((const vqc_clip_naming *)context)->prefix;
    (void)snprintf(translated, VQC_PARAMETER_NAME_SIZE, "%s%s", prefix, name);
    for (int i = 0; i < BEGINNING_COUNT; i++) {
        size_t length = strlen(beginnings[i].openai);
        if (strncmp(name, beginnings[i].openai, length) != 0)
            continue;
        (void)snprintf(translated, VQC_PARAMETER_NAME_SIZE, "%s%s%s", prefix, beginnings[i].hugging_face,
                       name + length);
        break;
    }
    part_replace(translated);
}

/* OpenAI's names, and open_clip's, which took them over. */
static void openai_translate(const void *context, const char *name, char translated[VQC_PARAMETER_NAME_SIZE])
{
    const vqc_clip_naming *naming = context;
    const char *text_prefix = strncmp(name, "visual.", strlen("visual.")) == 0 ? "" : naming->text_prefix;
    (void)snprintf(translated, VQC_PARAMETER_NAME_SIZE, "%s%s%s", naming->prefix, text_prefix, name);
}

static const char *const openai_image[] = {"visual.*", NULL};
static const char *const openai_text[] = {
    "text.*", "transformer.*", "token_embedding*", "positional_embedding*", "ln_final*", "text_projection*", NULL};
static const char *const hugging_face_image[] = {"vision_model.*", "visual_projection*", NULL};
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

const vqc_clip_naming vqc_clip_namings[] = {
    {.type = &openai, .prefix = "", .text_prefix = ""},
    {.type = &openai, .prefix = "", .text_prefix = "text."},
    {.type = &hugging_face, .prefix = "", .text_prefix = ""},
};
const size_t vqc_clip_naming_count = sizeof vqc_clip_namings / sizeof vqc_clip_namings[0];
