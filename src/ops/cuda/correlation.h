#ifndef VQC_OPS_CUDA_CORRELATION_H
#define VQC_OPS_CUDA_CORRELATION_H

#include "ops/cuda/plan.h"

/* A cross-correlation by cuDNN, channels last: what a convolution computes, and the gradient of one whose stride
 * is 1. The algorithm is an implicit matrix product, which gives the same bits every time. */
typedef struct vqc_cuda_correlation vqc_cuda_correlation;

/* Input (batch, height, width, in_channels), weight (out_channels, kernel_height, kernel_width, in_channels) and
 * output, all of the plan's dtype; pixels begin at multiples of 16 bytes; as many rows and columns of zeros are added
 * on opposite sides. */
typedef struct vqc_cuda_correlation_shape {
    int64_t batch, height, width, in_channels, out_channels;
    int64_t kernel_height, kernel_width, stride, pad_height, pad_width;
} vqc_cuda_correlation_shape;

static inline int64_t vqc_cuda_correlation_out_height(const vqc_cuda_correlation_shape *shape)
{
    return (shape->height + 2 * shape->pad_height - shape->kernel_height) / shape->stride + 1;
}

static inline int64_t vqc_cuda_correlation_out_width(const vqc_cuda_correlation_shape *shape)
{
    return (shape->width + 2 * shape->pad_width - shape->kernel_width) / shape->stride + 1;
}

/* *correlation_out, to be released with vqc_cuda_correlation_destroy, which takes NULL too, is NULL where cuDNN has
 * no such algorithm for the shape; the status is then VQC_OK. */
VQC_MUST_CHECK vqc_status vqc_cuda_correlation_create(const vqc_cuda_plan *plan,
                                                      const vqc_cuda_correlation_shape *shape,
                                                      vqc_cuda_correlation **correlation_out, vqc_error *error);
void vqc_cuda_correlation_destroy(vqc_cuda_correlation *correlation);

/* Bytes of workspace that a run needs. */
size_t vqc_cuda_correlation_workspace(const vqc_cuda_correlation *correlation);

/* Device memory, aligned to 16 bytes. */
typedef struct vqc_cuda_correlation_operands {
    const void *input;
    const void *weight;
    void *output;
    void *workspace;
} vqc_cuda_correlation_operands;

/* output = the correlation */
VQC_MUST_CHECK vqc_status vqc_cuda_correlation_run(const vqc_cuda_correlation *correlation,
                                                   const vqc_cuda_correlation_operands *operands, vqc_error *error);

/* output = the correlation + bias (out_channels), of the dtype, + added, laid out as output, which it may be, or
 * NULL; rounded once. Sets *done_out; where that is false, cuDNN does not have this for the shape and nothing has
 * been computed. The answer is a function of the shape, the library and the kind of device. */
VQC_MUST_CHECK vqc_status vqc_cuda_correlation_run_with(const vqc_cuda_correlation *correlation,
                                                        const vqc_cuda_correlation_operands *operands,
                                                        const void *bias, const void *added, bool *done_out,
                                                        vqc_error *error);

/* The gradient with respect to the input, by cuDNN's backward algorithm 1, the one without atomics. `prepare` adds to
 * the workspace what it needs and sets *offered_out; where that is false, cuDNN does not have it for the shape. In
 * `run`, operands' input is the gradient of the output, and operands' output becomes that of the input. */
VQC_MUST_CHECK vqc_status vqc_cuda_correlation_gradient_prepare(vqc_cuda_correlation *correlation, bool *offered_out,
                                                                vqc_error *error);
VQC_MUST_CHECK vqc_status vqc_cuda_correlation_gradient_run(const vqc_cuda_correlation *correlation,
                                                            const vqc_cuda_correlation_operands *operands,
                                                            vqc_error *error);

#endif
