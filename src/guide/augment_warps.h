#ifndef VQC_GUIDE_AUGMENT_WARPS_H
#define VQC_GUIDE_AUGMENT_WARPS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/stream.h"
#include "ops/operation.h"

/* Matrices that move pixels (operation.h, vqc_warp). */

/* A 3 × 3 matrix by rows, from output to input coordinates in pixels. */
typedef struct vqc_augment_matrix {
    double at[3][3];
} vqc_augment_matrix;

typedef struct vqc_augment_warp {
    vqc_augment_matrix matrix;
    bool border; /* the edge is repeated outside the crop; else it is black there */
} vqc_augment_warp;

extern const vqc_augment_matrix vqc_augment_identity;

vqc_augment_matrix vqc_augment_matrix_product(const vqc_augment_matrix *left, const vqc_augment_matrix *right);

/* The warp as the operation takes it. */
void vqc_augment_warp_store(const vqc_augment_warp *warp, float numbers[VQC_WARP_NUMBERS]);

double vqc_augment_radians(double degrees);

/* Draws the matrix that enlarges width × height pixels of a crop, somewhere inside, to all of it: corners to corners;
 * outside it is black. */
vqc_augment_warp vqc_augment_part_draw(double width, double height, int64_t side, vqc_stream *stream);

#endif
