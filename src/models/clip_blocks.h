#ifndef VQC_MODELS_CLIP_BLOCKS_H
#define VQC_MODELS_CLIP_BLOCKS_H

#include "models/clip.h"
#include "models/layers.h"

/* The residual attention blocks that transformer towers are made of: x + attn(ln_1(x)), then x + mlp(ln_2(x)), under
 * OpenAI's names; and what else towers have in common. A tensor that the file lacks, or has in another shape, is
 * VQC_BAD_INPUT. */
typedef struct vqc_clip_blocks {
    const char *name; /* "transformer.resblocks" or "visual.transformer.resblocks" */
    int64_t width, layers, heads;
    bool causal;
    const vqc_value *seen; /* which tokens are looked at, int32 (batch, tokens); NULL: all */
    bool packed;           /* see vqc_clip_naming_type */
    bool layer_scale;
    bool head_scale, inner_norm, attention_norm, hidden_norm; /* as of vqc_clip_tower_config */
    vqc_activation_function activation;
    float epsilon; /* of the layer norms */
} vqc_clip_blocks;

/* VQC_BAD_INPUT unless the number is what the configuration says, if it says any. */
VQC_MUST_CHECK vqc_status vqc_clip_said_check(const vqc_clip *clip, const vqc_json_said *said, int64_t found,
                                              vqc_error *error);

/* Number of heads: what is said, else by their width, which is said, or that of a published tower of that width, or
 * 64. VQC_BAD_INPUT names the tower ("image"). */
VQC_MUST_CHECK vqc_status vqc_clip_heads_choose(const vqc_clip *clip, const char *tower, int64_t width,
                                                const vqc_clip_tower_config *config, int64_t *heads_out,
                                                vqc_error *error);

/* Sets layers and heads of blocks whose name and width are set, and the rest from naming and configuration. What the
 * configuration says of sizes must be what the tensors have. */
VQC_MUST_CHECK vqc_status vqc_clip_blocks_configure(const vqc_clip *clip, const char *tower,
                                                    const vqc_clip_tower_config *config, vqc_clip_blocks *blocks,
                                                    vqc_error *error);

/* Writes "12 layers of width 768" for people. */
void vqc_clip_blocks_describe(const vqc_clip_blocks *blocks, char *text, size_t size);

/* Side of a square grid with one further place in front of it, from the number of positions (rows of a tensor). */
VQC_MUST_CHECK vqc_status vqc_clip_grid_side(const vqc_clip *clip, const vqc_weights_tensor *positions,
                                             int64_t *side_out, vqc_error *error);

/* Adds all blocks to x (batch, tokens, width) and gives the selected tokens (batch, width); `select`: int32 (batch),
 * which token of each sequence is wanted after the last block. In the last block these alone are queries and go
 * through its second half, since nothing reads the others; keys and values are those of all. Where tokens do not look
 * at all others (`causal`, `seen`), all are queries. NULL: all tokens are wanted. */
VQC_MUST_CHECK vqc_status vqc_clip_blocks_add(const vqc_layers *layers, const vqc_clip_blocks *blocks, vqc_value x,
                                              const vqc_value *select, vqc_value *output, vqc_error *error);

/* Width of what the projection `name` ("visual.proj", "text_projection") gives. */
VQC_MUST_CHECK vqc_status vqc_clip_projection_width(const vqc_parameters *parameters, const char *name,
                                                    int64_t *width_out, vqc_error *error);

/* Adds the projection of (batch, in_width) to the space of embeddings, stored (in_width, embed_width) by OpenAI and
 * transposed, as a linear layer's weight, by the others; with `bias`, NAME.bias too. */
VQC_MUST_CHECK vqc_status vqc_clip_projection_add(const vqc_layers *layers, const char *name, bool bias,
                                                  int64_t embed_width, vqc_value input, vqc_value *output,
                                                  vqc_error *error);

#endif
