#include "ops/cuda/attention_kernels.h"
#include "ops/cuda/element.cuh"
#include "ops/cuda/reduce.cuh"
#include "ops/formulas.h"

enum { ROW_THREADS = 128 };

/* Where element `index` of the gathered heads lies in the tensor. */
static __device__ __forceinline__ int64_t tensor_index(const vqc_cuda_heads &h, int64_t first, int64_t index)
{
    int64_t i = index % h.head_width;
    int64_t row = index / h.head_width;
    int64_t token = row % h.tokens;
    int64_t pair = first + row / h.tokens;
    int64_t sequence = pair / h.heads;
    int64_t head = pair % h.heads;
    return (sequence * h.tokens + token) * h.row_stride + h.offset + head * h.head_width + i;
}

template <typename T>
static __global__ void gather_kernel(vqc_cuda_heads h, int64_t first, const T *tensor, T *target, int64_t count)
{
    for (int64_t i = vqc_cuda_first(); i < count; i += vqc_cuda_step())
        target[i] = tensor[tensor_index(h, first, i)];
}

template <typename T>
static __global__ void scatter_kernel(vqc_cuda_heads h, int64_t first, bool accumulate, const float *source,
                                      T *tensor, int64_t count)
{
    for (int64_t i = vqc_cuda_first(); i < count; i += vqc_cuda_step())
        vqc_cuda_store_gradient(tensor, tensor_index(h, first, i), source[i], accumulate);
}

static __global__ void hide_kernel(vqc_cuda_scores shape, int64_t heads, int64_t first, const int32_t *seen,
                                   float *score, int64_t count)
{
    for (int64_t i = vqc_cuda_first(); i < count; i += vqc_cuda_step()) {
        int64_t row = i / shape.keys;
        int64_t key = i % shape.keys;
        int64_t sequence = (first + row / shape.queries) / heads;
        if (seen[sequence * shape.keys + key] == 0)
            score[row * shape.stride + key] = -INFINITY;
    }
}

/* A row's scores, and what makes probabilities of them: exp(score − maximum) / sum. */
typedef struct score_row {
    const float *score;
    int64_t visible; /* number of keys that the query sees */
    float maximum, sum;
} score_row;

/* For all threads of the block, which work on one row. */
static __device__ score_row row_prepare(const vqc_cuda_scores &shape, const float *score, float *scratch)
{
    score_row row;
    int64_t query = blockIdx.x % shape.queries;
    row.score = score + blockIdx.x * shape.stride;
    row.visible = shape.causal && query + 1 < shape.keys ? query + 1 : shape.keys;
    row.maximum = -INFINITY;
    for (int64_t k = threadIdx.x; k < row.visible; k += blockDim.x)
        row.maximum = vqc_cuda_maximum(row.maximum, row.score[k]);
    row.maximum = vqc_cuda_block_maximum(row.maximum, scratch);
    row.sum = 0.0F;
    for (int64_t k = threadIdx.x; k < row.visible; k += blockDim.x)
        row.sum += vqc_formula_exp(row.score[k] - row.maximum);
    row.sum = vqc_cuda_block_sum(row.sum, scratch);
    return row;
}

static __device__ __forceinline__ float row_probability(const score_row &row, int64_t key)
{
    return key < row.visible ? vqc_formula_exp(row.score[key] - row.maximum) / row.sum : 0.0F;
}

template <typename T> static __global__ void softmax_kernel(vqc_cuda_scores shape, const float *score, T *probability)
{
    __shared__ float scratch[VQC_CUDA_WARP];
    score_row row = row_prepare(shape, score, scratch);
    int64_t begin = blockIdx.x * shape.stride;
    for (int64_t k = threadIdx.x; k < shape.keys; k += blockDim.x)
        vqc_cuda_store(probability, begin + k, row_probability(row, k));
}

template <typename T>
static __global__ void softmax_gradient_kernel(vqc_cuda_scores shape, const float *score,
                                               const float *grad_probability, T *probability, T *grad_score)
{
    __shared__ float scratch[VQC_CUDA_WARP];
    score_row row = row_prepare(shape, score, scratch);
    int64_t begin = blockIdx.x * shape.stride;
    float mean = 0.0F;
    for (int64_t k = threadIdx.x; k < row.visible; k += blockDim.x)
        mean += row_probability(row, k) * grad_probability[begin + k];
    mean = vqc_cuda_block_sum(mean, scratch);
    for (int64_t k = threadIdx.x; k < shape.keys; k += blockDim.x) {
        float p = row_probability(row, k);
        float gradient = k < row.visible ? p * (grad_probability[begin + k] - mean) : 0.0F;
        vqc_cuda_store(probability, begin + k, p);
        vqc_cuda_store(grad_score, begin + k, gradient);
    }
}

template <typename T>
static cudaError_t gather(const vqc_cuda_heads *h, vqc_cuda_pairs pairs, const void *tensor, void *target,
                          cudaStream_t stream)
{
    int64_t count = pairs.count * h->tokens * h->head_width;
    gather_kernel<<<vqc_cuda_blocks(count), VQC_CUDA_THREADS, 0, stream>>>(*h, pairs.first, (const T *)tensor,
                                                                           (T *)target, count);
    return cudaGetLastError();
}

template <typename T>
static cudaError_t scatter(const vqc_cuda_heads *h, vqc_cuda_pairs pairs, bool accumulate, const float *source,
                           void *tensor, cudaStream_t stream)
{
    int64_t count = pairs.count * h->tokens * h->head_width;
    scatter_kernel<<<vqc_cuda_blocks(count), VQC_CUDA_THREADS, 0, stream>>>(*h, pairs.first, accumulate, source,
                                                                            (T *)tensor, count);
    return cudaGetLastError();
}

template <typename T>
static cudaError_t softmax(const vqc_cuda_scores *shape, const float *score, void *probability, cudaStream_t stream)
{
    softmax_kernel<<<(unsigned)shape->rows, ROW_THREADS, 0, stream>>>(*shape, score, (T *)probability);
    return cudaGetLastError();
}

template <typename T>
static cudaError_t softmax_gradient(const vqc_cuda_scores *shape, const float *score, const float *grad_probability,
                                    void *probability, void *grad_score, cudaStream_t stream)
{
    softmax_gradient_kernel<<<(unsigned)shape->rows, ROW_THREADS, 0, stream>>>(*shape, score, grad_probability,
                                                                               (T *)probability, (T *)grad_score);
    return cudaGetLastError();
}

cudaError_t vqc_cuda_heads_gather(vqc_dtype dtype, const vqc_cuda_heads *heads, vqc_cuda_pairs pairs,
                                  const void *tensor, void *target, cudaStream_t stream)
{
    return VQC_CUDA_FOR_DTYPE(gather, dtype, heads, pairs, tensor, target, stream);
}

cudaError_t vqc_cuda_heads_scatter(vqc_dtype dtype, const vqc_cuda_heads *heads, vqc_cuda_pairs pairs,
                                   bool accumulate, const float *source, void *tensor, cudaStream_t stream)
{
    return VQC_CUDA_FOR_DTYPE(scatter, dtype, heads, pairs, accumulate, source, tensor, stream);
}

cudaError_t vqc_cuda_scores_hide(const vqc_cuda_scores *shape, int64_t heads, vqc_cuda_pairs pairs,
                                 const int32_t *seen, float *score, cudaStream_t stream)
{
    int64_t count = shape->rows * shape->keys;
    hide_kernel<<<vqc_cuda_blocks(count), VQC_CUDA_THREADS, 0, stream>>>(*shape, heads, pairs.first, seen, score,
                                                                         count);
    return cudaGetLastError();
}

cudaError_t vqc_cuda_softmax(vqc_dtype dtype, const vqc_cuda_scores *shape, const float *score, void *probability,
                             cudaStream_t stream)
{
    return VQC_CUDA_FOR_DTYPE(softmax, dtype, shape, score, probability, stream);
}

cudaError_t vqc_cuda_softmax_gradient(vqc_dtype dtype, const vqc_cuda_scores *shape, const float *score,
                                      const float *grad_probability, void *probability, void *grad_score,
                                      cudaStream_t stream)
{
    return VQC_CUDA_FOR_DTYPE(softmax_gradient, dtype, shape, score, grad_probability, probability, grad_score,
                              stream);
}
