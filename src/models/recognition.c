#include "models/recognition.h"

#include <stdio.h>
#include <string.h>

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

/* The first tensor whose name ends so, NULL if there is none. */
static const vqc_weights_tensor *tensor_ending(const vqc_weights *weights, const char *ending)
{
    size_t length = strlen(ending);
    for (size_t i = 0; i < vqc_weights_count(weights); i++) {
        const vqc_weights_tensor *tensor = vqc_weights_at(weights, i);
        size_t size = strlen(tensor->name);
        if (size >= length && strcmp(tensor->name + size - length, ending) == 0)
            return tensor;
    }
    return NULL;
}

/* Whether the text was filled in. */
static int vqgan_describe(const vqc_weights *weights, char text[VQC_RECOGNITION_SIZE])
{
    const char *kind = "VQGAN";
    const vqc_weights_tensor *codebook = tensor_ending(weights, "quantize.embedding.weight");
    if (codebook == NULL) {
        kind = "Gumbel VQGAN";
        codebook = tensor_ending(weights, "quantize.embed.weight");
    }
    const vqc_weights_tensor *last = tensor_ending(weights, "decoder.conv_out.weight");
    if (codebook == NULL || last == NULL || codebook->rank != 2 || last->rank != 4)
        return 0;
    (void)snprintf(text, VQC_RECOGNITION_SIZE, "%s, %lld codes of width %lld, %lld channels at full resolution", kind,
                   (long long)codebook->shape[0], (long long)codebook->shape[1], (long long)last->shape[1]);
    return 1;
}

void vqc_recognition_describe(const char *path, const vqc_weights *weights, char text[VQC_RECOGNITION_SIZE])
{
    if (vqc_clip_is_recognised(weights)) {
        clip_describe_file(path, text);
        return;
    }
    if (!vqgan_describe(weights, text))
        (void)snprintf(text, VQC_RECOGNITION_SIZE, "no model that vqclip knows");
}
