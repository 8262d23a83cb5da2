#ifndef VQC_OPS_CUDA_CONVOLUTION_WAYS_H
#define VQC_OPS_CUDA_CONVOLUTION_WAYS_H

#include "ops/cuda/plan.h"

/* The ways to compute a convolution; convolution.c chooses. Each prepares the plan of one. */

/* By cuDNN. Sets *offered_out; where that is false, cuDNN has no deterministic algorithm for the shape, nothing is
 * prepared and the status is VQC_OK. */
VQC_MUST_CHECK vqc_status vqc_cuda_cudnn_convolution_prepare(vqc_cuda_plan *plan, bool *offered_out,
                                                             vqc_error *error);

/* As one matrix product of the windows, laid out as rows, and the weights. */
VQC_MUST_CHECK vqc_status vqc_cuda_window_convolution_prepare(vqc_cuda_plan *plan, vqc_error *error);

#endif
