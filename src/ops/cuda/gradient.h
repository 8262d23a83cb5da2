#ifndef VQC_OPS_CUDA_GRADIENT_H
#define VQC_OPS_CUDA_GRADIENT_H

#include <stdbool.h>
#include <stdint.h>

#include <cuda_runtime_api.h>

#include "base/dtype.h"

#ifdef __cplusplus
extern "C" {
#endif

/* target (+)= source, count elements: a gradient that passes unchanged. Both are aligned to 16 bytes. */
cudaError_t vqc_cuda_gradient_pass(vqc_dtype dtype, bool accumulate, void *target, const void *source, int64_t count,
                                   cudaStream_t stream);

#ifdef __cplusplus
}
#endif

#endif
