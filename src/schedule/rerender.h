#ifndef VQC_SCHEDULE_RERENDER_H
#define VQC_SCHEDULE_RERENDER_H

#include <stdbool.h>

#include "archive/archive.h"
#include "render/renderer.h"

/* A finished render made again, beside what the archive holds of it.
 *
 * In the environment that the archive recorded (schedule/environment.h) the bytes of picture and latent must be
 * equal. In another one sums are rounded differently, and guidance magnifies that: Adam's first steps go by the signs
 * of gradients, codes flip between neighbours, crops see other pixels. Two correct programs then agree closely in the
 * first steps and end with pictures that are alike and not equal. So three things are held to limits: the losses of
 * the first steps, which show wrong models, settings or random numbers at once; the last latent; the picture. */
typedef struct vqc_rerender_comparison {
    bool picture_equal, latent_equal; /* SHA-256 of the bytes */
    int picture_largest;              /* largest difference of a byte of the picture */
    double picture_psnr;              /* dB: 10 log10(255² / mean square difference); infinite if equal */
    double latent_largest;            /* largest difference of an element */
    double latent_relative;           /* ‖z − recorded‖ / ‖recorded‖ */
    double loss_relative; /* largest of |total − recorded| / max(|recorded|, 0.1) over the first steps */
} vqc_rerender_comparison;

/* The limits in another environment. Between AVX-512, AVX2 and SSE 4.1, and between f32 and bf16, 60 steps of the
 * quickstart study gave at most 1.5e-3, 0.30 and 25 dB; pictures of different prompts have 9 to 17.6 dB
 * (results/verify.md). Long renders drift further apart; the losses of the first steps do not. */
enum { VQC_RERENDER_FIRST_STEPS = 3 };
#define VQC_RERENDER_LOSS_LIMIT 0.01
#define VQC_RERENDER_LATENT_LIMIT 0.6
#define VQC_RERENDER_PSNR_LIMIT 18.0

/* Makes a render of the renderer's study, which is number `number` of the archive, and compares.
 * VQC_FAILED where it cannot be made. */
VQC_MUST_CHECK vqc_status vqc_rerender_compare(vqc_renderer *renderer, const vqc_render *render,
                                               const vqc_archive *archive, size_t number,
                                               vqc_rerender_comparison *comparison_out, vqc_error *error);

/* Whether that is as it must be: equal bytes if `exact`, within the limits otherwise. */
bool vqc_rerender_passes(const vqc_rerender_comparison *comparison, bool exact);

#endif
