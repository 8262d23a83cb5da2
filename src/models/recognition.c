#include "models/recognition.h"

#include <stdio.h>

#include "models/generators.h"
#include "models/towers.h"

static void clip_describe(const vqc_clip *clip, char text[VQC_RECOGNITION_SIZE])
{
    char image[VQC_TOWER_DESCRIPTION_SIZE];
    char words[VQC_TOWER_DESCRIPTION_SIZE];
    clip->vision.type->describe(clip, image);
    clip->text.type->describe(clip, words);
    (void)snprintf(
        text, VQC_RECOGNITION_SIZE, "CLIP %s, %lld pixels; %s, %lld tokens of %lld; embeddings of %lld; %s", image,
        (long long)clip->vision.side, words, (long long)clip->text.context, (long long)clip->text.vocabulary,
        (long long)clip->embed_width, clip->config.activation == VQC_ACTIVATION_GELU ? "GELU" : "QuickGELU");
}

/* A file with the first tensors of a CLIP model may still lack others; then the reason is the description. */
static void clip_describe_file(const char *path, char text[VQC_RECOGNITION_SIZE])
{
    vqc_clip *clip;
    vqc_clip_options options = {0};
    vqc_error error = {0};
    if (vqc_clip_open(path, &options, &clip, &error) != VQC_OK) {
        (void)snprintf(text, VQC_RECOGNITION_SIZE, "CLIP, not usable: %s", error.message);
        return;
    }
    clip_describe(clip, text);
    vqc_clip_close(clip);
}

void vqc_recognition_describe(const char *path, const vqc_weights *weights, char text[VQC_RECOGNITION_SIZE])
{
    const vqc_generator_type *generator = vqc_generator_type_find(weights);
    if (vqc_clip_is_recognised(weights))
        clip_describe_file(path, text);
    else if (generator != NULL)
        generator->describe(generator, weights, text);
    else
        (void)snprintf(text, VQC_RECOGNITION_SIZE, "no model that vqclip knows");
}
