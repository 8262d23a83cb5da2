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
    {"visual.proj", "visual_projection.weight"},
    {"transformer.resblocks.", "text_model.encoder.layers."},
    {"token_embedding.weight", "text_model.embeddings.token_embedding.weight"},
    {"positional_embedding", "text_model.embeddings.position_embedding.weight"},
    {"ln_final.", "text_model.final_layer_norm."},
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

static void translate_hugging_face(const char *prefix, const char *name, char translated[VQC_PARAMETER_NAME_SIZE])
{
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

void vqc_clip_naming_translate(const void *context, const char *name, char translated[VQC_PARAMETER_NAME_SIZE])
{
    const vqc_clip_naming *naming = context;
    if (naming->family == VQC_CLIP_HUGGING_FACE) {
        translate_hugging_face(naming->prefix, name, translated);
        return;
    }
    const char *text_prefix = strncmp(name, "visual.", strlen("visual.")) == 0 ? "" : naming->text_prefix;
    (void)snprintf(translated, VQC_PARAMETER_NAME_SIZE, "%s%s%s", naming->prefix, text_prefix, name);
}

vqc_status vqc_clip_naming_recognise(const vqc_weights *weights, vqc_clip_naming *naming_out, vqc_error *error)
{
    static const vqc_clip_naming known[] = {
        {VQC_CLIP_OPENAI, "", ""},        {VQC_CLIP_OPENAI, "", "text."},
        {VQC_CLIP_OPENAI, "module.", ""}, {VQC_CLIP_OPENAI, "module.", "text."},
        {VQC_CLIP_HUGGING_FACE, "", ""},  {VQC_CLIP_HUGGING_FACE, "module.", ""},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        char text[VQC_PARAMETER_NAME_SIZE];
        char vision[VQC_PARAMETER_NAME_SIZE];
        vqc_clip_naming_translate(&known[i], "token_embedding.weight", text);
        vqc_clip_naming_translate(&known[i], "visual.conv1.weight", vision);
        if (vqc_weights_find(weights, text) == NULL || vqc_weights_find(weights, vision) == NULL)
            continue;
        *naming_out = known[i];
        return VQC_OK;
    }
    return vqc_error_set(error, VQC_BAD_INPUT,
                         "%s: not a CLIP model: expected the tensors visual.conv1.weight and token_embedding.weight, "
                         "or those of open_clip or Hugging Face",
                         vqc_weights_path(weights));
}
