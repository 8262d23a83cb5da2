#include "ops/cuda/pointwise.cuh"
#include "ops/cuda/step.h"
#include "ops/sum_formulas.h"

namespace
{

__global__ void __launch_bounds__(VQC_CUDA_THREADS) add_kernel(int64_t *sum, const float *values, int64_t count)
{
    for (int64_t i = vqc_cuda_first(); i < count; i += vqc_cuda_step())
        sum[i] = vqc_formula_sum_add(sum[i], values[i]);
}

/* *marks is zero at first; whole numbers, so that the order of adding does not matter. */
__global__ void __launch_bounds__(VQC_CUDA_THREADS)
    clear_marks_kernel(int64_t *sum, int64_t count, unsigned long long *marks)
{
    for (int64_t i = vqc_cuda_first(); i < count; i += vqc_cuda_step()) {
        if (sum[i] != INT64_MAX)
            continue;
        sum[i] = 0;
        atomicAdd(marks, 1ULL);
    }
}

__global__ void __launch_bounds__(VQC_CUDA_THREADS) read_kernel(const int64_t *sum, float *values, int64_t count)
{
    for (int64_t i = vqc_cuda_first(); i < count; i += vqc_cuda_step())
        values[i] = vqc_formula_sum_read(sum[i]);
}

} // namespace

cudaError_t vqc_cuda_gradient_sum_add(int64_t *sum, const float *values, int64_t count, cudaStream_t stream)
{
    return vqc_cuda_launch(stream, vqc_cuda_pieces(count, VQC_CUDA_THREADS), add_kernel, sum, values, count);
}

cudaError_t vqc_cuda_gradient_sum_clear_marks(int64_t *sum, int64_t count, int64_t *marks, cudaStream_t stream)
{
    cudaError_t result = cudaMemsetAsync(marks, 0, sizeof *marks, stream);
    if (result != cudaSuccess)
        return result;
    return vqc_cuda_launch(stream, vqc_cuda_pieces(count, VQC_CUDA_THREADS), clear_marks_kernel, sum, count,
                           reinterpret_cast<unsigned long long *>(marks));
}

cudaError_t vqc_cuda_gradient_sum_read(const int64_t *sum, float *values, int64_t count, cudaStream_t stream)
{
    return vqc_cuda_launch(stream, vqc_cuda_pieces(count, VQC_CUDA_THREADS), read_kernel, sum, values, count);
}
