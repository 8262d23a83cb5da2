#ifndef VQC_RENDER_START_H
#define VQC_RENDER_START_H

#include "archive/archive.h"
#include "base/stream.h"
#include "models/generator.h"
#include "study/study.h"

/* What a render's `init` is to it: every row of study/inits.def has a file in render/starts/ with one of these. */

/* The latent that is wanted. */
typedef struct vqc_start_site {
    const vqc_generator *generator;
    const vqc_render *render;
    int64_t rows, columns;      /* of the latent */
    int64_t height, width;      /* of its picture */
    const vqc_archive *archive; /* of the study, with the renders that others start from; NULL: there is none */
} vqc_start_site;

/* It makes one of latent, codes and picture, from which the others follow. What of the job file does not fit is
 * VQC_BAD_INPUT. */
typedef struct vqc_start_type {
    /* float (rows, columns, embed_width) */
    vqc_status (*latent)(const vqc_start_site *site, float *z, vqc_error *error);
    /* (rows, columns): codes of the codebook */
    vqc_status (*codes)(const vqc_start_site *site, int32_t *codes, vqc_error *error);
    /* A latent in their place, for a generator without a codebook; NULL: it cannot start so. */
    vqc_status (*without_codes)(const vqc_start_site *site, float *z, vqc_error *error);
    /* (height, width, 3), 0 to 1: a picture, which is encoded */
    vqc_status (*picture)(const vqc_start_site *site, float *pixels, vqc_error *error);
    /* What is done to that picture before it is encoded, but not to the one that a mask looks at and keeps; NULL:
     * nothing. */
    void (*disturb)(const vqc_start_site *site, float *pixels);
} vqc_start_type;

#define VQC_INIT(kind, identifier) extern const vqc_start_type vqc_start_##identifier;
#include "study/inits.def"

/* The random numbers of item number `item`. */
vqc_stream vqc_start_stream(const vqc_start_site *site, int64_t item);

/* Makes of each of the picture's numbers (1 − share) of it and the share of a uniform one, drawn for itself. */
void vqc_start_noise(const vqc_start_site *site, double share, float *pixels);

#endif
