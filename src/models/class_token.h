#ifndef VQC_MODELS_CLASS_TOKEN_H
#define VQC_MODELS_CLASS_TOKEN_H

#include "models/layers.h"

/* The learned token in front of a picture's patches, and the positions of all. */
typedef struct vqc_class_token {
    const char *name, *positions; /* tensors (width) and (1 + patches, width) */
    bool batched;                 /* both with axes of size 1 in front, so that they have three, as timm has them */
    int64_t patches, width;
} vqc_class_token;

/* Puts the token in front of x, patches (batch, patches, width) or a picture whose pixels they are, and adds the
 * positions. A tensor that is missing or has another shape is VQC_BAD_INPUT. */
VQC_MUST_CHECK vqc_status vqc_class_token_add(const vqc_layers *layers, const vqc_class_token *token, vqc_value x,
                                              vqc_value *output, vqc_error *error);

#endif
