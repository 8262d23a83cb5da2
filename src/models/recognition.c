#include "models/recognition.h"

#include <stdio.h>
#include <string.h>

#include "models/clip.h"

static void clip_describe(const vqc_clip *clip, char text[VQC_RECOGNITION_SIZE])
{
    const vqc_clip_vision *vision = &clip->vision;
    const char *activation = clip->activation == VQC_ACTIVATION_GELU ? "GELU" : "QuickGELU";
    char tower[128];
    if (vision->resnet)
        (void)snprintf(tower, sizeof tower, "ResNet, blocks %lld,%lld,%lld,%lld of width %lld",
                       (long long)vision->stage[0], (long long)vision->stage[1], (long long)vision->stage[2],
                       (long long)vision->stage[3], (long long)vision->width);
    else
        (void)snprintf(tower, sizeof tower, "ViT, patches of %lld, %lld layers of width %lld",
                       (long long)vision->patch, (long long)vision->layers, (long long)vision->width);
    (void)snprintf(text, VQC_RECOGNITION_SIZE,
                   "CLIP %s, %lld pixels; text: %lld layers of width %lld, %lld tokens of %lld; embeddings of %lld; "
                   "%s",
                   tower, (long long)vision->side, (long long)clip->text.layers, (long long)clip->text.width,
                   (long long)clip->text.context, (long long)clip->text.vocabulary, (long long)clip->embed_width,
                   activation);
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
    vqc_clip_naming naming;
    vqc_error unknown = {0};
    if (vqc_clip_naming_recognise(weights, &naming, &unknown) == VQC_OK) {
        clip_describe_file(path, text);
        return;
    }
    if (!vqgan_describe(weights, text))
        (void)snprintf(text, VQC_RECOGNITION_SIZE, "no model that vqclip knows");
}
