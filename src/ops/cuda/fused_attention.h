#ifndef VQC_OPS_CUDA_FUSED_ATTENTION_H
#define VQC_OPS_CUDA_FUSED_ATTENTION_H

#include <stdbool.h>
#include <stddef.h>

#include <cuda_runtime_api.h>

#include "ops/ops.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Attention in one kernel forwards and one backwards, in bf16 by the tensor cores. q, k and v are read where they
 * lie in the inputs' rows, and scores never reach memory: they are made in tiles of 64 queries by 64 keys, with the
 * softmax of a row carried from tile to tile (Dao et al., "FlashAttention", 2022; "FlashAttention-2", 2023). Sums are
 * in f32, in an order that the shape alone decides: the backward kernel makes the gradients of q, and those of k and
 * v, each from its own walk through the scores, so that nothing is added across blocks. */

/* Whether the kernels can do this attention: bf16, and a head_width that is a multiple of 8 and at most 128. */
bool vqc_cuda_fused_attention_applies(const vqc_operation *operation);

/* Bytes that the forward pass leaves for the backward pass: of each query of each head, the logarithm to base 2 of
 * the sum of its exponentiated scores, f32. */
size_t vqc_cuda_fused_attention_saved_size(const vqc_attention *shape);

/* forward->saved may be NULL: nothing is left then. The backward kernel reads the output, as rounded. */
cudaError_t vqc_cuda_fused_attention_forward(const vqc_attention *shape, const vqc_forward *arguments,
                                             cudaStream_t stream);
cudaError_t vqc_cuda_fused_attention_backward(const vqc_attention *shape, const vqc_backward *arguments,
                                              cudaStream_t stream);

#ifdef __cplusplus
}
#endif

#endif
