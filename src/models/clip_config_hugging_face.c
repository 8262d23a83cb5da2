#include <assert.h>
#include <math.h>
#include <stddef.h>
#include <stdlib.h>

#include "models/clip_config.h"

/* config.json, processor_config.json and preprocessor_config.json: what transformers 5.24 reads of them for CLIP,
 * MetaCLIP 2 and the CLIP inside CLIPSeg, with its defaults; and what transformers 4 wrote into them too. */

enum { MAX_HEADS = 4096, MAX_ID = 1 << 30 };

/* Pillow's numbers of filters. */
enum { LANCZOS = 1, BILINEAR = 2, BICUBIC = 3 };
static const vqc_image_filter filters[] = {
    [LANCZOS] = VQC_IMAGE_LANCZOS, [BILINEAR] = VQC_IMAGE_BILINEAR, [BICUBIC] = VQC_IMAGE_BICUBIC};

/* What is read of the files before it becomes a configuration. */
typedef struct hugging_face {
    int model, part; /* which words */
    vqc_clip_tower_config image, text;
    int activation; /* which word; of the tower that is read */
    int64_t end_id;
    vqc_json_said embed_width, image_embed_width, text_embed_width, patch, side, context, vocabulary;
    bool crop, rescale, normalise;
    int64_t filter; /* Pillow's number */
    double factor, mean[3], deviation[3];
    vqc_json_said size, crop_size, height, width, shortest, crop_height, crop_width;
} hugging_face;

#define MEMBER(name) .member = offsetof(hugging_face, name)

/* What a configuration is of. */
enum { MODEL_CLIP, MODEL_CLIP_SEG, MODEL_META_CLIP_2, MODEL_PICTURE, MODEL_META_CLIP_2_PICTURE };
static const char *const models[] = {[MODEL_CLIP] = "clip",
                                     [MODEL_CLIP_SEG] = "clipseg",
                                     [MODEL_META_CLIP_2] = "metaclip_2",
                                     [MODEL_PICTURE] = "clip_vision_model",
                                     [MODEL_META_CLIP_2_PICTURE] = "metaclip_2_vision_model",
                                     NULL};

const char *const vqc_hugging_face_activations[] = {"quick_gelu", "gelu",      "gelu_python", "gelu_pytorch_tanh",
                                                    "gelu_new",   "gelu_fast", "relu",        NULL};
const vqc_activation_function vqc_hugging_face_activation_functions[] = {
    VQC_ACTIVATION_QUICK_GELU, VQC_ACTIVATION_GELU,      VQC_ACTIVATION_GELU, VQC_ACTIVATION_TANH_GELU,
    VQC_ACTIVATION_TANH_GELU,  VQC_ACTIVATION_TANH_GELU, VQC_ACTIVATION_RELU};
static_assert(sizeof vqc_hugging_face_activations / sizeof *vqc_hugging_face_activations ==
                  sizeof vqc_hugging_face_activation_functions / sizeof *vqc_hugging_face_activation_functions + 1,
              "one function for each word");

/* What every configuration of the library may hold. */
static const vqc_json_key general_keys[] = {
    {.key = "_name_or_path", .use = VQC_JSON_HARMLESS},
    {.key = "_commit_hash", .use = VQC_JSON_HARMLESS},
    {.key = "_attn_implementation_autoset", .use = VQC_JSON_HARMLESS},
    {.key = "add_cross_attention", .use = VQC_JSON_HARMLESS},
    {.key = "architectures", .use = VQC_JSON_HARMLESS},
    {.key = "attn_implementation", .use = VQC_JSON_HARMLESS},
    {.key = "bad_words_ids", .use = VQC_JSON_HARMLESS},
    {.key = "begin_suppress_tokens", .use = VQC_JSON_HARMLESS},
    {.key = "bos_token_id", .use = VQC_JSON_HARMLESS},
    {.key = "chunk_size_feed_forward", .use = VQC_JSON_HARMLESS},
    {.key = "cross_attention_hidden_size", .use = VQC_JSON_HARMLESS},
    {.key = "decoder_start_token_id", .use = VQC_JSON_HARMLESS},
    {.key = "diversity_penalty", .use = VQC_JSON_HARMLESS},
    {.key = "do_sample", .use = VQC_JSON_HARMLESS},
    {.key = "dropout", .use = VQC_JSON_HARMLESS},
    {.key = "dtype", .use = VQC_JSON_HARMLESS},
    {.key = "early_stopping", .use = VQC_JSON_HARMLESS},
    {.key = "encoder_no_repeat_ngram_size", .use = VQC_JSON_HARMLESS},
    {.key = "exponential_decay_length_penalty", .use = VQC_JSON_HARMLESS},
    {.key = "finetuning_task", .use = VQC_JSON_HARMLESS},
    {.key = "forced_bos_token_id", .use = VQC_JSON_HARMLESS},
    {.key = "forced_eos_token_id", .use = VQC_JSON_HARMLESS},
    {.key = "gradient_checkpointing", .use = VQC_JSON_HARMLESS},
    {.key = "id2label", .use = VQC_JSON_HARMLESS},
    {.key = "initializer_factor", .use = VQC_JSON_HARMLESS},
    {.key = "initializer_range", .use = VQC_JSON_HARMLESS},
    {.key = "is_decoder", .use = VQC_JSON_HARMLESS},
    {.key = "is_encoder_decoder", .use = VQC_JSON_HARMLESS},
    {.key = "label2id", .use = VQC_JSON_HARMLESS},
    {.key = "length_penalty", .use = VQC_JSON_HARMLESS},
    {.key = "logit_scale_init_value", .use = VQC_JSON_HARMLESS},
    {.key = "max_length", .use = VQC_JSON_HARMLESS},
    {.key = "min_length", .use = VQC_JSON_HARMLESS},
    {.key = "no_repeat_ngram_size", .use = VQC_JSON_HARMLESS},
    {.key = "num_beam_groups", .use = VQC_JSON_HARMLESS},
    {.key = "num_beams", .use = VQC_JSON_HARMLESS},
    {.key = "num_return_sequences", .use = VQC_JSON_HARMLESS},
    {.key = "output_attentions", .use = VQC_JSON_HARMLESS},
    {.key = "output_hidden_states", .use = VQC_JSON_HARMLESS},
    {.key = "output_scores", .use = VQC_JSON_HARMLESS},
    {.key = "pad_token_id", .use = VQC_JSON_HARMLESS},
    {.key = "prefix", .use = VQC_JSON_HARMLESS},
    {.key = "problem_type", .use = VQC_JSON_HARMLESS},
    {.key = "pruned_heads", .use = VQC_JSON_FIXED, .values = "[{}]"},
    {.key = "remove_invalid_values", .use = VQC_JSON_HARMLESS},
    {.key = "repetition_penalty", .use = VQC_JSON_HARMLESS},
    {.key = "return_dict", .use = VQC_JSON_HARMLESS},
    {.key = "return_dict_in_generate", .use = VQC_JSON_HARMLESS},
    {.key = "sep_token_id", .use = VQC_JSON_HARMLESS},
    {.key = "suppress_tokens", .use = VQC_JSON_HARMLESS},
    {.key = "task_specific_params", .use = VQC_JSON_HARMLESS},
    {.key = "temperature", .use = VQC_JSON_HARMLESS},
    {.key = "tf_legacy_loss", .use = VQC_JSON_HARMLESS},
    {.key = "tie_encoder_decoder", .use = VQC_JSON_HARMLESS},
    {.key = "tie_word_embeddings", .use = VQC_JSON_HARMLESS},
    {.key = "tokenizer_class", .use = VQC_JSON_HARMLESS},
    {.key = "top_k", .use = VQC_JSON_HARMLESS},
    {.key = "top_p", .use = VQC_JSON_HARMLESS},
    {.key = "torch_dtype", .use = VQC_JSON_HARMLESS},
    {.key = "torchscript", .use = VQC_JSON_HARMLESS},
    {.key = "transformers_version", .use = VQC_JSON_HARMLESS},
    {.key = "typical_p", .use = VQC_JSON_HARMLESS},
    {.key = "use_bfloat16", .use = VQC_JSON_HARMLESS},
    {.key = "use_cache", .use = VQC_JSON_HARMLESS},
};

static const vqc_json_key model_keys[] = {
    {.key = "model_type", .use = VQC_JSON_WORD, .words = models, MEMBER(model), .usual = "\"clip\""},
    {.key = "projection_dim", .use = VQC_JSON_SAID, MEMBER(embed_width), .usual = "512"},
    {.key = "text_config", .use = VQC_JSON_OBJECT},
    {.key = "vision_config", .use = VQC_JSON_OBJECT},
    {.key = "text_config_dict", .use = VQC_JSON_OBJECT},
    {.key = "vision_config_dict", .use = VQC_JSON_OBJECT},
};

/* Of CLIPSeg's decoder, which is no part of its CLIP. */
static const vqc_json_key segmentation_keys[] = {
    {.key = "extract_layers", .use = VQC_JSON_HARMLESS},
    {.key = "reduce_dim", .use = VQC_JSON_HARMLESS},
    {.key = "decoder_num_attention_heads", .use = VQC_JSON_HARMLESS},
    {.key = "decoder_attention_dropout", .use = VQC_JSON_HARMLESS},
    {.key = "decoder_hidden_act", .use = VQC_JSON_HARMLESS},
    {.key = "decoder_intermediate_size", .use = VQC_JSON_HARMLESS},
    {.key = "conditional_layer", .use = VQC_JSON_HARMLESS},
    {.key = "use_complex_transposed_convolution", .use = VQC_JSON_HARMLESS},
};

/* Of both towers. */
static const vqc_json_key tower_keys[] = {
    {.key = "hidden_act",
     .use = VQC_JSON_WORD,
     .words = vqc_hugging_face_activations,
     MEMBER(activation),
     .usual = "\"quick_gelu\""},
    {.key = "attention_dropout", .use = VQC_JSON_HARMLESS}, /* in training alone */
};

static const char *const picture_models[] = {"clip_vision_model", "clipseg_vision_model", "metaclip_2_vision_model",
                                             NULL};
static const char *const text_models[] = {"clip_text_model", "clipseg_text_model", "metaclip_2_text_model", NULL};

static const vqc_json_key vision_keys[] = {
    {.key = "model_type", .use = VQC_JSON_WORD, .words = picture_models, MEMBER(part)},
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
     .usual = "1e-5"},
    {.key = "projection_dim", .use = VQC_JSON_SAID, MEMBER(image_embed_width), .usual = "512"},
    {.key = "num_channels", .use = VQC_JSON_FIXED, .values = "[3]"},
    {.key = "image_size", .use = VQC_JSON_SAID, MEMBER(side), .usual = "224"},
    {.key = "patch_size", .use = VQC_JSON_SAID, MEMBER(patch), .usual = "32"},
};

static const vqc_json_key text_keys[] = {
    {.key = "model_type", .use = VQC_JSON_WORD, .words = text_models, MEMBER(part)},
    {.key = "hidden_size", .use = VQC_JSON_SAID, MEMBER(text.width), .usual = "512"},
    {.key = "intermediate_size", .use = VQC_JSON_SAID, MEMBER(text.hidden), .usual = "2048"},
    {.key = "num_hidden_layers", .use = VQC_JSON_SAID, MEMBER(text.layers), .usual = "12"},
    {.key = "num_attention_heads",
     .use = VQC_JSON_INTEGER,
     MEMBER(text.heads),
     .minimum = 1,
     .maximum = MAX_HEADS,
     .usual = "8"},
    {.key = "layer_norm_eps",
     .use = VQC_JSON_REAL,
     MEMBER(text.epsilon),
     .minimum = 0.0,
     .maximum = 1.0,
     .usual = "1e-5"},
    {.key = "projection_dim", .use = VQC_JSON_SAID, MEMBER(text_embed_width), .usual = "512"},
    {.key = "vocab_size", .use = VQC_JSON_SAID, MEMBER(vocabulary), .usual = "49408"},
    {.key = "max_position_embeddings", .use = VQC_JSON_SAID, MEMBER(context), .usual = "77"},
    {.key = "eos_token_id",
     .use = VQC_JSON_INTEGER,
     MEMBER(end_id),
     .minimum = 0,
     .maximum = MAX_ID,
     .usual = "49407"},
};

/* Of the library's image processors. */
static const vqc_json_key processor_keys[] = {
    {.key = "image_processor", .use = VQC_JSON_OBJECT},
    {.key = "processor_class", .use = VQC_JSON_HARMLESS},
    {.key = "auto_map", .use = VQC_JSON_HARMLESS},
};

static const vqc_json_key picture_keys[] = {
    {.key = "image_processor_type",
     .use = VQC_JSON_FIXED,
     .values = "[\"CLIPImageProcessor\", \"CLIPImageProcessorFast\", \"CLIPImageProcessorPil\", "
               "\"SiglipImageProcessor\", \"SiglipImageProcessorFast\", \"SiglipImageProcessorPil\"]"},
    {.key = "feature_extractor_type", .use = VQC_JSON_FIXED, .values = "[\"CLIPFeatureExtractor\"]"},
    {.key = "processor_class", .use = VQC_JSON_HARMLESS},
    {.key = "_valid_processor_keys", .use = VQC_JSON_HARMLESS},
    {.key = "do_resize", .use = VQC_JSON_FIXED, .values = "[true]"},
    {.key = "size", .use = VQC_JSON_SIZE, MEMBER(size)},
    {.key = "crop_size", .use = VQC_JSON_SIZE, MEMBER(crop_size)},
    {.key = "resample",
     .use = VQC_JSON_INTEGER,
     MEMBER(filter),
     .minimum = LANCZOS,
     .maximum = BICUBIC,
     .usual = "3"},
    {.key = "do_center_crop", .use = VQC_JSON_BOOLEAN, MEMBER(crop), .usual = "true"},
    {.key = "do_rescale", .use = VQC_JSON_BOOLEAN, MEMBER(rescale), .usual = "true"},
    {.key = "rescale_factor",
     .use = VQC_JSON_REAL,
     MEMBER(factor),
     .minimum = 1e-6,
     .maximum = 1e3,
     .usual = "0.00392156862745098"},
    {.key = "do_normalize", .use = VQC_JSON_BOOLEAN, MEMBER(normalise), .usual = "true"},
    {.key = "image_mean", .use = VQC_JSON_REALS, MEMBER(mean), .minimum = 0.0, .maximum = 1.0},
    {.key = "image_std", .use = VQC_JSON_REALS, MEMBER(deviation), .minimum = 1e-3, .maximum = 1.0},
    {.key = "do_convert_rgb", .use = VQC_JSON_HARMLESS}, /* pictures are read as RGB */
    {.key = "do_pad", .use = VQC_JSON_FIXED, .values = "[false]"},
    {.key = "pad_size", .use = VQC_JSON_HARMLESS}, /* only with do_pad */
    {.key = "use_square_size", .use = VQC_JSON_FIXED, .values = "[false]"},
    {.key = "default_to_square", .use = VQC_JSON_FIXED, .values = "[false]"},
    {.key = "data_format", .use = VQC_JSON_HARMLESS}, /* how arrays lie */
    {.key = "input_data_format", .use = VQC_JSON_HARMLESS},
    {.key = "device", .use = VQC_JSON_HARMLESS},
    {.key = "return_tensors", .use = VQC_JSON_HARMLESS},
    {.key = "disable_grouping", .use = VQC_JSON_HARMLESS},
};

static const vqc_json_key size_keys[] = {
    {.key = "shortest_edge", .use = VQC_JSON_SAID, MEMBER(shortest)},
    {.key = "height", .use = VQC_JSON_SAID, MEMBER(height)},
    {.key = "width", .use = VQC_JSON_SAID, MEMBER(width)},
};

static const vqc_json_key crop_keys[] = {
    {.key = "height", .use = VQC_JSON_SAID, MEMBER(crop_height)},
    {.key = "width", .use = VQC_JSON_SAID, MEMBER(crop_width)},
};

#define TABLE(rows)                                                                                                  \
    {                                                                                                                \
        .keys = (rows), .count = sizeof(rows) / sizeof *(rows)                                                       \
    }

const vqc_json_table vqc_hugging_face_general = TABLE(general_keys);
static const vqc_json_table model_tables[] = {TABLE(general_keys), TABLE(model_keys), TABLE(segmentation_keys)};
static const vqc_json_table vision_tables[] = {TABLE(general_keys), TABLE(tower_keys), TABLE(vision_keys)};
static const vqc_json_table text_tables[] = {TABLE(general_keys), TABLE(tower_keys), TABLE(text_keys)};
static const vqc_json_table processor_tables[] = {TABLE(processor_keys)};
static const vqc_json_table picture_tables[] = {TABLE(picture_keys)};
static const vqc_json_table size_tables[] = {TABLE(size_keys)};
static const vqc_json_table crop_tables[] = {TABLE(crop_keys)};

static vqc_status vision_read(const vqc_json_config *json, const char *level, hugging_face *h,
                              vqc_clip_config *config, vqc_error *error)
{
    VQC_TRY(vqc_json_keys_read(json, level, vision_tables, 3, h, error));
    h->image.activation = vqc_hugging_face_activation_functions[h->activation];
    config->image = h->image;
    config->patch = h->patch;
    config->side = h->side;
    return VQC_OK;
}

static vqc_status text_read(const vqc_json_config *json, const char *level, hugging_face *h, vqc_clip_config *config,
                            vqc_error *error)
{
    /* Which once stood in every configuration, though the end token was another. */
    static const int64_t wrong_end_id = 2;
    VQC_TRY(vqc_json_keys_read(json, level, text_tables, 3, h, error));
    h->text.activation = vqc_hugging_face_activation_functions[h->activation];
    config->text = h->text;
    config->end_id = h->end_id;
    config->end = h->end_id == wrong_end_id && h->model != MODEL_META_CLIP_2 ? VQC_CLIP_END_LARGEST : VQC_CLIP_END_ID;
    config->vocabulary = h->vocabulary;
    config->context = h->context;
    return VQC_OK;
}

/* The kind of model, before any other key: what another kind has for keys says less than its name. */
static vqc_status model_type_read(const vqc_json_config *json, int *model, vqc_error *error)
{
    static const vqc_json_key row = {.key = "model_type", .use = VQC_JSON_WORD, .words = models, .usual = "\"clip\""};
    return vqc_json_key_read(json, "", &row, model, error);
}

static vqc_status config_read(const vqc_json_config *json, bool text, vqc_clip_config *config, vqc_error *error)
{
    hugging_face h = {0};
    VQC_TRY(model_type_read(json, &h.model, error));
    config->activation_assumed = false;
    config->model_said = true;
    if (h.model == MODEL_PICTURE || h.model == MODEL_META_CLIP_2_PICTURE) {
        VQC_TRY(vision_read(json, "", &h, config, error));
        config->embed_width = h.image_embed_width;
        return VQC_OK;
    }
    VQC_TRY(vqc_json_keys_read(json, "", model_tables, h.model == MODEL_CLIP_SEG ? 3 : 2, &h, error));
    config->embed_width = h.embed_width;
    bool replaced = vqc_json_config_has(json, "vision_config_dict");
    VQC_TRY(vision_read(json, replaced ? "vision_config_dict" : "vision_config", &h, config, error));
    replaced = vqc_json_config_has(json, "text_config_dict");
    return text ? text_read(json, replaced ? "text_config_dict" : "text_config", &h, config, error) : VQC_OK;
}

/* height and width as one; they are there together or not at all. */
static vqc_status square_make(const vqc_json_config *json, const vqc_json_said *height, const vqc_json_said *width,
                              vqc_json_said *square, vqc_error *error)
{
    const vqc_json_said *one = height->key != NULL ? height : width;
    if (one->key == NULL)
        return VQC_OK;
    if (height->key == NULL || width->key == NULL || height->count != 1 || width->count != 1)
        return vqc_error_set(error, VQC_BAD_INPUT, "%s: %s: expected one number for height and one for width",
                             vqc_json_config_path(json), one->level);
    *square = *height;
    square->count = 2;
    square->values[1] = width->values[0];
    return VQC_OK;
}

/* How picture files become pixels: size and crop_size. A size that is one number is the shorter side's. */
static vqc_status sizes_take(const vqc_json_config *json, const hugging_face *h, vqc_clip_config *config,
                             vqc_error *error)
{
    vqc_json_said squash = {.key = NULL};
    vqc_json_said crop = h->crop_size;
    vqc_json_said shorter = h->shortest.key != NULL ? h->shortest : h->size;
    VQC_TRY(square_make(json, &h->height, &h->width, &squash, error));
    VQC_TRY(square_make(json, &h->crop_height, &h->crop_width, &crop, error));
    if (shorter.count > 1)
        squash = shorter;
    config->preparation = (vqc_picture_preparation){.filter = filters[h->filter], .crop_rounds_down = true};
    if (squash.key != NULL)
        config->preparation.resize = VQC_PICTURE_RESIZE_SQUASH;
    else if (shorter.key != NULL)
        config->preparation.shorter = (int64_t)shorter.values[0];
    if (!h->crop && squash.key == NULL)
        return vqc_error_set(error, VQC_BAD_INPUT,
                             "%s: do_center_crop: expected true, or a size of height and width, found false",
                             vqc_json_config_path(json));
    config->picture_side = squash.key != NULL ? squash : crop;
    return squash.key == NULL || !h->crop ? VQC_OK
                                          : vqc_json_said_check(&crop, vqc_json_config_path(json), "size has it",
                                                                (int64_t)squash.values[0], error);
}

/* Which numbers pixels become. */
static void pixels_take(const hugging_face *h, vqc_clip_config *config)
{
    static const double rounding = 1e-9; /* of 1/255 times 255 */
    double scale = 255.0 * (h->rescale ? h->factor : 1.0);
    config->pixel_scale = fabs(scale - 1.0) < rounding ? 1.0 : scale;
    for (int c = 0; c < 3; c++) {
        config->pixel_mean[c] = h->normalise ? (float)h->mean[c] : 0.0F;
        config->pixel_deviation[c] = h->normalise ? (float)h->deviation[c] : 1.0F;
    }
}

static vqc_status pictures_read(const vqc_json_config *json, const char *levels[3], vqc_clip_config *config,
                                vqc_error *error)
{
    hugging_face h = {0};
    for (int c = 0; c < 3; c++) {
        h.mean[c] = (double)config->pixel_mean[c];
        h.deviation[c] = (double)config->pixel_deviation[c];
    }
    VQC_TRY(vqc_json_keys_read(json, levels[0], picture_tables, 1, &h, error));
    if (h.size.key == NULL)
        VQC_TRY(vqc_json_keys_read(json, levels[1], size_tables, 1, &h, error));
    if (h.crop_size.key == NULL)
        VQC_TRY(vqc_json_keys_read(json, levels[2], crop_tables, 1, &h, error));
    VQC_TRY(sizes_take(json, &h, config, error));
    pixels_take(&h, config);
    return VQC_OK;
}

/* transformers 5 has the pictures' numbers inside the processor's file. */
static vqc_status processor_read(const char *weights_path, vqc_clip_config *config, bool *found, vqc_error *error)
{
    const char *levels[] = {"image_processor", "image_processor.size", "image_processor.crop_size"};
    vqc_json_config *json;
    char *path = NULL;
    VQC_TRY(vqc_clip_config_beside(weights_path, "processor_config.json", &path, &json, error));
    vqc_status status = VQC_OK;
    *found = json != NULL && vqc_json_config_has(json, "image_processor");
    if (*found) {
        config->preprocessor_path = path;
        path = NULL;
        status = vqc_json_keys_read(json, "", processor_tables, 1, config, error);
    }
    if (*found && status == VQC_OK)
        status = pictures_read(json, levels, config, error);
    vqc_json_config_close(json);
    free(path);
    return status;
}

static vqc_status preprocessor_read(const char *weights_path, vqc_clip_config *config, vqc_error *error)
{
    const char *levels[] = {"", "size", "crop_size"};
    vqc_json_config *json;
    VQC_TRY(
        vqc_clip_config_beside(weights_path, "preprocessor_config.json", &config->preprocessor_path, &json, error));
    vqc_status status = json == NULL ? VQC_OK : pictures_read(json, levels, config, error);
    vqc_json_config_close(json);
    return status;
}

vqc_status vqc_hugging_face_pictures_read(const char *weights_path, vqc_clip_config *config, vqc_error *error)
{
    bool found;
    VQC_TRY(processor_read(weights_path, config, &found, error));
    return found ? VQC_OK : preprocessor_read(weights_path, config, error);
}

vqc_status vqc_clip_config_read_hugging_face(const char *weights_path, bool text, vqc_clip_config *config,
                                             vqc_error *error)
{
    vqc_json_config *json;
    VQC_TRY(vqc_clip_config_beside(weights_path, "config.json", &config->config_path, &json, error));
    vqc_status status = json == NULL ? VQC_OK : config_read(json, text, config, error);
    vqc_json_config_close(json);
    return status == VQC_OK ? vqc_hugging_face_pictures_read(weights_path, config, error) : status;
}
