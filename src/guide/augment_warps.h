#ifndef VQC_GUIDE_AUGMENT_WARPS_H
#define VQC_GUIDE_AUGMENT_WARPS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/stream.h"
#include "study/settings.h"

/* The augmentations that move pixels by a matrix (operation.h, vqc_warp). */

/* A 3 × 3 matrix by rows, from output to input coordinates in pixels. */
typedef struct vqc_augment_matrix {
    double at[3][3];
} vqc_augment_matrix;

extern const vqc_augment_matrix vqc_augment_identity;

vqc_augment_matrix vqc_augment_matrix_product(const vqc_augment_matrix *left, const vqc_augment_matrix *right);

/* Whether the augmentation is one of these. */
bool vqc_augment_is_warp(vqc_augmentation_kind kind);

/* The matrix of such an augmentation for a crop of side × side pixels; for all others the identity. */
vqc_augment_matrix vqc_augment_matrix_draw(const vqc_augmentation *augmentation, int64_t side, vqc_stream *stream);

#endif
