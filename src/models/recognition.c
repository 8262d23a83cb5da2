#include "models/recognition.h"

#include <stdio.h>
#include <string.h>

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

static bool heads_are_assumed(const vqc_clip_tower_config *config)
{
    return config->heads == 0 && config->head_width == 0;
}

/* Activation and heads, and whether anything says so or it is OpenAI's rule. */
static void rules_describe(const vqc_clip *clip, char text[VQC_RECOGNITION_SIZE])
{
    const vqc_clip_config *config = &clip->config;
    char other[64] = "";
    if (clip->text.type != NULL && config->text.activation != config->image.activation)
        (void)snprintf(other, sizeof other, ", in the text %s", activation_names[config->text.activation]);
    (void)snprintf(text, VQC_RECOGNITION_SIZE, "%s%s%s; heads of %lld%s", activation_names[config->image.activation],
                   other, config->activation_assumed ? " (assumed, no configuration says it)" : "",
                   (long long)clip->vision.head_width, heads_are_assumed(&config->image) ? " (assumed)" : "");
    size_t used = strlen(text);
    if (clip->text.type != NULL && (clip->text.head_width != clip->vision.head_width ||
                                    heads_are_assumed(&config->text) != heads_are_assumed(&config->image)))
        (void)snprintf(text + used, VQC_RECOGNITION_SIZE - used, ", in the text of %lld%s",
                       (long long)clip->text.head_width, heads_are_assumed(&config->text) ? " (assumed)" : "");
    used = strlen(text);
    (void)snprintf(text + used, VQC_RECOGNITION_SIZE - used, "%s%s",
                   config->config_path == NULL ? "; no configuration beside it: all else as OpenAI has it" : "",
                   clip->text.type != NULL ? "; its vocabulary is not looked at here" : "");
}

static void clip_describe(const vqc_clip *clip, char text[VQC_RECOGNITION_SIZE])
{
    char image[VQC_TOWER_DESCRIPTION_SIZE];
    char words[VQC_RECOGNITION_SIZE];
    char rules[VQC_RECOGNITION_SIZE];
    clip->vision.type->describe(clip, image);
    text_describe(clip, words);
    rules_describe(clip, rules);
    (void)snprintf(text, VQC_RECOGNITION_SIZE, "CLIP %s, %lld pixels; %.512s; embeddings of %lld; %.512s", image,
                   (long long)clip->vision.side, words, (long long)clip->embed_width, rules);
}

/* A part was tried: it is usable, or the reason why not stands behind the model. */
static void part_add(vqc_recognition *found, const char *part, vqc_status status, const vqc_error *reason)
{
    size_t used = strlen(found->model);
    if (status == VQC_OK)
        found->usable[found->usable_count++] = part;
    else
        (void)snprintf(found->model + used, VQC_RECOGNITION_SIZE - used, "; its %s is not usable: %s", part,
                       reason->message);
}

/* The towers as `embed` makes them. */
static void towers_try(const vqc_clip *clip, vqc_recognition *found)
{
    vqc_error error = {0};
    vqc_clip_image_tower pictures = {0};
    vqc_clip_text_tower texts = {0};
    part_add(found, "picture tower",
             vqc_clip_image_tower_create(clip, NULL, VQC_DTYPE_F32, 1, true, &pictures, &error), &error);
    vqc_clip_image_tower_destroy(&pictures);
    if (clip->text.type == NULL)
        return;
    part_add(found, "text tower",
             vqc_clip_text_tower_create(clip, NULL, VQC_DTYPE_F32, 1, clip->text.context, &texts, &error), &error);
    vqc_clip_text_tower_destroy(&texts);
}

/* A file with the first tensors of a CLIP model may still lack others; then the reason is the description. */
static void clip_recognise(const vqc_weights *weights, const vqc_recognition_options *options, vqc_recognition *found)
{
    vqc_clip *clip;
    vqc_error error = {0};
    if (vqc_clip_open(vqc_weights_path(weights), &options->clip, &clip, &error) != VQC_OK) {
        (void)snprintf(found->model, VQC_RECOGNITION_SIZE, "CLIP, not usable: %s", error.message);
        return;
    }
    clip_describe(clip, found->model);
    towers_try(clip, found);
    vqc_clip_close(clip);
}

/* The halves as `reconstruct` and `render` make them, of the smallest picture there is. */
static void halves_try(const vqc_generator *generator, vqc_recognition *found)
{
    vqc_error error = {0};
    vqc_generator_decoder decoder = {0};
    vqc_generator_encoder encoder = {0};
    part_add(found, "decoder",
             vqc_generator_decoder_create(generator, NULL, VQC_DTYPE_F32, 1, 1, 1, true, true, &decoder, &error),
             &error);
    vqc_generator_decoder_destroy(&decoder);
    part_add(found, "encoder",
             vqc_generator_encoder_create(generator, NULL, VQC_DTYPE_F32, 1, generator->factor, generator->factor,
                                          &encoder, &error),
             &error);
    vqc_generator_encoder_destroy(&encoder);
}

static void codes_describe(const vqc_generator *generator, char *text, size_t size)
{
    if (vqc_generator_has_codes(generator))
        (void)snprintf(text, size, "%lld codes of width %lld%s", (long long)generator->codes,
                       (long long)generator->width,
                       generator->quantiser == VQC_QUANTISER_PRODUCT ? " (IBQ: by the largest product)" : "");
    else if (generator->config_path == NULL)
        (void)snprintf(text, size, "no codebook, z of width %lld", (long long)generator->width);
    else
        (void)snprintf(text, size, "no codebook, z of width %lld, about %.4g +- %.4g", (long long)generator->width,
                       (double)generator->z_middle, (double)generator->z_unit);
}

static void generator_describe(const vqc_generator *generator, char text[VQC_RECOGNITION_SIZE])
{
    char codes[96];
    codes_describe(generator, codes, sizeof codes);
    const char *note = generator->rows_settled ? generator->type->settled_note : NULL;
    (void)snprintf(text, VQC_RECOGNITION_SIZE, "%s, %s, %lld channels at full resolution%s%s", generator->type->name,
                   codes, (long long)generator->full_width, note == NULL ? "" : "; ", note == NULL ? "" : note);
}

/* A file that does not go without its configuration, and is given none, is described by its shapes. */
static void generator_examine(const vqc_weights *weights, const char *key, vqc_recognition *found)
{
    vqc_generator generator;
    vqc_error error = {0};
    if (vqc_generator_examine(vqc_weights_path(weights), key, &generator, &error) != VQC_OK) {
        (void)snprintf(found->model, VQC_RECOGNITION_SIZE, "%s, not usable: %s",
                       vqc_generator_type_find(weights)->name, error.message);
        return;
    }
    generator_describe(&generator, found->model);
    size_t used = strlen(found->model);
    if (generator.config_path == NULL && generator.type->needs != NULL)
        (void)snprintf(found->model + used, VQC_RECOGNITION_SIZE - used, "; to be used with %s",
                       generator.type->needs);
    else
        halves_try(&generator, found);
    vqc_generator_close(&generator);
}

static void generator_recognise(const vqc_weights *weights, const vqc_recognition_options *options,
                                vqc_recognition *found)
{
    vqc_generator generator;
    vqc_error error = {0};
    if (options->generator == NULL) {
        generator_examine(weights, options->clip.key, found);
        return;
    }
    if (vqc_generator_open_key(options->generator, vqc_weights_path(weights), options->clip.key, &generator,
                               &error) != VQC_OK) {
        (void)snprintf(found->model, VQC_RECOGNITION_SIZE, "a generator, not usable: %s", error.message);
        return;
    }
    generator_describe(&generator, found->model);
    halves_try(&generator, found);
    vqc_generator_close(&generator);
}

void vqc_recognise(const vqc_weights *weights, const vqc_recognition_options *options, vqc_recognition *found_out)
{
    const char *other = vqc_generator_other_family(weights);
    const char *wrapped;
    const vqc_weights_tensor *inside = vqc_prefixes_inside_find(weights, &wrapped);
    *found_out = (vqc_recognition){.usable_count = 0};
    if (options->generator == NULL && vqc_clip_is_recognised(weights))
        clip_recognise(weights, options, found_out);
    else if (options->generator != NULL || vqc_generator_type_find(weights) != NULL)
        generator_recognise(weights, options, found_out);
    else if (inside != NULL)
        (void)snprintf(found_out->model, VQC_RECOGNITION_SIZE, "no model that vqclip knows: tensor %.256s: %s",
                       inside->name, wrapped);
    else if (other != NULL)
        (void)snprintf(found_out->model, VQC_RECOGNITION_SIZE, "%s, which is not computed", other);
    else if (vqc_tower_stranger_find(weights) != NULL)
        (void)snprintf(found_out->model, VQC_RECOGNITION_SIZE, "%s, which vqclip does not compute",
                       vqc_tower_stranger_find(weights));
    else if (vqc_text_table_is_there(weights))
        (void)snprintf(found_out->model, VQC_RECOGNITION_SIZE,
                       "a text tower without a picture tower that vqclip knows, which is no perceptor");
    else
        (void)snprintf(found_out->model, VQC_RECOGNITION_SIZE, "no model that vqclip knows");
}
