#ifndef VQC_OPS_CUDA_STEP_H
#define VQC_OPS_CUDA_STEP_H

#include <stdint.h>

#include <cuda_runtime_api.h>

#include "ops/adam_formulas.h"

/* What a step of guidance computes besides the operations, for when the whole step stays on the device: the
 * order-free sum of picture gradients and the latent's optimiser. The same formulas as on the host
 * (guide/gradient_sum.h, render/latent_optimiser.h), and the same bits. Launches only, on the stream; all pointers
 * are to device memory. */

#ifdef __cplusplus
extern "C" {
#endif

/* sum[i] += values[i], count elements, in whole numbers; sum is zero at first. */
cudaError_t vqc_cuda_gradient_sum_add(int64_t *sum, const float *values, int64_t count, cudaStream_t stream);

/* values[i] = sum[i] as f32, not-a-number where a value was not finite or out of range. */
cudaError_t vqc_cuda_gradient_sum_read(const int64_t *sum, float *values, int64_t count, cudaStream_t stream);

/* The numbers of one step. They lie in device memory, so that a recorded graph can be launched again with others. */
typedef struct vqc_cuda_latent_numbers {
    vqc_adam adam;
    float l2_slope;
} vqc_cuda_latent_numbers;

typedef struct vqc_cuda_latent {
    int64_t cells, width;
    float *state;          /* z, m, v: (3, cells, width) */
    const float *gradient; /* (cells, width) */
    const float *mask;     /* (cells), or NULL where everything moves */
    const float *limits;   /* (2, width): least and largest value of every channel; or NULL */
} vqc_cuda_latent;

/* One step: g = mask · (gradient + l2_slope · z), then Adam on z, then the limits. */
cudaError_t vqc_cuda_latent_step(const vqc_cuda_latent *latent, const vqc_cuda_latent_numbers *numbers,
                                 cudaStream_t stream);

#ifdef __cplusplus
}
#endif

#endif
