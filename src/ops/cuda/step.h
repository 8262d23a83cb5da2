#ifndef VQC_OPS_CUDA_STEP_H
#define VQC_OPS_CUDA_STEP_H

#include <stddef.h>
#include <stdint.h>

#include <cuda_runtime_api.h>

#include "ops/step.h"

/* The kernels behind ops/step.h: the same formulas as on the host, and, but for sums of f64, the same bits. Launches
 * only, on the stream; all pointers are to device memory. */

#ifdef __cplusplus
extern "C" {
#endif

cudaError_t vqc_cuda_gradient_sum_add(int64_t *sum, const float *values, int64_t count, cudaStream_t stream);
cudaError_t vqc_cuda_gradient_sum_clear_marks(int64_t *sum, int64_t count, int64_t *marks, cudaStream_t stream);
cudaError_t vqc_cuda_gradient_sum_read(const int64_t *sum, float *values, int64_t count, cudaStream_t stream);

cudaError_t vqc_cuda_distances_weigh(const vqc_weighing *weighing, cudaStream_t stream);

/* Sums over a latent are added in an order that its size decides. `parts` is memory of that size, aligned to 8 bytes,
 * for one call at a time. */
size_t vqc_cuda_latent_parts_size(void);
cudaError_t vqc_cuda_latent_step(const vqc_latent *latent, const vqc_latent_numbers *numbers, void *parts,
                                 cudaStream_t stream);
cudaError_t vqc_cuda_latent_measure(const float *z, const float *origin, int64_t count, void *parts,
                                    vqc_latent_measures *measures, cudaStream_t stream);

#ifdef __cplusplus
}
#endif

#endif
