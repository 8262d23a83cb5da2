#ifndef VQC_MODELS_VQGAN_NETWORK_H
#define VQC_MODELS_VQGAN_NETWORK_H

#include <stdbool.h>
#include <stdint.h>

#include "models/coder.h"
#include "models/generators.h"

/* The networks of VQGANs (Esser et al. 2021), which later families took over: levels of residual blocks, attention at
 * some of them whatever the picture's size, a middle part, group norms and 3 × 3 convolutions. The families differ in
 * sizes and in what their files call the parts. */

enum { VQC_VQGAN_MAX_LEVELS = 8, VQC_VQGAN_MAX_BLOCKS = 64, VQC_VQGAN_MAX_COUNT = 1 << 20 };

typedef enum vqc_vqgan_half { VQC_VQGAN_ENCODER, VQC_VQGAN_DECODER, VQC_VQGAN_HALF_COUNT } vqc_vqgan_half;

/* What the file calls the parts of a half. Levels and blocks are counted from 0. */
typedef struct vqc_vqgan_naming {
    const char *level[VQC_VQGAN_HALF_COUNT];  /* "encoder.down"; then follows the level's number */
    const char *resize[VQC_VQGAN_HALF_COUNT]; /* "downsample.conv" of a level */
    bool last_level_first;                    /* the decoder counts its levels as it goes through them */
    const char *block;                        /* "block"; then follows the block's number */
    const char *attention;
    const char *middle[3]; /* residual, attention, residual: "mid.block_1" of a half */
    const char *norm_out;
    vqc_coder_style style;
} vqc_vqgan_naming;

extern const vqc_vqgan_naming vqc_vqgan_naming_taming;

/* The sizes of both halves. Level 0 has the full resolution. */
typedef struct vqc_vqgan_network {
    vqc_vqgan_naming naming;
    int64_t embed_width;  /* channels of z */
    int64_t codes;        /* rows of the codebook, 0: there is none */
    int64_t latent_width; /* channels between the decoder and the layer that z goes through first */
    int64_t first_width;  /* channels after the encoder's first layer */
    int level_count;
    int64_t channels[VQC_VQGAN_MAX_LEVELS];
    int64_t block_count; /* of a level of the encoder; the decoder has one more */
    bool attention[VQC_VQGAN_HALF_COUNT][VQC_VQGAN_MAX_LEVELS];
    bool middle_attention;
    bool double_latent; /* the encoder ends with twice as many channels */
    bool distribution;  /* these are means and logarithms of variances, the means first, which are z */
    bool without_quant_conv, without_post_quant_conv; /* z is what the halves give and take */
} vqc_vqgan_network;

/* Add a half: quantised z after its first layer (latent_width) to a picture, and a picture to latent_width channels,
 * or twice as many. */
VQC_MUST_CHECK vqc_status vqc_vqgan_decoder_add(const vqc_vqgan_network *network, vqc_coder *coder, vqc_error *error);
VQC_MUST_CHECK vqc_status vqc_vqgan_encoder_add(const vqc_vqgan_network *network, vqc_coder *coder, vqc_error *error);

/* What families share whose `own` is a vqc_vqgan_network: the members of their vqc_generator_type with a layer
 * between z and the halves, `post_quant_conv` and `quant_conv`, where they are there. */
VQC_MUST_CHECK vqc_status vqc_vqgan_decoder(const vqc_generator *generator, vqc_coder *coder, vqc_error *error);
VQC_MUST_CHECK vqc_status vqc_vqgan_encoder(const vqc_generator *generator, vqc_coder *coder, vqc_error *error);
VQC_MUST_CHECK vqc_status vqc_vqgan_latent(const vqc_generator *generator, vqc_coder *coder, vqc_error *error);
/* What their files have of the training, and may stay unread: their `harmless`. */
extern const char *const vqc_vqgan_harmless[];
/* Makes an empty network with this naming the generator's own, and sets the generator's sizes by one that is known.
 */
VQC_MUST_CHECK vqc_status vqc_vqgan_network_create(vqc_generator *generator, const vqc_vqgan_naming *naming,
                                                   vqc_vqgan_network **network_out, vqc_error *error);
void vqc_vqgan_sizes_set(vqc_generator *generator, const vqc_vqgan_network *network);

/* Reads every size off the shapes and names of the file's tensors, with the naming that is set; `codebook` NULL:
 * there is none. What the file has beside them, or lacks, comes out when the halves are added. VQC_BAD_INPUT names a
 * tensor. */
VQC_MUST_CHECK vqc_status vqc_vqgan_network_derive(const vqc_parameters *parameters, const char *codebook,
                                                   vqc_vqgan_network *network, vqc_error *error);

#endif
