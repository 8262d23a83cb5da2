#include "models/clip_config.h"

#include <stdio.h>
#include <string.h>

#include "base/memory.h"

enum { PATH_SIZE = 4096 };

const vqc_clip_config vqc_clip_config_openai = {
    .image = {.activation = VQC_ACTIVATION_QUICK_GELU, .epsilon = 1e-5},
    .text = {.activation = VQC_ACTIVATION_QUICK_GELU, .epsilon = 1e-5},
    .activation_assumed = true,
    .pre_norm = true,
    .causal = true,
    .projection = true,
    .pixel_mean = {0.48145466F, 0.4578275F, 0.40821073F},
    .pixel_deviation = {0.26862954F, 0.26130258F, 0.27577711F},
    .pixel_scale = 1.0,
};

vqc_status vqc_clip_activation_parse(const char *name, vqc_activation_function *function_out, vqc_error *error)
{
    if (strcmp(name, "quick_gelu") == 0)
        *function_out = VQC_ACTIVATION_QUICK_GELU;
    else if (strcmp(name, "gelu") == 0)
        *function_out = VQC_ACTIVATION_GELU;
    else if (strcmp(name, "gelu_tanh") == 0)
        *function_out = VQC_ACTIVATION_TANH_GELU;
    else
        return vqc_error_set(error, VQC_BAD_INPUT, "activation %s: expected quick_gelu, gelu or gelu_tanh", name);
    return VQC_OK;
}

vqc_status vqc_clip_config_beside(const char *weights_path, const char *name, char **path_out,
                                  vqc_json_config **json_out, vqc_error *error)
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
