#ifndef VQC_OPS_CUDA_STEP_FUNCTIONS_H
#define VQC_OPS_CUDA_STEP_FUNCTIONS_H

#include "ops/implementation.h"

/* The functions of ops/step.h on a vqc_cuda_device, by the kernels of step.h. */
extern const vqc_step_functions vqc_cuda_step_functions;

#endif
