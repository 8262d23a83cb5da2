#ifndef VQC_MODELS_TOKEN_MEAN_H
#define VQC_MODELS_TOKEN_MEAN_H

#include "models/layers.h"

/* The mean (batch, width) of all tokens (batch, tokens, width), or of all but the first, of which there must be one
 * more. `first` is that of vqc_layer_first. */
VQC_MUST_CHECK vqc_status vqc_token_mean_add(const vqc_layers *layers, vqc_value x, bool without_first,
                                             vqc_value first, vqc_value *output, vqc_error *error);

#endif
