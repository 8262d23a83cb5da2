#ifndef VQC_TESTS_CLI_PLACEHOLDER_CLIP_H
#define VQC_TESTS_CLI_PLACEHOLDER_CLIP_H

#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* A file that stands in for a published CLIP model: OpenAI's names, the public vocabulary and context (49408 symbols,
 * 77 tokens), but one narrow layer in each tower and arbitrary weights. Safetensors, f32, 13 MB. */

enum { PLACEHOLDER_WIDTH = 64, PLACEHOLDER_PATCH = 8, PLACEHOLDER_GRID = 4, PLACEHOLDER_SYMBOLS = 49408 };

typedef struct placeholder_tensor {
    const char *name;
    const char *shape; /* as the header has it */
    long count;
    float middle; /* of the values; they lie up to 0.1 beside it */
} placeholder_tensor;

#define PLACEHOLDER_BLOCK(tower)                                                                                     \
    {tower ".resblocks.0.ln_1.weight", "[64]", 64, 1.0F}, {tower ".resblocks.0.ln_1.bias", "[64]", 64, 0.0F},        \
        {tower ".resblocks.0.ln_2.weight", "[64]", 64, 1.0F}, {tower ".resblocks.0.ln_2.bias", "[64]", 64, 0.0F},    \
        {tower ".resblocks.0.attn.in_proj_weight", "[192, 64]", 192 * 64, 0.0F},                                     \
        {tower ".resblocks.0.attn.in_proj_bias", "[192]", 192, 0.0F},                                                \
        {tower ".resblocks.0.attn.out_proj.weight", "[64, 64]", 64 * 64, 0.0F},                                      \
        {tower ".resblocks.0.attn.out_proj.bias", "[64]", 64, 0.0F},                                                 \
        {tower ".resblocks.0.mlp.c_fc.weight", "[256, 64]", 256 * 64, 0.0F},                                         \
        {tower ".resblocks.0.mlp.c_fc.bias", "[256]", 256, 0.0F},                                                    \
        {tower ".resblocks.0.mlp.c_proj.weight", "[64, 256]", 64 * 256, 0.0F},                                       \
    {                                                                                                                \
        tower ".resblocks.0.mlp.c_proj.bias", "[64]", 64, 0.0F                                                       \
    }

static const placeholder_tensor placeholder_tensors[] = {
    {"visual.conv1.weight", "[64, 3, 8, 8]", 64 * 3 * 8 * 8, 0.0F},
    {"visual.class_embedding", "[64]", 64, 0.0F},
    {"visual.positional_embedding", "[17, 64]", 17 * 64, 0.0F},
    {"visual.ln_pre.weight", "[64]", 64, 1.0F},
    {"visual.ln_pre.bias", "[64]", 64, 0.0F},
    {"visual.ln_post.weight", "[64]", 64, 1.0F},
    {"visual.ln_post.bias", "[64]", 64, 0.0F},
    {"visual.proj", "[64, 64]", 64 * 64, 0.0F},
    PLACEHOLDER_BLOCK("visual.transformer"),
    {"token_embedding.weight", "[49408, 64]", 49408 * 64, 0.0F},
    {"positional_embedding", "[77, 64]", 77 * 64, 0.0F},
    PLACEHOLDER_BLOCK("transformer"),
    {"ln_final.weight", "[64]", 64, 1.0F},
    {"ln_final.bias", "[64]", 64, 0.0F},
    {"text_projection", "[64, 64]", 64 * 64, 0.0F},
    {"logit_scale", "[]", 1, 1.0F},
};

enum { PLACEHOLDER_TENSORS = sizeof placeholder_tensors / sizeof placeholder_tensors[0] };

/* The header: where each tensor lies. */
static inline size_t placeholder_header(char *text, size_t capacity)
{
    size_t size = 0;
    long begin = 0;
    for (int i = 0; i < PLACEHOLDER_TENSORS; i++) {
        const placeholder_tensor *tensor = &placeholder_tensors[i];
        long end = begin + tensor->count * (long)sizeof(float);
        size += (size_t)snprintf(text + size, capacity - size,
                                 "%s\"%s\": {\"dtype\": \"F32\", \"shape\": %s, \"data_offsets\": [%ld, %ld]}",
                                 i == 0 ? "{" : ", ", tensor->name, tensor->shape, begin, end);
        begin = end;
    }
    size += (size_t)snprintf(text + size, capacity - size, "}");
    while (size % 8 != 0 && size + 1 < capacity)
        text[size++] = ' ';
    return size;
}

/* Writes the file; whether it could. */
static inline int placeholder_clip_write(const char *path)
{
    static char header[16384];
    uint64_t size = placeholder_header(header, sizeof header);
    uint32_t random = 1;
    FILE *stream = fopen(path, "wb");
    if (stream == NULL)
        return 0;
    size_t written = fwrite(&size, sizeof size, 1, stream) + fwrite(header, 1, size, stream);
    int good = written == size + 1;
    for (int i = 0; i < PLACEHOLDER_TENSORS; i++)
        for (long k = 0; k < placeholder_tensors[i].count && good; k++) {
            random = random * 1664525U + 1013904223U;
            float value = placeholder_tensors[i].middle + 0.2F * ((float)(random >> 8) / 16777216.0F - 0.5F);
            good = fwrite(&value, sizeof value, 1, stream) == 1;
        }
    return fclose(stream) == 0 && good;
}

#endif
