#ifndef VQC_MODELS_VQGAN_LAYERS_H
#define VQC_MODELS_VQGAN_LAYERS_H

#include "models/layers.h"
#include "models/vqgan_config.h"

/* The two halves of a VQGAN without its codebook, under the names of taming-transformers (`encoder.*`, `decoder.*`):
 * residual blocks of group norm, swish and 3 × 3 convolutions, attention over all pixels at the levels that the
 * configuration names, whatever the picture's size. A tensor that the file lacks, or has in another shape, is
 * VQC_BAD_INPUT. */

/* Adds the decoder: (batch, rows, columns, latent_width) to (batch, rows · factor, columns · factor,
 * out_channels). */
VQC_MUST_CHECK vqc_status vqc_vqgan_layers_decode(const vqc_layers *layers, const vqc_vqgan_config *config,
                                                  vqc_value latent, vqc_value *picture_out, vqc_error *error);

/* Adds the encoder: (batch, height, width, in_channels) to (batch, height / factor, width / factor, latent_width),
 * twice as many channels with double_latent. */
VQC_MUST_CHECK vqc_status vqc_vqgan_layers_encode(const vqc_layers *layers, const vqc_vqgan_config *config,
                                                  vqc_value picture, vqc_value *latent_out, vqc_error *error);

#endif
