#ifndef VQC_OPS_CUDA_LINEAR_H
#define VQC_OPS_CUDA_LINEAR_H

#include "ops/cuda/plan.h"

/* Prepares a plan of a linear layer with these sizes and parameters, whatever the kind of the plan's operation:
 * convolutions of single pixels are linear layers on the same bytes. */
VQC_MUST_CHECK vqc_status vqc_cuda_linear_prepare(vqc_cuda_plan *plan, const vqc_linear *linear, vqc_error *error);

#endif
