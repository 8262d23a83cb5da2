#ifndef VQC_MODELS_CLIP_BLOCKS_H
#define VQC_MODELS_CLIP_BLOCKS_H

#include "models/clip.h"
#include "models/layers.h"

/* The residual attention blocks that both towers are made of: x + attn(ln_1(x)), then x + mlp(ln_2(x)). */
typedef struct vqc_clip_blocks {
    const char *name; /* "transformer.resblocks" or "visual.transformer.resblocks" */
    int64_t layers;
    int64_t heads;
    bool causal;
    const vqc_value *select; /* int32 (batch), which token of each sequence is wanted after the last block */
} vqc_clip_blocks;

/* Adds all blocks to x (batch, tokens, width) and gives the selected tokens (batch, width). The last block's second
 * half is computed for the selected tokens only, since nothing reads the others. */
VQC_MUST_CHECK vqc_status vqc_clip_blocks_add(const vqc_clip *clip, const vqc_layers *layers,
                                              const vqc_clip_blocks *blocks, vqc_value x, vqc_value *output,
                                              vqc_error *error);

/* Adds the projection of (batch, in_width) to the space of embeddings; `name` is "visual.proj" or "text_projection",
 * stored (in_width, embed_width) by OpenAI and transposed, as a linear layer's weight, by the others. */
VQC_MUST_CHECK vqc_status vqc_clip_projection_add(const vqc_clip *clip, const vqc_layers *layers, const char *name,
                                                  vqc_value input, vqc_value *output, vqc_error *error);

#endif
