#ifndef VQC_OPS_CUDA_FRAMING_H
#define VQC_OPS_CUDA_FRAMING_H

#include <stdbool.h>
#include <stdint.h>

#include <cuda_runtime_api.h>

#include "base/dtype.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Pictures within larger ones: inner (batch, height, width, channels) lies in outer (batch, outer_height,
 * outer_width, outer_channels) from row `top` and column `left` on, as its first channels. The rest is zero. So
 * convolutions get padding that is not the same on opposite sides, and numbers of channels that their kernels like.
 */
typedef struct vqc_cuda_framing {
    int64_t batch, height, width, channels;
    int64_t outer_height, outer_width, outer_channels;
    int64_t top, left;
} vqc_cuda_framing;

/* outer = inner in its frame of zeros. */
cudaError_t vqc_cuda_frame(vqc_dtype dtype, const vqc_cuda_framing *framing, const void *inner, void *outer,
                           cudaStream_t stream);

/* inner (+)= what lies there in outer. */
cudaError_t vqc_cuda_unframe(vqc_dtype dtype, const vqc_cuda_framing *framing, bool accumulate, const void *outer,
                             void *inner, cudaStream_t stream);

/* target (pixels, channels) = the first channels of source (pixels, source_channels) + bias (channels), f32, or NULL
 * + residual (pixels, channels) or NULL, added in f32. Source may be the target if it has as many channels. */
cudaError_t vqc_cuda_convolution_finish(vqc_dtype dtype, int64_t pixels, int64_t channels, int64_t source_channels,
                                        const void *source, const float *bias, const void *residual, void *target,
                                        cudaStream_t stream);

#ifdef __cplusplus
}
#endif

#endif
