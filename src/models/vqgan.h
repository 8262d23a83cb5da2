#ifndef VQC_MODELS_VQGAN_H
#define VQC_MODELS_VQGAN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "models/parameters.h"
#include "models/vqgan_config.h"
#include "network/network.h"

/* A VQGAN (Esser et al. 2021, taming-transformers) as published: a YAML configuration and a checkpoint. Understood
 * are VQModel, GumbelVQ, the first stage inside a Net2NetTransformer checkpoint and latent-diffusion's VQ models.
 *
 * A latent z is a grid of vectors, one for factor × factor pixels; quantised, each becomes the nearest row of the
 * codebook and is named by that row's number, its code. A configuration or a weights file that is wrong, or does not
 * fit the other, is VQC_BAD_INPUT, when they are opened or when a decoder or encoder reads them. */
typedef struct vqc_vqgan {
    vqc_vqgan_config config;
    int64_t factor;  /* pixels per code along one axis, 2^(levels − 1) */
    float *codebook; /* (codes, embed_width), host memory */
    vqc_weights *weights;
    vqc_parameters parameters;

} vqc_vqgan;

/* Opens configuration and checkpoint and reads the codebook. The rest is read when a decoder or encoder is made. */
VQC_MUST_CHECK vqc_status vqc_vqgan_open(const char *config_path, const char *checkpoint_path, vqc_vqgan *vqgan_out,
                                         vqc_error *error);
/* Releases it; decoders and encoders made from it stay usable. */
void vqc_vqgan_close(vqc_vqgan *vqgan);

/* From a latent to a picture: z → nearest codes → decoder(post_quant_conv(codebook[codes])). */
typedef struct vqc_vqgan_decoder {
    vqc_network *network;
    vqc_value z;         /* input f32 (batch, rows, columns, embed_width); has the gradient, straight-through */
    vqc_value quantised; /* kept f32, shaped like z; its saved state are the codes, int32 (batch, rows, columns) */
    vqc_value picture;   /* output f32 (batch, rows · factor, columns · factor, 3), about −1 to 1; or
                            `limited`: brought to 0..1 and limited to it, with the clamp's gradient */
} vqc_vqgan_decoder;

/* Makes a decoder for latents of this size. `precision` is the dtype of the activations, f32 or bf16; the search for
 * the nearest codes is done in f32 always. `backward`: whether the gradient at z will be asked for; `limited`: see
 * the picture. */
VQC_MUST_CHECK vqc_status vqc_vqgan_decoder_create(const vqc_vqgan *vqgan, vqc_ops *ops, vqc_dtype precision,
                                                   int64_t batch, int64_t rows, int64_t columns, bool backward,
                                                   bool limited, vqc_vqgan_decoder *decoder_out, vqc_error *error);
/* The same, but the network is neither prepared nor finished (network/network.h): the caller does that, and may ask
 * for recomputation before. */
VQC_MUST_CHECK vqc_status vqc_vqgan_decoder_build(const vqc_vqgan *vqgan, vqc_ops *ops, vqc_dtype precision,
                                                  int64_t batch, int64_t rows, int64_t columns, bool backward,
                                                  bool limited, vqc_vqgan_decoder *decoder_out, vqc_error *error);
/* The same as another one, as vqc_network_create_beside does it. */
VQC_MUST_CHECK vqc_status vqc_vqgan_decoder_build_beside(const vqc_vqgan_decoder *first, vqc_ops *ops,
                                                         vqc_vqgan_decoder *decoder_out, vqc_error *error);
void vqc_vqgan_decoder_destroy(vqc_vqgan_decoder *decoder);

/* From a picture to codes: quant_conv(encoder(picture)), then the nearest codes; Gumbel models take the code with
 * the largest logit instead. */
typedef struct vqc_vqgan_encoder {
    vqc_network *network;
    vqc_value picture;      /* input f32 (batch, height, width, 3), −1 to 1 */
    vqc_value encoded;      /* output f32 (batch, rows, columns, channels): the encoder's result before quant_conv */
    vqc_value latent;       /* output f32 (batch, rows, columns, embed_width): after quant_conv, not quantised */
    vqc_value codes_source; /* output f32; VQ: the quantised latent, its saved state are the codes;
                               Gumbel: the logits (batch, rows, columns, codes) */
} vqc_vqgan_encoder;

/* Makes an encoder for pictures of this size, both multiples of the factor. Without gradients. */
VQC_MUST_CHECK vqc_status vqc_vqgan_encoder_create(const vqc_vqgan *vqgan, vqc_ops *ops, vqc_dtype precision,
                                                   int64_t batch, int64_t height, int64_t width,
                                                   vqc_vqgan_encoder *encoder_out, vqc_error *error);
/* The same, but the network is neither prepared nor finished. */
VQC_MUST_CHECK vqc_status vqc_vqgan_encoder_build(const vqc_vqgan *vqgan, vqc_ops *ops, vqc_dtype precision,
                                                  int64_t batch, int64_t height, int64_t width,
                                                  vqc_vqgan_encoder *encoder_out, vqc_error *error);
void vqc_vqgan_encoder_destroy(vqc_vqgan_encoder *encoder);

/* Reads the codes of the encoder's last forward run, batch · rows · columns of them. */
VQC_MUST_CHECK vqc_status vqc_vqgan_encoder_codes(const vqc_vqgan *vqgan, vqc_ops *ops, vqc_vqgan_encoder *encoder,
                                                  int32_t *codes, vqc_error *error);

#endif
