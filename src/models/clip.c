#include "models/clip.h"

#include <stdlib.h>

#include "base/memory.h"
#include "models/towers.h"

/* As OpenAI has it, and others where no file says otherwise. */
static const vqc_clip_config openai_config = {
    .image_head_width = 64,
    .text_head_width = 64,
    .activation = VQC_ACTIVATION_QUICK_GELU,
    .epsilon = 1e-5F,
    .pixel_mean = {0.48145466F, 0.4578275F, 0.40821073F},
    .pixel_deviation = {0.26862954F, 0.26130258F, 0.27577711F},
};

/* Finds naming and types; false: there are none. */
static bool clip_recognise(vqc_clip *clip, const vqc_weights *weights)
{
    for (size_t i = 0; i < vqc_clip_naming_count; i++) {
        clip->naming = &vqc_clip_namings[i];
        clip->parameters =
            (vqc_parameters){.weights = weights, .translate = clip->naming->type->translate, .context = clip->naming};
        clip->vision.type = vqc_image_tower_type_find(&clip->parameters);
        clip->text.type = vqc_text_tower_type_find(&clip->parameters);
        if (clip->vision.type != NULL && clip->text.type != NULL)
            return true;
    }
    return false;
}

bool vqc_clip_is_recognised(const vqc_weights *weights)
{
    vqc_clip clip = {0};
    return clip_recognise(&clip, weights);
}

/* The caller's word, then the configuration's, then OpenAI's rule. */
static vqc_status config_make(vqc_clip *clip, const vqc_clip_options *options, vqc_error *error)
{
    vqc_clip_config *config = &clip->config;
    VQC_TRY(clip->naming->type->config_read(vqc_weights_path(clip->weights), config, error));
    if (options->activation != NULL)
        VQC_TRY(vqc_clip_activation_parse(options->activation, &config->activation, error));
    if (options->head_width > 0) {
        config->image_heads = config->text_heads = 0;
        config->image_head_width = config->text_head_width = options->head_width;
    }
    return VQC_OK;
}

static vqc_status clip_configure(vqc_clip *clip, const vqc_clip_options *options, vqc_error *error)
{
    if (!clip_recognise(clip, clip->weights))
        return vqc_error_set(error, VQC_BAD_INPUT,
                             "%s: not a CLIP model: expected the tensors visual.conv1.weight and "
                             "token_embedding.weight, or those of open_clip or Hugging Face",
                             vqc_weights_path(clip->weights));
    VQC_TRY(config_make(clip, options, error));
    VQC_TRY(clip->text.type->configure(clip, &clip->config, error));
    return clip->vision.type->configure(clip, &clip->config, error);
}

vqc_status vqc_clip_open(const char *path, const vqc_clip_options *options, vqc_clip **clip_out, vqc_error *error)
{
    vqc_clip *clip;
    VQC_TRY(vqc_memory_allocate(1, sizeof *clip, "a CLIP model", &clip, error));
    clip->config = openai_config;
    vqc_status status = vqc_weights_open(path, &clip->weights, error);
    if (status == VQC_OK)
        status = clip_configure(clip, options, error);
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
    free(clip->config.config_path);
    free(clip->config.preprocessor_path);
    free(clip->vision.own);
    free(clip->text.own);
    free(clip);
}
