#ifndef VQC_OPS_UPSAMPLE_FOLDING_H
#define VQC_OPS_UPSAMPLE_FOLDING_H

#include "ops/operation.h"

/* vqc_upsample_convolution without its enlargement, for implementations that have convolutions. With w the three
 * weights along an axis, pixel k of the input plays a part in the outputs 2k − 1 to 2k + 2, by w2, w1 + w2, w0 + w1,
 * w0. So the gradient with respect to the input is a convolution of the output's gradient with a kernel of 4 × 4 such
 * sums, stride 2 and padding 1, and the operation itself is the gradient of that convolution: 4 products for a value
 * of the output. */

/* That convolution, without bias, its weight being `folded` (in_channels, out_channels, 4, 4). */
vqc_convolution vqc_upsample_folded(const vqc_upsample_convolution *o, const float *folded);

/* Computes `folded`. */
void vqc_upsample_fold(const vqc_upsample_convolution *o, float *folded);

#endif
