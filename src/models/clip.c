#include "models/clip.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"
#include "models/clip_blocks.h"
#include "models/towers.h"

/* A search for a model's towers. */
typedef struct search {
    vqc_clip *clip;
    const vqc_weights *weights;
    bool alone; /* an image tower with nothing that is known as its text tower is enough */
} search;

/* Finds naming and types under a prefix. false: there are none. */
static bool towers_find(void *context, const char *prefix)
{
    const search *wanted = context;
    vqc_clip *clip = wanted->clip;
    (void)snprintf(clip->prefix, sizeof clip->prefix, "%s", prefix);
    for (size_t i = 0; i < vqc_clip_naming_count; i++) {
        clip->naming = vqc_clip_namings[i];
        clip->naming.prefix = clip->prefix;
        clip->parameters = (vqc_parameters){
            .weights = wanted->weights, .translate = clip->naming.type->translate, .context = &clip->naming};
        clip->vision.type = vqc_image_tower_type_find(&clip->parameters);
        clip->text.type = vqc_text_tower_type_find(&clip->parameters);
        if (clip->vision.type != NULL && (wanted->alone || clip->text.type != NULL))
            return true;
    }
    return false;
}

bool vqc_clip_is_recognised(const vqc_weights *weights)
{
    vqc_clip clip = {0};
    search wanted = {.clip = &clip, .weights = weights, .alone = true};
    return vqc_prefixes_fit(weights, towers_find, &wanted);
}

/* The same under any prefix, but one only; *found_out: whether there is one. */
static vqc_status prefix_find(vqc_clip *clip, bool alone, bool *found_out, vqc_error *error)
{
    char prefix[VQC_PREFIX_SIZE];
    search wanted = {.clip = clip, .weights = clip->weights, .alone = alone};
    VQC_TRY(vqc_prefixes_choose(clip->weights, "CLIP model", towers_find, &wanted, prefix, found_out, error));
    if (*found_out)
        (void)towers_find(&wanted, prefix); /* again: what was found last is of the last prefix tried */
    return VQC_OK;
}

/* Why there is no CLIP model in the file, as far as it tells. */
static vqc_status clip_missing(const vqc_clip *clip, vqc_error *error)
{
    const char *wrapped;
    const vqc_weights_tensor *inside = vqc_prefixes_inside_find(clip->weights, &wrapped);
    const char *stranger = vqc_tower_stranger_find(clip->weights);
    if (inside != NULL)
        return vqc_error_set(error, VQC_BAD_INPUT, "%s: tensor %.256s: %s", vqc_weights_path(clip->weights),
                             inside->name, wrapped);
    if (stranger != NULL)
        return vqc_error_set(error, VQC_BAD_INPUT, "%s: %s, which vqclip does not compute",
                             vqc_weights_path(clip->weights), stranger);
    if (vqc_text_table_is_there(clip->weights))
        return vqc_error_set(error, VQC_BAD_INPUT,
                             "%s: a text tower without a picture tower that vqclip knows: a perceptor looks at "
                             "pictures, and texts are compared with what its own picture tower gives: name the file "
                             "with both, or give the texts' embeddings as targets of a perceptor with pictures alone",
                             vqc_weights_path(clip->weights));
    return vqc_error_set(error, VQC_BAD_INPUT,
                         "%s: not a CLIP model: expected the tensors visual.conv1.weight and "
                         "token_embedding.weight, or those of open_clip or Hugging Face; a picture tower without its "
                         "projection, as CLIPVisionModel saves it, has no embeddings to compare",
                         vqc_weights_path(clip->weights));
}

static vqc_status clip_recognise(vqc_clip *clip, vqc_error *error)
{
    bool found;
    VQC_TRY(prefix_find(clip, false, &found, error));
    if (!found)
        VQC_TRY(prefix_find(clip, true, &found, error));
    return found ? VQC_OK : clip_missing(clip, error);
}

/* The caller's word, then the configuration's, then OpenAI's rule. */
static vqc_status config_make(vqc_clip *clip, const vqc_clip_options *options, vqc_error *error)
{
    vqc_clip_config *config = &clip->config;
    bool text = clip->text.type != NULL;
    VQC_TRY(clip->naming.type->config_read(vqc_weights_path(clip->weights), text, config, error));
    if (options->activation != NULL) {
        VQC_TRY(vqc_clip_activation_parse(options->activation, &config->image.activation, error));
        if (!config->text_activation_said)
            config->text.activation = config->image.activation;
        config->activation_assumed = false;
    }
    if (options->head_width > 0) {
        config->image.heads = 0;
        config->image.head_width = options->head_width;
    }
    return VQC_OK;
}

/* A text tower without a projection must give embeddings of the picture tower's width. */
static vqc_status spaces_check(const vqc_clip *clip, vqc_error *error)
{
    if (clip->config.projection || clip->text.width == clip->embed_width)
        return VQC_OK;
    return vqc_error_set(error, VQC_BAD_INPUT,
                         "%s: proj_type none: the text tower is %lld wide, expected %lld, as the picture tower's "
                         "embeddings are",
                         clip->config.config_path, (long long)clip->text.width, (long long)clip->embed_width);
}

/* What the configuration says of the whole model, against what the towers found. */
static vqc_status sizes_check(const vqc_clip *clip, vqc_error *error)
{
    const vqc_clip_config *config = &clip->config;
    VQC_TRY(vqc_clip_said_check(clip, &config->embed_width, clip->embed_width, error));
    VQC_TRY(vqc_clip_said_check(clip, &config->side, clip->vision.side, error));
    if (config->picture_side.key != NULL)
        VQC_TRY(
            vqc_json_said_check(&config->picture_side,
                                config->preprocessor_path == NULL ? config->config_path : config->preprocessor_path,
                                "the picture tower takes it", clip->vision.side, error));
    if (clip->text.type == NULL)
        return VQC_OK;
    VQC_TRY(vqc_clip_said_check(clip, &config->context, clip->text.context, error));
    VQC_TRY(spaces_check(clip, error));
    return vqc_clip_said_check(clip, &config->vocabulary, clip->text.vocabulary, error);
}

static vqc_status clip_configure(vqc_clip *clip, const vqc_clip_options *options, vqc_error *error)
{
    VQC_TRY(clip_recognise(clip, error));
    VQC_TRY(config_make(clip, options, error));
    if (clip->text.type != NULL)
        VQC_TRY(clip->text.type->configure(clip, &clip->config, error));
    VQC_TRY(clip->vision.type->configure(clip, &clip->config, error));
    return sizes_check(clip, error);
}

vqc_status vqc_clip_open(const char *path, const vqc_clip_options *options, vqc_clip **clip_out, vqc_error *error)
{
    vqc_clip *clip;
    VQC_TRY(vqc_memory_allocate(1, sizeof *clip, "a CLIP model", &clip, error));
    clip->config = vqc_clip_config_openai;
    clip->cleaning = options->cleaning;
    vqc_status status = vqc_weights_open_key(path, options->key, &clip->weights, error);
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
