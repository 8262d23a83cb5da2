#ifndef VQC_OPS_CPU_TILE_CONVOLUTION_H
#define VQC_OPS_CPU_TILE_CONVOLUTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

/* clang-format off */
/* Convolutions with 3 × 3 kernels in f32 by fewer products than their definition has: pictures are cut into tiles, of
 * a tile's pixels sums and differences are made, these are multiplied by sums and differences of the weights, and
 * sums of the products are the tile's output. Along one axis (in two dimensions both are done, one after the other):
 *
 *   plain, 4 products instead of 6 (Winograd 1980; Lavin and Gray 2016, F(2, 3)), of inputs d, weights w:
 *     (d0 − d2) w0,  (d1 + d2) (w0 + w1 + w2) / 2,  (d2 − d1) (w0 − w1 + w2) / 2,  (d1 − d3) w2
 *     outputs: 0 + 1 + 2,  1 − 2 − 3
 *   behind an enlargement of every pixel to two, 3 instead of 6, of neighbouring pixels a, b, c:
 *     (a − b) w0,  b (w0 + w1 + w2),  (c − b) w2
 *     outputs, of the two pixels that b becomes: 0 + 1,  1 + 2
 *
 * All coefficients are 0, 1 and a half, so that rounding errors are of the size of those of the definition's sums. What
 * lies outside a picture is 0, as padding is.
 *
 * Gradients are the transposed sums, with the same products of transposed weights, so that both share them:
 * of the first kind the same with the kernel turned, of the second, of the output's gradient g around a pixel's two
 *     (g2 − g0) w0,  (g0 + g1) (w0 + w1 + w2),  (g−1 − g1) w2,  all added up
 *
 * Every output is computed in an order that the shape alone decides. All pictures are channels-last. */
/* clang-format on */
typedef struct vqc_tile_shape {
    int64_t batch, height, width, in_channels, out_channels; /* of the input, before any enlargement */
    int64_t out_height, out_width;
    int64_t pad_top, pad_left; /* 0 to 2; 1 with `doubled` */
    bool doubled;              /* every pixel first becomes 2 × 2; the output is twice as high and wide */
} vqc_tile_shape;

typedef struct vqc_tile_convolution vqc_tile_convolution;

/* Whether that takes less time than the definition, as it was measured on processors with AVX2: with few channels the
 * sums of pixels weigh as much as the products, and with few tiles the products have too few rows. */
bool vqc_tile_convolution_pays(const vqc_tile_shape *shape);

/* weight (out_channels, in_channels, 3, 3), bias (out_channels) or NULL, both f32; neither is needed afterwards.
 * Fails for want of memory alone. */
VQC_MUST_CHECK vqc_status vqc_tile_convolution_create(const vqc_tile_shape *shape, const float *weight,
                                                      const float *bias, vqc_tile_convolution **convolution_out,
                                                      vqc_error *error);
/* NULL is allowed. */
void vqc_tile_convolution_destroy(vqc_tile_convolution *convolution);

/* Bytes of the weights' sums and the bias; of workspace, 64-byte aligned, that an execution needs. Neither depends on
 * the number of threads. */
size_t vqc_tile_convolution_parameters(const vqc_tile_convolution *convolution);
size_t vqc_tile_convolution_workspace(const vqc_tile_convolution *convolution, bool backward);

/* output = convolution + bias + added; grad_input = gradient + added. `added`, shaped like the result, may be the
 * result itself; NULL: none. By as many threads as OpenMP allows. VQC_FAILED: oneDNN's failure. */
VQC_MUST_CHECK vqc_status vqc_tile_convolution_forward(const vqc_tile_convolution *convolution, const float *input,
                                                       const float *added, float *output, void *workspace,
                                                       vqc_error *error);
VQC_MUST_CHECK vqc_status vqc_tile_convolution_gradient(const vqc_tile_convolution *convolution,
                                                        const float *grad_output, const float *added,
                                                        float *grad_input, void *workspace, vqc_error *error);

#endif
