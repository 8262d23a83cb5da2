#ifndef VQC_OPS_CUDA_ATTENTION_KERNELS_H
#define VQC_OPS_CUDA_ATTENTION_KERNELS_H

#include <stdbool.h>
#include <stdint.h>

#include <cuda_runtime_api.h>

#include "base/dtype.h"
#include "ops/operation.h"

#ifdef __cplusplus
extern "C" {
#endif

/* One head of one sequence is a pair, number sequence · heads + head; `first` and `count` say which pairs are meant.
 */
typedef struct vqc_cuda_pairs {
    int64_t first, count;
} vqc_cuda_pairs;

/* Where the heads of q, k, v or the output lie in a tensor: element i of token t of head h of sequence b is element
 * (b · tokens + t) · row_stride + offset + h · head_width + i. */
typedef struct vqc_cuda_heads {
    int64_t tokens, heads, head_width;
    int64_t row_stride, offset;
} vqc_cuda_heads;

/* All of an attention's. q lies in input 0; k and v there as well if it is packed, else in input 1. Gradients lie as
 * what they belong to. */
typedef struct vqc_cuda_attention_heads {
    vqc_cuda_heads query, key, value, output;
} vqc_cuda_attention_heads;

static inline vqc_cuda_attention_heads vqc_cuda_attention_heads_of(const vqc_attention *o)
{
    int64_t width = o->heads * o->head_width;
    vqc_cuda_heads output = {o->queries, o->heads, o->head_width, width, 0};
    vqc_cuda_attention_heads heads = {output, output, output, output};
    heads.query.row_stride = o->packed ? 3 * width : width;
    heads.key.tokens = o->keys;
    heads.key.row_stride = o->packed ? 3 * width : 2 * width;
    heads.key.offset = o->packed ? width : 0;
    heads.value = heads.key;
    heads.value.offset += width;
    return heads;
}

/* target (count, tokens, head_width) = those pairs' heads of the tensor. */
cudaError_t vqc_cuda_heads_gather(vqc_dtype dtype, const vqc_cuda_heads *heads, vqc_cuda_pairs pairs,
                                  const void *tensor, void *target, cudaStream_t stream);

/* The tensor's elements (+)= source (count, tokens, head_width), f32. */
cudaError_t vqc_cuda_heads_scatter(vqc_dtype dtype, const vqc_cuda_heads *heads, vqc_cuda_pairs pairs,
                                   bool accumulate, const float *source, void *tensor, cudaStream_t stream);

/* Rows of scores, one for each query of each pair: row r is that of query r % queries, has `keys` elements and begins
 * at element r · stride. `causal`: query q sees the keys 0..q only; the probability of the others is 0. */
typedef struct vqc_cuda_scores {
    int64_t rows, queries, keys, stride;
    bool causal;
} vqc_cuda_scores;

/* Makes the scores of a sequence's keys where `seen` (sequences, keys) is 0 so small that their probability is 0. Its
 * rows are those of the pairs, of which each sequence has `heads`. */
cudaError_t vqc_cuda_scores_hide(const vqc_cuda_scores *shape, int64_t heads, vqc_cuda_pairs pairs,
                                 const int32_t *seen, float *score, cudaStream_t stream);

/* probability = softmax(score) by rows; score f32, probability of the dtype. With f32 they may be the same memory. */
cudaError_t vqc_cuda_softmax(vqc_dtype dtype, const vqc_cuda_scores *shape, const float *score, void *probability,
                             cudaStream_t stream);

/* With p = softmax(score) and the gradient g of p, f32: probability = p, grad_score = p (g − Σ p g). With f32,
 * probability may be the memory of score, and grad_score that of grad_probability. */
cudaError_t vqc_cuda_softmax_gradient(vqc_dtype dtype, const vqc_cuda_scores *shape, const float *score,
                                      const float *grad_probability, void *probability, void *grad_score,
                                      cudaStream_t stream);

#ifdef __cplusplus
}
#endif

#endif
