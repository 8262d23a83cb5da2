#ifndef VQC_RENDER_INIT_H
#define VQC_RENDER_INIT_H

#include "archive/archive.h"
#include "models/generator.h"
#include "study/study.h"

/* The latent that a render starts from, z (rows, columns, embed_width): random or given codes, the encoding of
 * the picture that the settings ask for, `rows · factor` pixels high and `columns · factor` wide, or the latent of
 * a finished render, another archive's or that of the study's own `archive` (NULL: there is none). A file that does
 * not fit is VQC_BAD_INPUT. */
VQC_MUST_CHECK vqc_status vqc_init_latent(const vqc_generator *generator, vqc_ops *ops, vqc_dtype precision,
                                          const vqc_render *render, const vqc_archive *archive, int64_t rows,
                                          int64_t columns, float *z, vqc_error *error);

/* The picture that such a start encodes, without the noise on a given one: pixels (rows · factor, columns · factor,
 * 3), 0 to 1. A start that is no picture is VQC_FAILED. */
VQC_MUST_CHECK vqc_status vqc_init_picture(const vqc_generator *generator, const vqc_render *render, int64_t rows,
                                           int64_t columns, float *pixels, vqc_error *error);

/* Encodes pixels (rows · factor, columns · factor, 3), 0 to 1, which are changed, to z; with a network that is gone
 * afterwards. */
VQC_MUST_CHECK vqc_status vqc_init_encode(const vqc_generator *generator, vqc_ops *ops, vqc_dtype precision,
                                          int64_t rows, int64_t columns, float *pixels, float *z, vqc_error *error);

/* Whether the generator can start so: given codes need a codebook. VQC_BAD_INPUT names the key and the family. */
VQC_MUST_CHECK vqc_status vqc_init_check(const vqc_generator *generator, const vqc_render *render, vqc_error *error);

/* Whether it starts from a picture, which needs the encoder. */
bool vqc_init_is_encoded(const vqc_settings *settings);
/* Whether a render needs the encoder, for its start or on its way (render/motion.h). */
bool vqc_init_needs_encoder(const vqc_settings *settings);

#endif
