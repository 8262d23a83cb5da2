#ifndef VQC_RECORD_RERENDER_H
#define VQC_RECORD_RERENDER_H

#include <stdbool.h>

#include "archive/archive.h"
#include "render/renderer.h"

/* A finished render made again, beside what the archive holds of it.
 *
 * In the environment that the archive recorded (record/environment.h) the bytes of picture and latent must be
 * equal, and codes and losses with them. In another one sums are rounded differently, and guidance magnifies that
 * without bound: Adam's first steps go by the signs of gradients, codes flip between neighbours, crops see other
 * pixels. Two correct programs then agree closely in the first steps and may end with quite different pictures, so
 * that the end of the render says nothing and is not judged. Two things are, which rounding hardly changes: the
 * losses of the first steps, which show wrong models, targets, settings or random numbers; and the picture that the
 * recorded latent decodes to, which shows a wrong generator or a latent and a picture that do not belong together. */
typedef struct vqc_rerender_comparison {
    bool picture_equal, latent_equal; /* SHA-256 of the bytes */
    bool codes_equal, losses_equal;   /* the codes, and every term of the loss of every step */
    bool relevance_equal;             /* what a text found, and the mask of it; or there is none */
    int picture_largest;              /* largest difference of a byte of the picture */
    double picture_psnr;              /* dB: 10 log10(255² / mean square difference); infinite if equal */
    double latent_largest;            /* largest difference of an element */
    double latent_relative;           /* ‖z − recorded‖ / ‖recorded‖ */
    double losses_relative; /* largest of |total − recorded| / max(|recorded|, 0.1) over the first steps; infinite
                               where one is not a number */
    double decoded_psnr;    /* of the picture that the recorded latent decodes to, against the recorded one */
} vqc_rerender_comparison;

/* The limits in another environment, several times what was measured between AVX-512, AVX2 and SSE 4.1, and between
 * f32 and bf16: results/verify.md. */
enum { VQC_RERENDER_FIRST_STEPS = 3 };
#define VQC_RERENDER_LOSSES_LIMIT 0.01
#define VQC_RERENDER_DECODED_LIMIT 30.0

/* Makes a render of the renderer's study, which is number `number` of the archive, and compares.
 * VQC_FAILED where it cannot be made. */
VQC_MUST_CHECK vqc_status vqc_rerender_compare(vqc_renderer *renderer, const vqc_render *render,
                                               const vqc_archive *archive, size_t number,
                                               vqc_rerender_comparison *comparison_out, vqc_error *error);

/* Whether that is as it must be: equal bytes if `exact`, within the limits otherwise. */
bool vqc_rerender_passes(const vqc_rerender_comparison *comparison, bool exact);

#endif
