#include <stddef.h>

#include "models/clip_config.h"
#include "models/timm_names.h"

/* open_clip_config.json: what open_clip 3.3 reads of it (CLIPVisionCfg, CLIPTextCfg, PreprocessCfg), with its
 * defaults. */

enum { MAX_HEADS = 4096, MAX_ID = 1 << 30 };

/* What is read of the file before it becomes a configuration. */
typedef struct open_clip {
    vqc_clip_tower_config image, text;
    bool quick_gelu;
    int activation; /* which word; of the tower that is read */
    bool no_pre_norm, norm_after_pool, attentional_pool, no_causal_mask, class_token, projection_bias;
    int pool, end, projection, resize, interpolation; /* which words */
    int64_t pool_heads, end_id, padding_id, fill;
    vqc_json_said pool_queries;
    vqc_json_said embed_width, patch, side, context, vocabulary, picture_side;
    vqc_json_said layer_scale;   /* of the tower that is read */
    double epsilon;              /* the same */
    vqc_clip_tower_config block; /* the same: what stands inside its blocks */
    int block_type;              /* which word */
    double mean[3], deviation[3];
} open_clip;

#define MEMBER(name) .member = offsetof(open_clip, name)

static const char *const pools[] = {[VQC_CLIP_POOL_TOKEN] = "tok", [VQC_CLIP_POOL_MEAN] = "avg", NULL};
/* timm's; the tensors tell whether there is a learned query. */
static const char *const timm_pools[] = {
    [VQC_CLIP_POOL_TOKEN] = "token", [VQC_CLIP_POOL_MEAN] = "avg", [VQC_CLIP_POOL_MEAN + 1] = "map", NULL};
static const char *const timm_projections[] = {
    [VQC_TIMM_TRUNK] = "", [VQC_TIMM_LINEAR] = "linear", [VQC_TIMM_MLP] = "mlp", [VQC_TIMM_NONE] = "none", NULL};
static const char *const ends[] = {[VQC_CLIP_END_LARGEST] = "argmax",
                                   [VQC_CLIP_END_ID] = "eos",
                                   [VQC_CLIP_END_FIRST] = "first",
                                   [VQC_CLIP_END_LAST] = "last",
                                   NULL};
/* Of the text tower. */
enum { PROJECTION_LINEAR, PROJECTION_NONE };
static const char *const projections[] = {[PROJECTION_LINEAR] = "linear", [PROJECTION_NONE] = "none", NULL};
enum { BLOCK_DEFAULT, BLOCK_CUSTOM }; /* the former does not look at what is asked for */
static const char *const block_types[] = {[BLOCK_DEFAULT] = "default", [BLOCK_CUSTOM] = "custom", NULL};
static const char *const resize_modes[] = {[VQC_PICTURE_RESIZE_SHORTER] = "shortest",
                                           [VQC_PICTURE_RESIZE_LONGER] = "longest",
                                           [VQC_PICTURE_RESIZE_SQUASH] = "squash",
                                           NULL};
/* Of what its GELU is told to be. */
static const char *const approximations[] = {"none", "tanh", NULL};
static const vqc_activation_function approximation_functions[] = {VQC_ACTIVATION_GELU, VQC_ACTIVATION_TANH_GELU};

/* "random" is bicubic where nothing is trained. */
static const char *const interpolations[] = {"bicubic", "bilinear", "random", NULL};
static const vqc_image_filter interpolation_filters[] = {VQC_IMAGE_BICUBIC, VQC_IMAGE_BILINEAR, VQC_IMAGE_BICUBIC};

static const vqc_json_key file_keys[] = {
    {.key = "model_cfg", .use = VQC_JSON_OBJECT},
    {.key = "preprocess_cfg", .use = VQC_JSON_OBJECT},
};

static const vqc_json_key model_keys[] = {
    {.key = "embed_dim", .use = VQC_JSON_SAID, MEMBER(embed_width)},
    {.key = "vision_cfg", .use = VQC_JSON_OBJECT},
    {.key = "text_cfg", .use = VQC_JSON_OBJECT},
    {.key = "multimodal_cfg", .use = VQC_JSON_HARMLESS}, /* of CoCa's decoder, which makes no embeddings */
    {.key = "quick_gelu", .use = VQC_JSON_BOOLEAN, MEMBER(quick_gelu), .usual = "false"},
    {.key = "custom_text", .use = VQC_JSON_HARMLESS}, /* only how the tensors are named */
    {.key = "init_logit_scale", .use = VQC_JSON_HARMLESS},
    {.key = "init_logit_bias", .use = VQC_JSON_HARMLESS},
    {.key = "nonscalar_logit_scale", .use = VQC_JSON_HARMLESS},
    {.key = "output_dict", .use = VQC_JSON_HARMLESS},
};

static const vqc_json_key vision_keys[] = {
    {.key = "layers", .use = VQC_JSON_SAID, MEMBER(image.layers), .usual = "12"},
    {.key = "width", .use = VQC_JSON_SAID, MEMBER(image.width), .usual = "768"},
    {.key = "head_width",
     .use = VQC_JSON_INTEGER,
     MEMBER(image.head_width),
     .minimum = 1,
     .maximum = MAX_HEADS,
     .usual = "64"},
    {.key = "mlp_ratio", .use = VQC_JSON_SAID, MEMBER(image.ratio), .usual = "4.0"},
    {.key = "patch_size", .use = VQC_JSON_SAID, MEMBER(patch), .usual = "16"},
    {.key = "image_size", .use = VQC_JSON_SAID, MEMBER(side), .usual = "224"},
    {.key = "no_ln_pre", .use = VQC_JSON_BOOLEAN, MEMBER(no_pre_norm), .usual = "false"},
    {.key = "final_ln_after_pool", .use = VQC_JSON_BOOLEAN, MEMBER(norm_after_pool), .usual = "false"},
    {.key = "pool_type", .use = VQC_JSON_WORD, .words = pools, MEMBER(pool), .usual = "\"tok\""},
    {.key = "attentional_pool", .use = VQC_JSON_BOOLEAN, MEMBER(attentional_pool), .usual = "false"},
    {.key = "attn_pooler_queries", .use = VQC_JSON_SAID, MEMBER(pool_queries), .usual = "256"},
    {.key = "attn_pooler_heads",
     .use = VQC_JSON_INTEGER,
     MEMBER(pool_heads),
     .minimum = 1,
     .maximum = MAX_HEADS,
     .usual = "8"},
    {.key = "patch_dropout", .use = VQC_JSON_HARMLESS},  /* in training alone */
    {.key = "pos_embed_type", .use = VQC_JSON_HARMLESS}, /* the file has the positions */
    {.key = "output_tokens", .use = VQC_JSON_HARMLESS},  /* what else is given back */
    {.key = "timm_model_name", .use = VQC_JSON_FIXED, .values = "[null]"},
    {.key = "timm_model_pretrained", .use = VQC_JSON_HARMLESS}, /* this and the next only with timm_model_name */
    {.key = "timm_pool", .use = VQC_JSON_HARMLESS},
    {.key = "timm_proj", .use = VQC_JSON_HARMLESS},
    {.key = "timm_proj_bias", .use = VQC_JSON_HARMLESS},
    {.key = "timm_drop", .use = VQC_JSON_HARMLESS},
    {.key = "timm_drop_path", .use = VQC_JSON_HARMLESS},
};

/* Of a picture tower of timm's, which is all that timm_model_name says. */
static const vqc_json_key timm_keys[] = {
    {.key = "image_size", .use = VQC_JSON_SAID, MEMBER(side), .usual = "224"},
    {.key = "timm_model_name", .use = VQC_JSON_HARMLESS}, /* read before */
    {.key = "timm_model_pretrained", .use = VQC_JSON_HARMLESS},
    {.key = "timm_pool", .use = VQC_JSON_WORD, .words = timm_pools, MEMBER(pool), .usual = "\"avg\""},
    {.key = "timm_proj",
     .use = VQC_JSON_WORD,
     .words = timm_projections,
     MEMBER(projection),
     .usual = "\"linear\"",
     .null_usual = "\"\""},
    {.key = "timm_proj_bias", .use = VQC_JSON_BOOLEAN, MEMBER(projection_bias), .usual = "false"},
    {.key = "timm_drop", .use = VQC_JSON_HARMLESS},
    {.key = "timm_drop_path", .use = VQC_JSON_HARMLESS},
    {.key = "patch_dropout", .use = VQC_JSON_HARMLESS},
};

static const vqc_json_key text_keys[] = {
    {.key = "context_length", .use = VQC_JSON_SAID, MEMBER(context), .usual = "77"},
    {.key = "vocab_size", .use = VQC_JSON_SAID, MEMBER(vocabulary), .usual = "49408"},
    {.key = "hf_tokenizer_name", .use = VQC_JSON_HARMLESS}, /* which vocabulary; the caller gives one */
    {.key = "tokenizer_mode", .use = VQC_JSON_HARMLESS},
    {.key = "tokenizer_kwargs", .use = VQC_JSON_HARMLESS},
    {.key = "width", .use = VQC_JSON_SAID, MEMBER(text.width), .usual = "512"},
    {.key = "heads", .use = VQC_JSON_INTEGER, MEMBER(text.heads), .minimum = 1, .maximum = MAX_HEADS, .usual = "8"},
    {.key = "layers", .use = VQC_JSON_SAID, MEMBER(text.layers), .usual = "12"},
    {.key = "mlp_ratio", .use = VQC_JSON_SAID, MEMBER(text.ratio), .usual = "4.0"},
    {.key = "embed_cls", .use = VQC_JSON_BOOLEAN, MEMBER(class_token), .usual = "false"},
    {.key = "pad_id", .use = VQC_JSON_INTEGER, MEMBER(padding_id), .minimum = 0, .maximum = MAX_ID, .usual = "0"},
    {.key = "eos_id", .use = VQC_JSON_INTEGER, MEMBER(end_id), .minimum = 0, .maximum = MAX_ID, .usual = "2"},
    {.key = "no_causal_mask", .use = VQC_JSON_BOOLEAN, MEMBER(no_causal_mask), .usual = "false"},
    {.key = "final_ln_after_pool", .use = VQC_JSON_HARMLESS}, /* open_clip does not look at it */
    {.key = "pool_type", .use = VQC_JSON_WORD, .words = ends, MEMBER(end), .usual = "\"argmax\""},
    {.key = "proj_bias", .use = VQC_JSON_BOOLEAN, MEMBER(projection_bias), .usual = "false"},
    {.key = "proj_type", .use = VQC_JSON_WORD, .words = projections, MEMBER(projection), .usual = "\"linear\""},
    {.key = "output_tokens", .use = VQC_JSON_HARMLESS},
    {.key = "hf_model_name", .use = VQC_JSON_FIXED, .values = "[null]"},
    {.key = "hf_model_pretrained", .use = VQC_JSON_HARMLESS}, /* this and the next only with hf_model_name */
    {.key = "hf_proj_type", .use = VQC_JSON_HARMLESS},
    {.key = "hf_pooler_type", .use = VQC_JSON_HARMLESS},
};

/* The blocks of both towers. */
static const vqc_json_key block_keys[] = {
    {.key = "act_kwargs", .use = VQC_JSON_OBJECT},
    {.key = "norm_kwargs", .use = VQC_JSON_OBJECT},
    {.key = "ls_init_value", .use = VQC_JSON_SAID, MEMBER(layer_scale)}, /* the file has what came of it */
    {.key = "block_type",
     .use = VQC_JSON_WORD,
     .words = block_types,
     MEMBER(block_type),
     .usual = "\"custom\"", /* which is the same where nothing else is asked for */
     .null_is_usual = true},
    {.key = "qk_norm", .use = VQC_JSON_FIXED, .values = "[false]"},
    {.key = "scaled_cosine_attn", .use = VQC_JSON_FIXED, .values = "[false]"},
    {.key = "scale_heads", .use = VQC_JSON_BOOLEAN, MEMBER(block.head_scale), .usual = "false"},
    {.key = "scale_attn_inner", .use = VQC_JSON_BOOLEAN, MEMBER(block.inner_norm), .usual = "false"},
    {.key = "scale_attn", .use = VQC_JSON_BOOLEAN, MEMBER(block.attention_norm), .usual = "false"},
    {.key = "scale_fc", .use = VQC_JSON_BOOLEAN, MEMBER(block.hidden_norm), .usual = "false"},
};

static const vqc_json_key activation_keys[] = {
    {.key = "approximate", .use = VQC_JSON_WORD, .words = approximations, MEMBER(activation), .usual = "\"none\""},
};

static const vqc_json_key norm_keys[] = {
    {.key = "eps", .use = VQC_JSON_REAL, MEMBER(epsilon), .minimum = 0.0, .maximum = 1.0, .usual = "1e-5"},
    {.key = "elementwise_affine", .use = VQC_JSON_FIXED, .values = "[true]"},
    {.key = "bias", .use = VQC_JSON_FIXED, .values = "[true]"},
};

static const vqc_json_key picture_keys[] = {
    {.key = "size", .use = VQC_JSON_SAID, MEMBER(picture_side)},
    {.key = "mode", .use = VQC_JSON_FIXED, .values = "[\"RGB\"]"},
    {.key = "mean", .use = VQC_JSON_REALS, MEMBER(mean), .minimum = 0.0, .maximum = 1.0},
    {.key = "std", .use = VQC_JSON_REALS, MEMBER(deviation), .minimum = 1e-3, .maximum = 1.0},
    {.key = "interpolation",
     .use = VQC_JSON_WORD,
     .words = interpolations,
     MEMBER(interpolation),
     .usual = "\"bicubic\"",
     .null_is_usual = true},
    {.key = "resize_mode",
     .use = VQC_JSON_WORD,
     .words = resize_modes,
     MEMBER(resize),
     .usual = "\"shortest\"",
     .null_is_usual = true},
    {.key = "fill_color",
     .use = VQC_JSON_INTEGER,
     MEMBER(fill),
     .minimum = 0,
     .maximum = 255,
     .usual = "0",
     .null_is_usual = true},
};

#define TABLE(rows)                                                                                                  \
    {                                                                                                                \
        .keys = (rows), .count = sizeof(rows) / sizeof *(rows)                                                       \
    }

static const vqc_json_table file_tables[] = {TABLE(file_keys)};
static const vqc_json_table model_tables[] = {TABLE(model_keys)};
static const vqc_json_table vision_tables[] = {TABLE(vision_keys), TABLE(block_keys)};
static const vqc_json_table timm_tables[] = {TABLE(timm_keys)};
static const vqc_json_table text_tables[] = {TABLE(text_keys), TABLE(block_keys)};
static const vqc_json_table activation_tables[] = {TABLE(activation_keys)};
static const vqc_json_table norm_tables[] = {TABLE(norm_keys)};
static const vqc_json_table picture_tables[] = {TABLE(picture_keys)};

/* Where the parts stand: with the upper level that open_clip writes, and in a copied one of its model_configs. */
typedef struct levels {
    const char *model, *vision, *timm, *vision_activation, *vision_norm, *text, *text_activation, *text_norm;
} levels;

static const levels written = {
    .model = "model_cfg",
    .vision = "model_cfg.vision_cfg",
    .timm = "model_cfg.vision_cfg.timm_model_name",
    .vision_activation = "model_cfg.vision_cfg.act_kwargs",
    .vision_norm = "model_cfg.vision_cfg.norm_kwargs",
    .text = "model_cfg.text_cfg",
    .text_activation = "model_cfg.text_cfg.act_kwargs",
    .text_norm = "model_cfg.text_cfg.norm_kwargs",
};
static const levels copied = {
    .model = "",
    .vision = "vision_cfg",
    .timm = "vision_cfg.timm_model_name",
    .vision_activation = "vision_cfg.act_kwargs",
    .vision_norm = "vision_cfg.norm_kwargs",
    .text = "text_cfg",
    .text_activation = "text_cfg.act_kwargs",
    .text_norm = "text_cfg.norm_kwargs",
};

/* The arguments of a tower's activation and norms, into the tower. */
static vqc_status arguments_read(const vqc_json_config *json, const char *activation, const char *norm, open_clip *o,
                                 vqc_clip_tower_config *tower, vqc_error *error)
{
    VQC_TRY(vqc_json_keys_read(json, activation, activation_tables, 1, o, error));
    VQC_TRY(vqc_json_keys_read(json, norm, norm_tables, 1, o, error));
    tower->activation = o->quick_gelu ? VQC_ACTIVATION_QUICK_GELU : approximation_functions[o->activation];
    tower->epsilon = o->epsilon;
    tower->layer_scale = o->layer_scale.key != NULL;
    bool custom = o->block_type == BLOCK_CUSTOM;
    tower->head_scale = custom && o->block.head_scale;
    tower->inner_norm = custom && o->block.inner_norm;
    tower->attention_norm = custom && o->block.attention_norm;
    tower->hidden_norm = custom && o->block.hidden_norm;
    o->layer_scale = (vqc_json_said){.key = NULL};
    return VQC_OK;
}

/* A picture tower of timm's. What its name does not tell is left for the caller to say, or refused by the tower. */
static vqc_status timm_read(const vqc_json_config *json, const levels *at, open_clip *o, vqc_clip_config *config,
                            vqc_error *error)
{
    const char *name = "";
    bool found;
    VQC_TRY(vqc_json_config_text(json, at->timm, &name, &found, error));
    VQC_TRY(vqc_json_keys_read(json, at->vision, timm_tables, 1, o, error));
    config->image = (vqc_clip_tower_config){.epsilon = 1e-6};
    config->timm_known = vqc_timm_name_find(name, &config->image);
    config->activation_assumed = !config->timm_known;
    config->pool = o->pool == VQC_CLIP_POOL_MEAN ? VQC_CLIP_POOL_MEAN : VQC_CLIP_POOL_TOKEN;
    config->latent_pool = o->pool > VQC_CLIP_POOL_MEAN;
    config->timm_projection = (vqc_timm_projection)o->projection;
    config->timm_projection_bias = o->projection_bias;
    config->text_activation_said = true;
    config->side = o->side;
    return VQC_OK;
}

static vqc_status vision_read(const vqc_json_config *json, const levels *at, open_clip *o, vqc_clip_config *config,
                              vqc_error *error)
{
    VQC_TRY(vqc_json_keys_read(json, at->vision, vision_tables, 2, o, error));
    VQC_TRY(arguments_read(json, at->vision_activation, at->vision_norm, o, &o->image, error));
    config->image = o->image;
    config->pre_norm = !o->no_pre_norm;
    config->norm_after_pool = o->norm_after_pool;
    config->pool = (vqc_clip_pool)o->pool;
    config->attentional_pool = o->attentional_pool;
    config->pool_heads = o->pool_heads;
    config->pool_queries = o->pool_queries;
    config->patch = o->patch;
    config->side = o->side;
    return VQC_OK;
}

static vqc_status text_read(const vqc_json_config *json, const levels *at, open_clip *o, vqc_clip_config *config,
                            vqc_error *error)
{
    VQC_TRY(vqc_json_keys_read(json, at->text, text_tables, 2, o, error));
    VQC_TRY(arguments_read(json, at->text_activation, at->text_norm, o, &o->text, error));
    config->text = o->text;
    config->causal = !o->no_causal_mask;
    config->end = (vqc_clip_end)o->end;
    config->end_id = o->end_id;
    config->text_class_token = o->class_token;
    config->padding_id = o->padding_id;
    config->projection = o->projection != PROJECTION_NONE;
    config->projection_bias = o->projection_bias;
    config->context = o->context;
    config->vocabulary = o->vocabulary;
    return VQC_OK;
}

static vqc_status model_read(const vqc_json_config *json, const levels *at, bool text, vqc_clip_config *config,
                             vqc_error *error)
{
    open_clip o = {0};
    VQC_TRY(vqc_json_keys_read(json, at->model, model_tables, 1, &o, error));
    config->embed_width = o.embed_width;
    config->activation_assumed = false;
    config->model_said = true;
    if (vqc_json_config_has(json, at->timm))
        VQC_TRY(timm_read(json, at, &o, config, error));
    else
        VQC_TRY(vision_read(json, at, &o, config, error));
    return text ? text_read(json, at, &o, config, error) : VQC_OK;
}

static vqc_status pictures_read(const vqc_json_config *json, vqc_clip_config *config, vqc_error *error)
{
    open_clip o = {0};
    for (int c = 0; c < 3; c++) {
        o.mean[c] = (double)config->pixel_mean[c];
        o.deviation[c] = (double)config->pixel_deviation[c];
    }
    VQC_TRY(vqc_json_keys_read(json, "preprocess_cfg", picture_tables, 1, &o, error));
    for (int c = 0; c < 3; c++) {
        config->pixel_mean[c] = (float)o.mean[c];
        config->pixel_deviation[c] = (float)o.deviation[c];
    }
    config->picture_side = o.picture_side;
    config->preparation = (vqc_picture_preparation){.resize = (vqc_picture_resize)o.resize,
                                                    .filter = interpolation_filters[o.interpolation],
                                                    .fill = (uint8_t)o.fill};
    return VQC_OK;
}

static vqc_status config_read(const vqc_json_config *json, bool text, vqc_clip_config *config, vqc_error *error)
{
    bool model = vqc_json_config_has(json, "model_cfg");
    if (!model && !vqc_json_config_has(json, "preprocess_cfg"))
        return model_read(json, &copied, text, config, error);
    VQC_TRY(vqc_json_keys_read(json, "", file_tables, 1, config, error));
    config->image.activation = config->text.activation = VQC_ACTIVATION_GELU; /* unless it says otherwise */
    if (model)
        VQC_TRY(model_read(json, &written, text, config, error));
    return pictures_read(json, config, error);
}

vqc_status vqc_clip_config_read_open_clip(const char *weights_path, bool text, vqc_clip_config *config,
                                          vqc_error *error)
{
    vqc_json_config *json;
    VQC_TRY(vqc_clip_config_beside(weights_path, "open_clip_config.json", &config->config_path, &json, error));
    vqc_status status = json == NULL ? VQC_OK : config_read(json, text, config, error);
    vqc_json_config_close(json);
    return status;
}
