#ifndef VQC_OPS_CUDA_WINDOWS_H
#define VQC_OPS_CUDA_WINDOWS_H

#include <stdbool.h>
#include <stdint.h>

#include <cuda_runtime_api.h>

#include "base/dtype.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The windows of a convolution as the rows of a matrix: row (batch · out_height + y) · out_width + x holds the
 * kernel_height × kernel_width × in_channels elements that output pixel (y, x) sees, zero outside of the picture, and
 * then zeros up to `depth`. */
typedef struct vqc_cuda_windows {
    int64_t batch, height, width, channels;
    int64_t kernel_height, kernel_width, stride, pad_top, pad_left;
    int64_t out_height, out_width;
    int64_t depth;
} vqc_cuda_windows;

/* rows = the windows of picture (batch, height, width, channels), both of the dtype. */
cudaError_t vqc_cuda_windows_gather(vqc_dtype dtype, const vqc_cuda_windows *windows, const void *picture, void *rows,
                                    cudaStream_t stream);

/* picture (+)= for each of its elements the sum, in a fixed order, of those elements of rows, f32, that are it. */
cudaError_t vqc_cuda_windows_add(vqc_dtype dtype, const vqc_cuda_windows *windows, bool accumulate, const float *rows,
                                 void *picture, cudaStream_t stream);

#ifdef __cplusplus
}
#endif

#endif
