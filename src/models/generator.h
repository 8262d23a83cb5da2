#ifndef VQC_MODELS_GENERATOR_H
#define VQC_MODELS_GENERATOR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "models/coder.h"
#include "models/parameters.h"
#include "network/network.h"

typedef struct vqc_generator_type vqc_generator_type; /* generators.h */

/* How a vector of z becomes a row of the codebook. */
typedef enum vqc_quantiser {
    VQC_QUANTISER_NEAREST,   /* the nearest row */
    VQC_QUANTISER_UNIT_ROWS, /* the row whose direction is nearest to z's: all rows have length one */
    VQC_QUANTISER_PRODUCT,   /* the row with the largest product with z */
    VQC_QUANTISER_NONE       /* there is no codebook: z is what the decoder is given, and there are no codes */
} vqc_quantiser;

/* A generator of pictures as published: a weights file and a configuration. docs/models.md lists what is understood.
 *
 * A latent z is a grid of vectors, one for factor × factor pixels; quantised, each becomes a row of the codebook and
 * is named by that row's number, its code. */
typedef struct vqc_generator {
    const vqc_generator_type *type;
    int64_t factor;     /* pixels per vector along one axis */
    int64_t width;      /* channels of z */
    int64_t codes;      /* rows of the codebook; 0: there is none */
    int64_t full_width; /* channels at full resolution */
    vqc_quantiser quantiser;
    float picture_lowest, picture_highest; /* range of the pictures that it makes, and reads */
    float *codebook;                       /* (codes, width), host memory; NULL: there is none */
    bool rows_settled;                     /* whether its rows had other lengths in the file */
    float z_middle, z_unit;       /* without a codebook: the mean of z, about, and its deviation, of all channels; as
                                     diffusion on it has them, 1 / scaling_factor and shift_factor */
    const vqc_coder_style *style; /* of its blocks */
    void *own;                    /* what the type alone knows; one piece of memory */
    char *config_path;            /* the configuration that was read; NULL: none */
    vqc_weights *weights;
    vqc_parameters parameters;
    char *prefix; /* of its names in the file (models/prefixes.h), the context of the parameters */
} vqc_generator;

/* Opens weights file and configuration and reads the codebook; the rest is read when a decoder or encoder is made,
 * but checked here: every tensor must be there as it is computed, and none that nothing reads. Where config_path is
 * NULL, the file alone must say everything, or have its config.json beside it. VQC_BAD_INPUT names what is wrong, in
 * which file, and the family. */
VQC_MUST_CHECK vqc_status vqc_generator_open(const char *config_path, const char *weights_path,
                                             vqc_generator *generator_out, vqc_error *error);
/* The same with a key of vqc_weights_open_key. */
VQC_MUST_CHECK vqc_status vqc_generator_open_key(const char *config_path, const char *weights_path, const char *key,
                                                 vqc_generator *generator_out, vqc_error *error);
/* The same without a configuration, where the shapes of the tensors say everything but the quantiser: what the file
 * holds. */
VQC_MUST_CHECK vqc_status vqc_generator_examine(const char *weights_path, const char *key,
                                                vqc_generator *generator_out, vqc_error *error);
/* Releases it; decoders and encoders made from it stay usable. */
void vqc_generator_close(vqc_generator *generator);

/* The range that each channel of z is held in, (width) both: the codebook's smallest and largest number. Where there
 * is no codebook, `range` units to both sides of the middle. */
void vqc_generator_limits(const vqc_generator *generator, double range, float *lowest, float *highest);

/* Bring pixels from 0..1 to the range of the generator's pictures, and back, in place. */
void vqc_generator_pixels_to_range(const vqc_generator *generator, float *pixels, int64_t count);
void vqc_generator_pixels_from_range(const vqc_generator *generator, float *pixels, int64_t count);

/* Whether there is a codebook. */
bool vqc_generator_has_codes(const vqc_generator *generator);

/* What pixels of its range are multiplied by, and what is added then, to bring them to 0..1. */
void vqc_generator_pixels_scale(const vqc_generator *generator, float *scale, float *shift);

/* The vectors of codes, z (count, width). */
void vqc_generator_vectors(const vqc_generator *generator, const int32_t *codes, int64_t count, float *z);

/* Brings count vectors that an encoder made to where z begins: where only directions count, to length one, the length
 * of the codebook's rows, in place. Returns whether one of them had a length that is another than by rounding of
 * bf16. */
bool vqc_generator_vectors_settle(const vqc_generator *generator, float *z, int64_t count);

/* From a latent to a picture: z → codes → decoder(codebook[codes]); without a codebook z → decoder(z). */
typedef struct vqc_generator_decoder {
    vqc_network *network;
    vqc_value z;         /* input f32 (batch, rows, columns, width), or as the head has it; has the gradient */
    vqc_value quantised; /* f32 (batch, rows, columns, width): what the decoder is given */
    vqc_value choice;    /* kept: its saved state are the codes */
    bool has_codes;      /* whether there is such a one */
    vqc_value picture;   /* output f32 (batch, rows · factor, columns · factor, 3), in about its range; or
                            `limited`: brought to 0..1 and limited to it, with the clamp's gradient */
    vqc_value unlimited; /* the picture in about its range, whether limited or not; an output only where asked for */
} vqc_generator_decoder;

/* The first part of a decoder: adds its inputs, z among them, and what the rest is given; all members of the decoder
 * but the picture. `shape` is (batch, rows, columns, width). */
typedef vqc_status vqc_generator_head(const vqc_generator *generator, vqc_network *network, vqc_shape shape,
                                      vqc_generator_decoder *decoder, vqc_error *error);

/* z becomes rows of the codebook, straight through; without a codebook it stays as it is. */
VQC_MUST_CHECK vqc_generator_head vqc_generator_head_quantised;
/* z stays as it is. */
VQC_MUST_CHECK vqc_generator_head vqc_generator_head_free;

/* Makes a decoder for latents of this size, with the first head. `precision` is the dtype of the activations, f32 or
 * bf16; the search for the nearest codes is done in f32 always. `backward`: whether the gradient at z will be asked
 * for; `limited`: see the picture. `ops` NULL: only tells whether it can be made (network.h); so of the encoder. */
VQC_MUST_CHECK vqc_status vqc_generator_decoder_create(const vqc_generator *generator, vqc_ops *ops,
                                                       vqc_dtype precision, int64_t batch, int64_t rows,
                                                       int64_t columns, bool backward, bool limited,
                                                       vqc_generator_decoder *decoder_out, vqc_error *error);
/* The same with the head, but the network is neither prepared nor finished (network/network.h): the caller does that,
 * and may ask for recomputation before. */
VQC_MUST_CHECK vqc_status vqc_generator_decoder_build(const vqc_generator *generator, vqc_generator_head *head,
                                                      vqc_ops *ops, vqc_dtype precision, int64_t batch, int64_t rows,
                                                      int64_t columns, bool backward, bool limited,
                                                      vqc_generator_decoder *decoder_out, vqc_error *error);
/* Makes the picture before its limits an output too, of a decoder with `limited` that is not prepared. Its gradient
 * is to be written before every backward run. */
VQC_MUST_CHECK vqc_status vqc_generator_decoder_show_unlimited(vqc_generator_decoder *decoder, vqc_error *error);
/* The same as another one, as vqc_network_create_beside does it. */
VQC_MUST_CHECK vqc_status vqc_generator_decoder_build_beside(const vqc_generator_decoder *first, vqc_ops *ops,
                                                             vqc_generator_decoder *decoder_out, vqc_error *error);
void vqc_generator_decoder_destroy(vqc_generator_decoder *decoder);

/* Reads the codes of the decoder's last forward run, (batch, rows, columns); sets nothing where it has none. */
VQC_MUST_CHECK vqc_status vqc_generator_decoder_codes(vqc_ops *ops, const vqc_generator_decoder *decoder,
                                                      int32_t *codes, vqc_error *error);

/* From a picture to codes: encoder, its last layer, then the codes as the quantiser has them, or for some families
 * those with the largest logits. Without a codebook the latent is the end: the mean of the distribution that such an
 * encoder gives, not a draw from it. */
typedef struct vqc_generator_encoder {
    vqc_network *network;
    vqc_value picture;      /* input f32 (batch, height, width, 3), in its range */
    vqc_value encoded;      /* output f32 (batch, rows, columns, channels): the encoder's result before quant_conv;
                               where there is none, of a distribution the mean alone */
    vqc_value latent;       /* output f32 (batch, rows, columns, width): after quant_conv, not quantised */
    vqc_value codes_source; /* output f32: the quantised latent, its saved state are the codes;
                               or the logits (batch, rows, columns, codes); without a codebook the latent */
} vqc_generator_encoder;

/* Makes an encoder for pictures of this size, both multiples of the factor. Without gradients. */
VQC_MUST_CHECK vqc_status vqc_generator_encoder_create(const vqc_generator *generator, vqc_ops *ops,
                                                       vqc_dtype precision, int64_t batch, int64_t height,
                                                       int64_t width, vqc_generator_encoder *encoder_out,
                                                       vqc_error *error);
/* The same, but the network is neither prepared nor finished. */
VQC_MUST_CHECK vqc_status vqc_generator_encoder_build(const vqc_generator *generator, vqc_ops *ops,
                                                      vqc_dtype precision, int64_t batch, int64_t height,
                                                      int64_t width, vqc_generator_encoder *encoder_out,
                                                      vqc_error *error);
void vqc_generator_encoder_destroy(vqc_generator_encoder *encoder);

/* Reads the codes of the encoder's last forward run, batch · rows · columns of them. There must be a codebook. */
VQC_MUST_CHECK vqc_status vqc_generator_encoder_codes(const vqc_generator *generator, vqc_ops *ops,
                                                      vqc_generator_encoder *encoder, int32_t *codes,
                                                      vqc_error *error);

#endif
