#ifndef VQC_OPS_CUDA_CONVOLUTION_H
#define VQC_OPS_CUDA_CONVOLUTION_H

#include "ops/cuda/plan.h"

/* The ways to compute a convolution; convolution.c chooses. Each prepares the plan of one. */

/* By cuDNN. Sets *offered_out; where that is false, cuDNN has no deterministic algorithm for the shape, nothing is
 * prepared and the status is VQC_OK. */
VQC_MUST_CHECK vqc_status vqc_cuda_cudnn_convolution_prepare(vqc_cuda_plan *plan, bool *offered_out,
                                                             vqc_error *error);

/* As one matrix product of the windows, laid out as rows, and the weights. */
VQC_MUST_CHECK vqc_status vqc_cuda_window_convolution_prepare(vqc_cuda_plan *plan, vqc_error *error);

/* Sizes of the output. */
static inline int64_t vqc_cuda_out_height(const vqc_convolution *o)
{
    return (o->height + o->pad_top + o->pad_bottom - o->kernel_height) / o->stride + 1;
}

static inline int64_t vqc_cuda_out_width(const vqc_convolution *o)
{
    return (o->width + o->pad_left + o->pad_right - o->kernel_width) / o->stride + 1;
}

/* The weights (out, in, y, x) as (out, y, x, in) on the host, to be released with free(): `rows` output channels of
 * row_stride elements, in which each place (y, x) of the kernel has place_stride; zero where there is no weight. */
VQC_MUST_CHECK vqc_status vqc_cuda_weight_arrange(const vqc_convolution *convolution, int64_t rows,
                                                  int64_t row_stride, int64_t place_stride, float **arranged_out,
                                                  vqc_error *error);

#endif
