#include "ops/cuda/pointwise.cuh"
#include "ops/cuda/reduce.cuh"
#include "ops/cuda/step.h"
#include "ops/latent_formulas.h"

namespace
{

enum {
    MEASURE_THREADS = 1024,
    AHEAD = 8 /* elements that a thread reads before it measures them */
};

__global__ void __launch_bounds__(VQC_CUDA_THREADS) step_kernel(vqc_latent latent, const vqc_latent_numbers *numbers)
{
    int64_t count = latent.cells * latent.width;
    const vqc_adam adam = numbers->adam;
    float slope = numbers->l2_slope;
    for (int64_t i = vqc_cuda_first(); i < count; i += vqc_cuda_step()) {
        vqc_cuda_quotient at = vqc_cuda_divide(i, latent.width);
        float *z = latent.state + i;
        float moves = latent.mask == NULL ? 1.0F : latent.mask[at.whole];
        float gradient = moves * (latent.gradient[i] + slope * *z);
        vqc_formula_adam(&adam, gradient, z, z + count, z + 2 * count);
        if (latent.limits != NULL)
            *z = vqc_formula_limit(*z, latent.limits[at.rest], latent.limits[latent.width + at.rest]);
    }
}

/* One block of threads. */
__global__ void __launch_bounds__(MEASURE_THREADS)
    measure_kernel(const float *z, int64_t count, vqc_latent_measures *measures)
{
    __shared__ double doubles[VQC_CUDA_WARP];
    __shared__ unsigned long long words[VQC_CUDA_WARP];
    double squares = 0.0;
    unsigned long long digest = 0;
    unsigned long long not_finite = 0;
    for (int64_t first = threadIdx.x; first < count; first += AHEAD * MEASURE_THREADS) {
        float values[AHEAD];
#pragma unroll
        for (int k = 0; k < AHEAD; k++)
            values[k] = first + k * MEASURE_THREADS < count ? z[first + k * MEASURE_THREADS] : 0.0F;
#pragma unroll
        for (int k = 0; k < AHEAD; k++) {
            int64_t i = first + k * MEASURE_THREADS;
            if (i >= count)
                break;
            squares += (double)values[k] * (double)values[k];
            digest += vqc_formula_latent_word((uint64_t)i, __float_as_uint(values[k]));
            not_finite += isfinite(values[k]) ? 0 : 1;
        }
    }
    squares = vqc_cuda_block_sum(squares, doubles);
    digest = vqc_cuda_block_sum(digest, words);
    not_finite = vqc_cuda_block_sum(not_finite, words);
    if (threadIdx.x == 0) {
        measures->squares = squares;
        measures->digest = digest;
        measures->not_finite = (int64_t)not_finite;
    }
}

} // namespace

cudaError_t vqc_cuda_latent_step(const vqc_latent *latent, const vqc_latent_numbers *numbers, cudaStream_t stream)
{
    int64_t blocks = vqc_cuda_pieces(latent->cells * latent->width, VQC_CUDA_THREADS);
    return vqc_cuda_launch(stream, blocks, step_kernel, *latent, numbers);
}

cudaError_t vqc_cuda_latent_measure(const float *z, int64_t count, vqc_latent_measures *measures, cudaStream_t stream)
{
    cudaLaunchConfig_t config = {};
    config.gridDim = dim3(1);
    config.blockDim = dim3(MEASURE_THREADS);
    config.stream = stream;
    return cudaLaunchKernelEx(&config, measure_kernel, z, count, measures);
}
