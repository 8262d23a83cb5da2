#include "models/clip.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "config/json.h"

enum { RULE_HEAD_WIDTH = 64, RESNET_FACTOR = 32, MAX_HEADS = 4096, PATH_SIZE = 4096 };

/* What a configuration beside the file says; zero: nothing. */
typedef struct clip_config {
    int64_t vision_heads;
    int64_t vision_head_width;
    int64_t text_heads;
    bool activation_known;
    vqc_activation_function activation;
} clip_config;

/* Of OpenAI's models, and of others where no file says otherwise. */
static const float openai_mean[] = {0.48145466F, 0.4578275F, 0.40821073F};
static const float openai_deviation[] = {0.26862954F, 0.26130258F, 0.27577711F};

static vqc_status activation_parse(const char *name, vqc_activation_function *function_out, vqc_error *error)
{
    if (strcmp(name, "quick_gelu") == 0)
        *function_out = VQC_ACTIVATION_QUICK_GELU;
    else if (strcmp(name, "gelu") == 0)
        *function_out = VQC_ACTIVATION_GELU;
    else
        return vqc_error_set(error, VQC_BAD_INPUT, "activation %s: expected quick_gelu or gelu", name);
    return VQC_OK;
}

/* "hidden_act" and "num_attention_heads" of both towers. */
static vqc_status config_read_hugging_face(const vqc_json_config *json, clip_config *config, vqc_error *error)
{
    static const char *const keys[] = {"vision_config.hidden_act", "text_config.hidden_act"};
    bool found;
    VQC_TRY(vqc_json_config_integer(json, "vision_config.num_attention_heads", 1, MAX_HEADS, &config->vision_heads,
                                    &found, error));
    VQC_TRY(vqc_json_config_integer(json, "text_config.num_attention_heads", 1, MAX_HEADS, &config->text_heads,
                                    &found, error));
    for (int i = 0; i < 2; i++) {
        const char *name = NULL;
        vqc_activation_function function;
        VQC_TRY(vqc_json_config_text(json, keys[i], &name, &found, error));
        if (!found)
            continue;
        VQC_TRY(activation_parse(name, &function, error));
        if (config->activation_known && config->activation != function)
            return vqc_error_set(error, VQC_BAD_INPUT, "%s: expected the same activation in both towers", keys[i]);
        config->activation = function;
        config->activation_known = true;
    }
    return VQC_OK;
}

/* open_clip uses the exact GELU unless it says otherwise. */
static vqc_status config_read_open_clip(const vqc_json_config *json, clip_config *config, vqc_error *error)
{
    bool found;
    bool quick = false;
    VQC_TRY(vqc_json_config_boolean(json, "model_cfg.quick_gelu", &quick, &found, error));
    VQC_TRY(vqc_json_config_integer(json, "model_cfg.vision_cfg.head_width", 1, MAX_HEADS, &config->vision_head_width,
                                    &found, error));
    VQC_TRY(
        vqc_json_config_integer(json, "model_cfg.text_cfg.heads", 1, MAX_HEADS, &config->text_heads, &found, error));
    config->activation = quick ? VQC_ACTIVATION_QUICK_GELU : VQC_ACTIVATION_GELU;
    config->activation_known = true;
    return VQC_OK;
}

/* One number for each channel, where the key is there. */
static vqc_status channels_read(const vqc_json_config *json, const char *key, double least, float channels[3],
                                vqc_error *error)
{
    double values[3];
    bool found;
    VQC_TRY(vqc_json_config_reals(json, key, least, 1.0, 3, values, &found, error));
    for (int c = 0; c < 3 && found; c++)
        channels[c] = (float)values[c];
    return VQC_OK;
}

/* Mean and deviation of the pixels under these keys. */
static vqc_status pixels_read(const vqc_json_config *json, const char *mean, const char *deviation, vqc_clip *clip,
                              vqc_error *error)
{
    static const double least_deviation = 1e-3;
    VQC_TRY(channels_read(json, mean, 0.0, clip->pixel_mean, error));
    return channels_read(json, deviation, least_deviation, clip->pixel_deviation, error);
}

/* Opens a file of the checkpoint's folder; where there is none, both are NULL. */
static vqc_status beside_open(const char *checkpoint, const char *name, char **path_out, vqc_json_config **json_out,
                              vqc_error *error)
{
    char path[PATH_SIZE];
    const char *slash = strrchr(checkpoint, '/');
    int folder = slash == NULL ? 0 : (int)(slash - checkpoint) + 1;
    int size = snprintf(path, sizeof path, "%.*s%s", folder, checkpoint, name);
    if (size < 0 || (size_t)size >= sizeof path)
        return vqc_error_set(error, VQC_BAD_INPUT, "%s: path too long", checkpoint);
    VQC_TRY(vqc_json_config_open(path, json_out, error));
    if (*json_out == NULL)
        return VQC_OK;
    vqc_status status = vqc_memory_copy_text(path, path_out, error);
    if (status != VQC_OK)
        vqc_json_config_close(*json_out);
    return status;
}

/* Reads what lies beside a checkpoint in Hugging Face's layout. */
static vqc_status beside_read_hugging_face(vqc_clip *clip, clip_config *config, vqc_error *error)
{
    vqc_json_config *json;
    const char *checkpoint = vqc_weights_path(clip->weights);
    VQC_TRY(beside_open(checkpoint, "config.json", &clip->config_path, &json, error));
    vqc_status status = json == NULL ? VQC_OK : config_read_hugging_face(json, config, error);
    vqc_json_config_close(json);
    VQC_TRY(status);
    VQC_TRY(beside_open(checkpoint, "preprocessor_config.json", &clip->preprocessor_path, &json, error));
    status = json == NULL ? VQC_OK : pixels_read(json, "image_mean", "image_std", clip, error);
    vqc_json_config_close(json);
    return status;
}

/* The same in open_clip's. */
static vqc_status beside_read_open_clip(vqc_clip *clip, clip_config *config, vqc_error *error)
{
    vqc_json_config *json;
    VQC_TRY(beside_open(vqc_weights_path(clip->weights), "open_clip_config.json", &clip->config_path, &json, error));
    if (json == NULL)
        return VQC_OK;
    vqc_status status = config_read_open_clip(json, config, error);
    if (status == VQC_OK)
        status = pixels_read(json, "preprocess_cfg.mean", "preprocess_cfg.std", clip, error);
    vqc_json_config_close(json);
    return status;
}

static vqc_status beside_read(vqc_clip *clip, clip_config *config, vqc_error *error)
{
    memcpy(clip->pixel_mean, openai_mean, sizeof openai_mean);
    memcpy(clip->pixel_deviation, openai_deviation, sizeof openai_deviation);
    return clip->naming.family == VQC_CLIP_HUGGING_FACE ? beside_read_hugging_face(clip, config, error)
                                                        : beside_read_open_clip(clip, config, error);
}

/* The tensor, which must have this rank and no axis of length zero. */
static vqc_status tensor_require(const vqc_clip *clip, const char *name, int rank,
                                 const vqc_weights_tensor **tensor_out, vqc_error *error)
{
    VQC_TRY(vqc_parameters_require(&clip->parameters, name, tensor_out, error));
    if ((*tensor_out)->rank == rank && (*tensor_out)->count > 0)
        return VQC_OK;
    char found[128];
    vqc_parameters_shape_text((*tensor_out)->rank, (*tensor_out)->shape, found, sizeof found);
    return vqc_error_set(error, VQC_BAD_INPUT, "%s: tensor %s: expected %d axes, found the shape %s",
                         vqc_weights_path(clip->weights), (*tensor_out)->name, rank, found);
}

/* How many numbers i from 0 on have a tensor "NAME.i.PART". */
static int64_t blocks_count(const vqc_clip *clip, const char *name, const char *part)
{
    for (int64_t count = 0;; count++) {
        char full[VQC_PARAMETER_NAME_SIZE];
        vqc_parameter_name(full, "%s.%lld.%s", name, (long long)count, part);
        if (vqc_parameters_find(&clip->parameters, full) == NULL)
            return count;
    }
}

/* Side of a square grid with one further place in front of it, from the number of positions. */
static vqc_status grid_side(const vqc_clip *clip, const vqc_weights_tensor *positions, int64_t *side_out,
                            vqc_error *error)
{
    int64_t count = positions->shape[0] - 1;
    int64_t side = (int64_t)llround(sqrt((double)count));
    if (side < 1 || side * side != count)
        return vqc_error_set(error, VQC_BAD_INPUT, "%s: tensor %s: expected 1 + a square number of rows, found %lld",
                             vqc_weights_path(clip->weights), positions->name, (long long)positions->shape[0]);
    *side_out = side;
    return VQC_OK;
}

/* Number of heads: what the configuration says, else by their width. */
static vqc_status heads_choose(const vqc_clip *clip, const char *tower, int64_t width, int64_t heads,
                               int64_t head_width, int64_t *heads_out, vqc_error *error)
{
    if (heads == 0 && width % head_width == 0)
        heads = width / head_width;
    if (heads == 0 || width % heads != 0)
        return vqc_error_set(error, VQC_BAD_INPUT, "%s: %s tower of width %lld does not divide into heads of %lld",
                             vqc_weights_path(clip->weights), tower, (long long)width, (long long)head_width);
    *heads_out = heads;
    return VQC_OK;
}

static vqc_status vit_measure(vqc_clip *clip, vqc_error *error)
{
    vqc_clip_vision *vision = &clip->vision;
    const vqc_weights_tensor *patches;
    const vqc_weights_tensor *positions;
    int64_t grid;
    VQC_TRY(tensor_require(clip, "visual.conv1.weight", 4, &patches, error));
    VQC_TRY(tensor_require(clip, "visual.positional_embedding", 2, &positions, error));
    VQC_TRY(grid_side(clip, positions, &grid, error));
    vision->width = patches->shape[0];
    vision->patch = patches->shape[2];
    vision->side = grid * vision->patch;
    vision->layers = blocks_count(clip, "visual.transformer.resblocks", "ln_1.weight");
    if (vision->layers == 0)
        return vqc_error_set(error, VQC_BAD_INPUT, "%s: the image tower has no blocks",
                             vqc_weights_path(clip->weights));
    return VQC_OK;
}

static vqc_status resnet_measure(vqc_clip *clip, vqc_error *error)
{
    vqc_clip_vision *vision = &clip->vision;
    const vqc_weights_tensor *stage;
    const vqc_weights_tensor *positions;
    int64_t grid;
    VQC_TRY(tensor_require(clip, "visual.layer1.0.conv1.weight", 4, &stage, error));
    VQC_TRY(tensor_require(clip, "visual.attnpool.positional_embedding", 2, &positions, error));
    VQC_TRY(grid_side(clip, positions, &grid, error));
    vision->resnet = true;
    vision->width = stage->shape[0];
    vision->patch = RESNET_FACTOR;
    vision->side = grid * RESNET_FACTOR;
    for (int i = 0; i < 4; i++) {
        char name[VQC_PARAMETER_NAME_SIZE];
        vqc_parameter_name(name, "visual.layer%d", i + 1);
        vision->stage[i] = blocks_count(clip, name, "conv1.weight");
        if (vision->stage[i] == 0)
            return vqc_error_set(error, VQC_BAD_INPUT, "%s: tensor %s.0.conv1.weight is missing",
                                 vqc_weights_path(clip->weights), name);
    }
    return heads_choose(clip, "image", positions->shape[1], 0, RULE_HEAD_WIDTH, &vision->heads, error);
}

static vqc_status text_measure(vqc_clip *clip, vqc_error *error)
{
    const vqc_weights_tensor *table;
    const vqc_weights_tensor *positions;
    VQC_TRY(tensor_require(clip, "token_embedding.weight", 2, &table, error));
    VQC_TRY(tensor_require(clip, "positional_embedding", 2, &positions, error));
    clip->text.vocabulary = table->shape[0];
    clip->text.width = table->shape[1];
    clip->text.context = positions->shape[0];
    clip->text.layers = blocks_count(clip, "transformer.resblocks", "ln_1.weight");
    if (clip->text.layers == 0)
        return vqc_error_set(error, VQC_BAD_INPUT, "%s: the text tower has no blocks",
                             vqc_weights_path(clip->weights));
    return VQC_OK;
}

/* Width of the embeddings, from the image tower's last layer. */
static vqc_status embedding_measure(vqc_clip *clip, vqc_error *error)
{
    const vqc_weights_tensor *projection;
    if (clip->vision.resnet) {
        VQC_TRY(tensor_require(clip, "visual.attnpool.c_proj.weight", 2, &projection, error));
        clip->embed_width = projection->shape[0];
        return VQC_OK;
    }
    VQC_TRY(tensor_require(clip, "visual.proj", 2, &projection, error));
    clip->embed_width = projection->shape[clip->naming.family == VQC_CLIP_HUGGING_FACE ? 0 : 1];
    return VQC_OK;
}

/* Heads and activation: the caller's word, then the configuration's, then OpenAI's rule. */
static vqc_status clip_configure(vqc_clip *clip, const vqc_clip_options *options, vqc_error *error)
{
    clip_config config = {0};
    VQC_TRY(beside_read(clip, &config, error));
    clip->activation = config.activation_known ? config.activation : VQC_ACTIVATION_QUICK_GELU;
    int64_t vision_head_width = config.vision_head_width > 0 ? config.vision_head_width : RULE_HEAD_WIDTH;
    int64_t text_head_width = RULE_HEAD_WIDTH;
    if (options->activation != NULL)
        VQC_TRY(activation_parse(options->activation, &clip->activation, error));
    if (options->head_width > 0) {
        config.vision_heads = config.text_heads = 0;
        vision_head_width = text_head_width = options->head_width;
    }
    VQC_TRY(
        heads_choose(clip, "text", clip->text.width, config.text_heads, text_head_width, &clip->text.heads, error));
    if (clip->vision.resnet)
        return VQC_OK;
    return heads_choose(clip, "image", clip->vision.width, config.vision_heads, vision_head_width,
                        &clip->vision.heads, error);
}

static vqc_status clip_measure(vqc_clip *clip, const vqc_clip_options *options, vqc_error *error)
{
    VQC_TRY(vqc_clip_naming_recognise(clip->weights, &clip->naming, error));
    clip->parameters =
        (vqc_parameters){.weights = clip->weights, .translate = vqc_clip_naming_translate, .context = &clip->naming};
    if (vqc_parameters_find(&clip->parameters, "visual.layer1.0.conv1.weight") != NULL)
        VQC_TRY(resnet_measure(clip, error));
    else
        VQC_TRY(vit_measure(clip, error));
    VQC_TRY(text_measure(clip, error));
    VQC_TRY(embedding_measure(clip, error));
    return clip_configure(clip, options, error);
}

vqc_status vqc_clip_open(const char *path, const vqc_clip_options *options, vqc_clip **clip_out, vqc_error *error)
{
    vqc_clip *clip;
    VQC_TRY(vqc_memory_allocate(1, sizeof *clip, "a CLIP model", &clip, error));
    vqc_status status = vqc_weights_open(path, &clip->weights, error);
    if (status == VQC_OK)
        status = clip_measure(clip, options, error);
    if (status != VQC_OK) {
        vqc_clip_close(clip);
        return status;
    }
    *clip_out = clip;
    return VQC_OK;
}

void vqc_clip_close(vqc_clip *clip)
{
    if (clip == NULL)
        return;
    vqc_weights_close(clip->weights);
    free(clip->config_path);
    free(clip->preprocessor_path);
    free(clip);
}
