#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "config/json.h"
#include "models/clip_naming.h"

enum { MAX_HEADS = 4096, PATH_SIZE = 4096 };

vqc_status vqc_clip_activation_parse(const char *name, vqc_activation_function *function_out, vqc_error *error)
{
    if (strcmp(name, "quick_gelu") == 0)
        *function_out = VQC_ACTIVATION_QUICK_GELU;
    else if (strcmp(name, "gelu") == 0)
        *function_out = VQC_ACTIVATION_GELU;
    else
        return vqc_error_set(error, VQC_BAD_INPUT, "activation %s: expected quick_gelu or gelu", name);
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
static vqc_status pixels_read(const vqc_json_config *json, const char *mean, const char *deviation,
                              vqc_clip_config *config, vqc_error *error)
{
    static const double least_deviation = 1e-3;
    VQC_TRY(channels_read(json, mean, 0.0, config->pixel_mean, error));
    return channels_read(json, deviation, least_deviation, config->pixel_deviation, error);
}

/* Opens a file of the weights file's folder; where there is none, both are NULL. */
static vqc_status beside_open(const char *weights_path, const char *name, char **path_out, vqc_json_config **json_out,
                              vqc_error *error)
{
    char path[PATH_SIZE];
    const char *slash = strrchr(weights_path, '/');
    int folder = slash == NULL ? 0 : (int)(slash - weights_path) + 1;
    int size = snprintf(path, sizeof path, "%.*s%s", folder, weights_path, name);
    if (size < 0 || (size_t)size >= sizeof path)
        return vqc_error_set(error, VQC_BAD_INPUT, "%s: path too long", weights_path);
    VQC_TRY(vqc_json_config_open(path, json_out, error));
    if (*json_out == NULL)
        return VQC_OK;
    vqc_status status = vqc_memory_copy_text(path, path_out, error);
    if (status != VQC_OK)
        vqc_json_config_close(*json_out);
    return status;
}

/* "hidden_act" and "num_attention_heads" of both towers. */
static vqc_status config_read_hugging_face(const vqc_json_config *json, vqc_clip_config *config, vqc_error *error)
{
    static const char *const keys[] = {"vision_config.hidden_act", "text_config.hidden_act"};
    bool found;
    bool known = false;
    VQC_TRY(vqc_json_config_integer(json, "vision_config.num_attention_heads", 1, MAX_HEADS, &config->image_heads,
                                    &found, error));
    VQC_TRY(vqc_json_config_integer(json, "text_config.num_attention_heads", 1, MAX_HEADS, &config->text_heads,
                                    &found, error));
    for (int i = 0; i < 2; i++) {
        const char *name = NULL;
        vqc_activation_function function;
        VQC_TRY(vqc_json_config_text(json, keys[i], &name, &found, error));
        if (!found)
            continue;
        VQC_TRY(vqc_clip_activation_parse(name, &function, error));
        if (known && config->activation != function)
            return vqc_error_set(error, VQC_BAD_INPUT, "%s: expected the same activation in both towers", keys[i]);
        config->activation = function;
        known = true;
    }
    return VQC_OK;
}

vqc_status vqc_clip_config_read_hugging_face(const char *weights_path, vqc_clip_config *config, vqc_error *error)
{
    vqc_json_config *json;
    VQC_TRY(beside_open(weights_path, "config.json", &config->config_path, &json, error));
    vqc_status status = json == NULL ? VQC_OK : config_read_hugging_face(json, config, error);
    vqc_json_config_close(json);
    VQC_TRY(status);
    VQC_TRY(beside_open(weights_path, "preprocessor_config.json", &config->preprocessor_path, &json, error));
    status = json == NULL ? VQC_OK : pixels_read(json, "image_mean", "image_std", config, error);
    vqc_json_config_close(json);
    return status;
}

/* open_clip uses the exact GELU unless it says otherwise. */
static vqc_status config_read_open_clip(const vqc_json_config *json, vqc_clip_config *config, vqc_error *error)
{
    bool found;
    bool quick = false;
    VQC_TRY(vqc_json_config_boolean(json, "model_cfg.quick_gelu", &quick, &found, error));
    VQC_TRY(vqc_json_config_integer(json, "model_cfg.vision_cfg.head_width", 1, MAX_HEADS, &config->image_head_width,
                                    &found, error));
    VQC_TRY(
        vqc_json_config_integer(json, "model_cfg.text_cfg.heads", 1, MAX_HEADS, &config->text_heads, &found, error));
    config->activation = quick ? VQC_ACTIVATION_QUICK_GELU : VQC_ACTIVATION_GELU;
    return VQC_OK;
}

vqc_status vqc_clip_config_read_open_clip(const char *weights_path, vqc_clip_config *config, vqc_error *error)
{
    vqc_json_config *json;
    VQC_TRY(beside_open(weights_path, "open_clip_config.json", &config->config_path, &json, error));
    if (json == NULL)
        return VQC_OK;
    vqc_status status = config_read_open_clip(json, config, error);
    if (status == VQC_OK)
        status = pixels_read(json, "preprocess_cfg.mean", "preprocess_cfg.std", config, error);
    vqc_json_config_close(json);
    return status;
}
