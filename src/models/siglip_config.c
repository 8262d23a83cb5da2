#include "models/siglip_config.h"

#include <stddef.h>
#include <string.h>

/* config.json: what transformers 5.24 reads of it for SigLIP, with its defaults. SigLIP 2 of fixed size says it is
 * "siglip" as well; "siglip2" is its NaFlex form. */

enum { MAX_HEADS = 4096 };

typedef struct siglip_keys {
    int part; /* which word */
    vqc_clip_tower_config image, text;
    int activation; /* which word; of the tower that is read */
    vqc_json_said projection, patch, side, context, vocabulary;
} siglip_keys;

#define MEMBER(name) .member = offsetof(siglip_keys, name)

static const vqc_json_key model_keys[] = {
    {.key = "model_type", .use = VQC_JSON_FIXED, .values = "[\"siglip\"]"},
    {.key = "text_config", .use = VQC_JSON_OBJECT},
    {.key = "vision_config", .use = VQC_JSON_OBJECT},
};

/* Of both towers. */
static const vqc_json_key tower_keys[] = {
    {.key = "hidden_act",
     .use = VQC_JSON_WORD,
     .words = vqc_hugging_face_activations,
     MEMBER(activation),
     .usual = "\"gelu_pytorch_tanh\""},
    {.key = "attention_dropout", .use = VQC_JSON_HARMLESS}, /* in training alone */
};

static const vqc_json_key vision_keys[] = {
    {.key = "model_type", .use = VQC_JSON_FIXED, .values = "[\"siglip_vision_model\"]"},
    {.key = "hidden_size", .use = VQC_JSON_SAID, MEMBER(image.width), .usual = "768"},
    {.key = "intermediate_size", .use = VQC_JSON_SAID, MEMBER(image.hidden), .usual = "3072"},
    {.key = "num_hidden_layers", .use = VQC_JSON_SAID, MEMBER(image.layers), .usual = "12"},
    {.key = "num_attention_heads",
     .use = VQC_JSON_INTEGER,
     MEMBER(image.heads),
     .minimum = 1,
     .maximum = MAX_HEADS,
     .usual = "12"},
    {.key = "layer_norm_eps",
     .use = VQC_JSON_REAL,
     MEMBER(image.epsilon),
     .minimum = 0.0,
     .maximum = 1.0,
     .usual = "1e-6"},
    {.key = "num_channels", .use = VQC_JSON_FIXED, .values = "[3]"},
    {.key = "image_size", .use = VQC_JSON_SAID, MEMBER(side), .usual = "224"},
    {.key = "patch_size", .use = VQC_JSON_SAID, MEMBER(patch), .usual = "16"},
    {.key = "vision_use_head", .use = VQC_JSON_FIXED, .values = "[true]"},
};

static const vqc_json_key text_keys[] = {
    {.key = "model_type", .use = VQC_JSON_FIXED, .values = "[\"siglip_text_model\"]"},
    {.key = "hidden_size", .use = VQC_JSON_SAID, MEMBER(text.width), .usual = "768"},
    {.key = "intermediate_size", .use = VQC_JSON_SAID, MEMBER(text.hidden), .usual = "3072"},
    {.key = "num_hidden_layers", .use = VQC_JSON_SAID, MEMBER(text.layers), .usual = "12"},
    {.key = "num_attention_heads",
     .use = VQC_JSON_INTEGER,
     MEMBER(text.heads),
     .minimum = 1,
     .maximum = MAX_HEADS,
     .usual = "12"},
    {.key = "layer_norm_eps",
     .use = VQC_JSON_REAL,
     MEMBER(text.epsilon),
     .minimum = 0.0,
     .maximum = 1.0,
     .usual = "1e-6"},
    {.key = "projection_size", .use = VQC_JSON_SAID, MEMBER(projection)},
    {.key = "vocab_size", .use = VQC_JSON_SAID, MEMBER(vocabulary), .usual = "32000"},
    {.key = "max_position_embeddings", .use = VQC_JSON_SAID, MEMBER(context), .usual = "64"},
    {.key = "eos_token_id", .use = VQC_JSON_HARMLESS}, /* the last token stands for a text, whichever it is */
};

#define TABLE(rows)                                                                                                  \
    {                                                                                                                \
        .keys = (rows), .count = sizeof(rows) / sizeof *(rows)                                                       \
    }

static vqc_status keys_read(const vqc_json_config *json, const char *level, const vqc_json_table *tower,
                            siglip_keys *keys, vqc_error *error)
{
    const vqc_json_table tables[] = {vqc_hugging_face_general, TABLE(tower_keys), *tower};
    return vqc_json_keys_read(json, level, tables, 3, keys, error);
}

/* NaFlex takes patches, not pictures; it is named before any other key of it is. *alone_out: it is the configuration
 * of a picture tower saved alone, whose keys stand at its root. */
static vqc_status model_type_read(const vqc_json_config *json, bool text, bool *alone_out, vqc_error *error)
{
    const char *type = "siglip";
    bool found;
    VQC_TRY(vqc_json_config_text(json, "model_type", &type, &found, error));
    *alone_out = !text && strcmp(type, "siglip_vision_model") == 0;
    if (strcmp(type, "siglip2") != 0)
        return VQC_OK;
    return vqc_error_set(error, VQC_BAD_INPUT,
                         "%s: model_type: expected siglip, found siglip2: SigLIP 2's NaFlex models, which take "
                         "pictures of any shape, are not computed; those of a fixed size are",
                         vqc_json_config_path(json));
}

static vqc_status config_read(const vqc_json_config *json, bool text, vqc_clip_config *config, vqc_error *error)
{
    static const vqc_json_table vision = TABLE(vision_keys);
    static const vqc_json_table words = TABLE(text_keys);
    const vqc_json_table model[] = {vqc_hugging_face_general, TABLE(model_keys)};
    siglip_keys keys = {0};
    bool alone;
    VQC_TRY(model_type_read(json, text, &alone, error));
    if (!alone)
        VQC_TRY(vqc_json_keys_read(json, "", model, 2, &keys, error));
    VQC_TRY(keys_read(json, alone ? "" : "vision_config", &vision, &keys, error));
    config->image = keys.image;
    config->image.activation = vqc_hugging_face_activation_functions[keys.activation];
    config->patch = keys.patch;
    config->side = keys.side;
    if (!text)
        return VQC_OK;
    VQC_TRY(keys_read(json, "text_config", &words, &keys, error));
    config->text = keys.text;
    config->text.activation = vqc_hugging_face_activation_functions[keys.activation];
    config->embed_width = keys.projection;
    config->context = keys.context;
    config->vocabulary = keys.vocabulary;
    return VQC_OK;
}

/* Both sides are resized, to what the tower takes where no size is said; a shorter side alone is not cut here. */
static vqc_status squash_check(vqc_clip_config *config, vqc_error *error)
{
    if (config->preparation.shorter > 0)
        return vqc_error_set(error, VQC_BAD_INPUT,
                             "%s: size: expected height and width, found the shorter side alone",
                             config->preprocessor_path);
    config->preparation.resize = VQC_PICTURE_RESIZE_SQUASH;
    return VQC_OK;
}

vqc_status vqc_siglip_config_read(const char *weights_path, bool text, vqc_clip_config *config, vqc_error *error)
{
    vqc_json_config *json;
    config->activation_assumed = false;
    config->causal = false;
    config->end = VQC_CLIP_END_LAST;
    config->projection_bias = true;
    config->latent_pool = true;
    config->timm_projection = VQC_TIMM_NONE;
    for (int c = 0; c < 3; c++)
        config->pixel_mean[c] = config->pixel_deviation[c] = 0.5F;
    VQC_TRY(vqc_clip_config_beside(weights_path, "config.json", &config->config_path, &json, error));
    if (json == NULL)
        return vqc_error_set(error, VQC_BAD_INPUT, "%s: a SigLIP model needs its config.json beside it",
                             weights_path);
    vqc_status status = config_read(json, text, config, error);
    vqc_json_config_close(json);
    VQC_TRY(status);
    VQC_TRY(vqc_hugging_face_pictures_read(weights_path, config, error));
    return squash_check(config, error);
}
