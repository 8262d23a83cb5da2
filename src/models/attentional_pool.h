#ifndef VQC_MODELS_ATTENTIONAL_POOL_H
#define VQC_MODELS_ATTENTIONAL_POOL_H

#include "models/layers.h"

/* The attentional pooler of CoCa (Yu et al. 2022) as open_clip has it: learned queries, through a norm, attend to all
 * tokens, through another, and no sum goes around them. A tensor that is missing or has another shape, or a width
 * that does not divide into the heads, is VQC_BAD_INPUT. */
typedef struct vqc_attentional_pool {
    const char *name; /* "visual.attn_pool" */
    int64_t heads;
    float epsilon;        /* of the norms */
    int64_t first, count; /* which queries are asked; what the others find is not computed */
} vqc_attentional_pool;

/* Number and width of the queries. */
VQC_MUST_CHECK vqc_status vqc_attentional_pool_size(const vqc_parameters *parameters, const char *name,
                                                    int64_t *queries_out, int64_t *width_out, vqc_error *error);

/* x (batch, tokens, in_width) to what the queries find, (batch, count, width). */
VQC_MUST_CHECK vqc_status vqc_attentional_pool_add(const vqc_layers *layers, const vqc_attentional_pool *pool,
                                                   vqc_value x, vqc_value *output, vqc_error *error);

#endif
