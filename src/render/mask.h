#ifndef VQC_RENDER_MASK_H
#define VQC_RENDER_MASK_H

#include "render/memory.h"

/* Where a render's latent may change, and whose pixels its picture has, as the settings' `mask` says
 * (study/settings.h).
 *
 * The mask is a picture of the render's size, of values from 0 to 1. A hard one lets a cell of the latent go all of
 * each step where its values are at least half in the mean, else none; of a soft one a cell goes the share that is
 * their mean. A feather of n pixels first makes every value the mean over the square of (2 n + 1)² pixels around, of
 * those that the picture has: beyond n pixels from the edge nothing changes. Where pixels are kept, a picture is laid
 * over the start's by these values, those of a hard mask 0 or 1 before the feather. */
typedef struct vqc_render_mask {
    int64_t rows, columns, height, width;
    float *cells;     /* (rows, columns): share of a step; NULL: there is no mask */
    float *relevance; /* (2, rows, columns): what a text found, 0 to 1, and the cells again; NULL: it found nothing */
    float *weights;   /* (height, width): v; NULL: pixels are not kept */
    float *original;  /* (height, width, 3), 0 to 1: the start; with weights */
    int64_t moving;   /* cells that move at all */
} vqc_render_mask;

/* Whether making it takes the picture that the render starts from. */
bool vqc_render_mask_needs_start(const vqc_mask *settings);

/* Makes it for a latent of rows × columns cells; all members are without meaning after a failure. start (height,
 * width, 3), 0 to 1: where it is needed. Of a text the perceptors look at it (guide/relevance.h), with networks that
 * are gone afterwards; what they find, by their weights, is brought to 0 to 1, and by the settings' threshold to the
 * mask's values, one for each cell. A file that is no picture, or a mask that frees no cell, is VQC_BAD_INPUT. */
VQC_MUST_CHECK vqc_status vqc_render_mask_create(const vqc_render_models *models, const vqc_render *render,
                                                 int64_t rows, int64_t columns, const float *start,
                                                 vqc_render_mask *mask_out, vqc_error *error);
/* A zeroed one is allowed, and what it becomes. */
void vqc_render_mask_release(vqc_render_mask *mask);

/* Whether every cell goes all of every step although there is a mask: worth a remark. */
bool vqc_render_mask_frees_all(const vqc_render_mask *mask);

/* Lays a picture (height, width, 3), 0 to 1, over the start, where pixels are kept. A pixel of weight 0 becomes the
 * start's, one of weight 1 stays, to the bit. */
void vqc_render_mask_apply(const vqc_render_mask *mask, float *picture);

#endif
