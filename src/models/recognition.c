#include "models/recognition.h"

#include <stdio.h>

#include "models/generators.h"
#include "models/towers.h"

static const char *const activation_names[] = {
    [VQC_ACTIVATION_RELU] = "ReLU",
    [VQC_ACTIVATION_QUICK_GELU] = "QuickGELU",
    [VQC_ACTIVATION_GELU] = "GELU",
    [VQC_ACTIVATION_TANH_GELU] = "tanh-GELU",
};

/* The text tower in words, with what stands in front of it. */
static void text_describe(const vqc_clip *clip, char text[VQC_RECOGNITION_SIZE])
{
    char words[VQC_TOWER_DESCRIPTION_SIZE];
    if (clip->text.type == NULL) {
        (void)snprintf(text, VQC_RECOGNITION_SIZE, "no text tower");
        return;
    }
    clip->text.type->describe(clip, words);
    (void)snprintf(text, VQC_RECOGNITION_SIZE, "%s, %lld tokens of %lld", words, (long long)clip->text.context,
                   (long long)clip->text.vocabulary);
}

/* Activation and heads, and whether anything says so or it is OpenAI's rule. */
static void rules_describe(const vqc_clip *clip, char text[VQC_RECOGNITION_SIZE])
{
    const vqc_clip_config *config = &clip->config;
    bool heads_assumed = config->image.heads == 0 && config->image.head_width == 0;
    char other[64] = "";
    if (clip->text.type != NULL && config->text.activation != config->image.activation)
        (void)snprintf(other, sizeof other, ", in the text %s", activation_names[config->text.activation]);
    (void)snprintf(text, VQC_RECOGNITION_SIZE, "%s%s%s; heads of %lld%s", activation_names[config->image.activation],
                   other, config->activation_assumed ? " (assumed, no configuration says it)" : "",
                   (long long)clip->vision.head_width, heads_assumed ? " (assumed)" : "");
}

static void clip_describe(const vqc_clip *clip, char text[VQC_RECOGNITION_SIZE])
{
    char image[VQC_TOWER_DESCRIPTION_SIZE];
    char words[VQC_RECOGNITION_SIZE];
    char rules[VQC_RECOGNITION_SIZE];
    clip->vision.type->describe(clip, image);
    text_describe(clip, words);
    rules_describe(clip, rules);
    (void)snprintf(text, VQC_RECOGNITION_SIZE, "CLIP %s, %lld pixels; %.512s; embeddings of %lld; %.256s", image,
                   (long long)clip->vision.side, words, (long long)clip->embed_width, rules);
}

/* A file with the first tensors of a CLIP model may still lack others; then the reason is the description. */
static void clip_describe_file(const char *path, const vqc_weights *weights, char text[VQC_RECOGNITION_SIZE])
{
    vqc_clip *clip;
    vqc_clip_options options = {.key = vqc_weights_asked(weights)};
    vqc_error error = {0};
    if (vqc_clip_open(path, &options, &clip, &error) != VQC_OK) {
        (void)snprintf(text, VQC_RECOGNITION_SIZE, "CLIP, not usable: %s", error.message);
        return;
    }
    clip_describe(clip, text);
    vqc_clip_close(clip);
}

/* The same of a generator, which goes the way that `reconstruct` goes. */
static void generator_describe_file(const char *path, const vqc_weights *weights, const vqc_generator_type *type,
                                    char text[VQC_RECOGNITION_SIZE])
{
    vqc_generator generator;
    vqc_error error = {0};
    if (vqc_generator_examine(path, vqc_weights_asked(weights), &generator, &error) != VQC_OK) {
        (void)snprintf(text, VQC_RECOGNITION_SIZE, "%s, not usable: %s", type->name, error.message);
        return;
    }
    (void)snprintf(text, VQC_RECOGNITION_SIZE, "%s, %lld codes of width %lld, %lld channels at full resolution%s%s",
                   type->name, (long long)generator.codes, (long long)generator.width,
                   (long long)generator.full_width,
                   generator.config_path == NULL && type->needs != NULL ? "; to be used with " : "",
                   generator.config_path == NULL && type->needs != NULL ? type->needs : "");
    vqc_generator_close(&generator);
}

void vqc_recognition_describe(const char *path, const vqc_weights *weights, char text[VQC_RECOGNITION_SIZE])
{
    const vqc_generator_type *generator = vqc_generator_type_find(weights);
    const char *other = vqc_generator_other_family(weights);
    if (vqc_clip_is_recognised(weights))
        clip_describe_file(path, weights, text);
    else if (generator != NULL)
        generator_describe_file(path, weights, generator, text);
    else if (other != NULL)
        (void)snprintf(text, VQC_RECOGNITION_SIZE, "%s, which is not computed", other);
    else
        (void)snprintf(text, VQC_RECOGNITION_SIZE, "no model that vqclip knows");
}
