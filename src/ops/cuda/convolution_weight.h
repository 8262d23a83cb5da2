#ifndef VQC_OPS_CUDA_CONVOLUTION_WEIGHT_H
#define VQC_OPS_CUDA_CONVOLUTION_WEIGHT_H

#include "ops/operation.h"

/* The weights (out, in, y, x) as (out, y, x, in) on the host, to be released with free(): `rows` output channels of
 * row_stride elements, in which each place (y, x) of the kernel has place_stride; zero where there is no weight. */
VQC_MUST_CHECK vqc_status vqc_cuda_weight_arrange(const vqc_convolution *convolution, int64_t rows,
                                                  int64_t row_stride, int64_t place_stride, float **arranged_out,
                                                  vqc_error *error);

#endif
