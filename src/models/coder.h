#ifndef VQC_MODELS_CODER_H
#define VQC_MODELS_CODER_H

#include "models/layers.h"

/* The two halves of an autoencoder, encoder and decoder, as a sequence of blocks. A family says which blocks follow
 * each other and what the file calls them; what a block computes, and which tensors it has, is here. The same
 * sequence is gone through twice: when a file is opened, to check that it has every tensor in the shape that is
 * computed, and when a network is made.
 *
 * All blocks are of pictures, channels-last. A tensor that the file lacks, or has in another shape, is VQC_BAD_INPUT.
 */
typedef enum vqc_coder_block_kind {
    VQC_CODER_CONVOLUTION, /* 3 × 3 */
    VQC_CODER_POINTWISE,   /* 1 × 1 */
    VQC_CODER_RESIDUAL, /* x + conv2(swish(norm2(conv1(swish(norm1(x)))))), with a 1 × 1 convolution on the short way
                           where the number of channels changes */
    VQC_CODER_ATTENTION, /* of one head over all pixels: x + project(attention(norm(x))) */
    VQC_CODER_NORM,      /* group norm and swish */
    VQC_CODER_HALVING,   /* 3 × 3 of stride 2, padded below and on the right only */
    VQC_CODER_POOLING,   /* the mean of 2 × 2 pixels */
    VQC_CODER_DOUBLING,  /* every pixel becomes 2 × 2, and then 3 × 3 */
    VQC_CODER_BLOCK_COUNT
} vqc_coder_block_kind;

typedef struct vqc_coder_block {
    vqc_coder_block_kind kind;
    const char *name; /* of its tensors in the file, without what follows for each of them */
    int64_t channels; /* of the result; the blocks that do not change it leave it out */
    int64_t rows; /* how many output channels the file has, where only the first `channels` of them are computed */
    bool without_bias; /* of a convolution */
} vqc_coder_block;

/* How a family names and joins the parts of its blocks. */
typedef struct vqc_coder_style {
    const char *shortcut; /* of a residual block: "nin_shortcut" */
    const char *norm;     /* of an attention, and the others: "norm", "q", "k", "v", "proj_out" */
    const char *query, *key, *value, *project;
    bool attention_is_linear; /* its weights have two axes, not four */
    bool residual_is_bare;    /* the convolutions of a residual block have no biases */
    bool shortcut_behind;     /* the short way's convolution is given the result of conv2 */
    int64_t groups;           /* of the group norms; epsilon is 1e-6 */
} vqc_coder_style;

/* A half on the way. */
typedef struct vqc_coder {
    const vqc_parameters *parameters;
    const vqc_coder_style *style;
    const vqc_layers *layers; /* NULL: tensors are checked only, and marked as read */
    int64_t channels;         /* of the last block's result; at first, of the input */
    vqc_value value;          /* that result, where there are layers */
} vqc_coder;

VQC_MUST_CHECK vqc_status vqc_coder_add(vqc_coder *coder, const vqc_coder_block *block, vqc_error *error);

#endif
