#include "ops/cuda/pointwise.cuh"
#include "ops/cuda/reduce.cuh"
#include "ops/cuda/step.h"
#include "ops/latent_formulas.h"

namespace
{

/* A latent is measured in parts, whose number is the same on every GPU, each by a block of threads. */
enum { PARTS = 64 };

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

/* The sums of all threads of the block, written by its first. */
__device__ void measures_store(double squares, unsigned long long digest, unsigned long long not_finite,
                               vqc_latent_measures *measures)
{
    __shared__ double doubles[VQC_CUDA_WARP];
    __shared__ unsigned long long words[VQC_CUDA_WARP];
    squares = vqc_cuda_block_sum(squares, doubles);
    digest = vqc_cuda_block_sum(digest, words);
    not_finite = vqc_cuda_block_sum(not_finite, words);
    if (threadIdx.x == 0)
        *measures = vqc_latent_measures{squares, digest, (int64_t)not_finite};
}

__global__ void __launch_bounds__(VQC_CUDA_THREADS)
    measure_part_kernel(const float *z, int64_t count, vqc_latent_measures *parts)
{
    double squares = 0.0;
    unsigned long long digest = 0;
    unsigned long long not_finite = 0;
    for (int64_t i = vqc_cuda_first(); i < count; i += PARTS * VQC_CUDA_THREADS) {
        float value = z[i];
        squares += (double)value * (double)value;
        digest += vqc_formula_latent_word((uint64_t)i, __float_as_uint(value));
        not_finite += isfinite(value) ? 0 : 1;
    }
    measures_store(squares, digest, not_finite, parts + blockIdx.x);
}

__global__ void __launch_bounds__(PARTS)
    measures_sum_kernel(const vqc_latent_measures *parts, vqc_latent_measures *measures)
{
    const vqc_latent_measures part = parts[threadIdx.x];
    measures_store(part.squares, part.digest, (unsigned long long)part.not_finite, measures);
}

} // namespace

cudaError_t vqc_cuda_latent_step(const vqc_latent *latent, const vqc_latent_numbers *numbers, cudaStream_t stream)
{
    int64_t blocks = vqc_cuda_pieces(latent->cells * latent->width, VQC_CUDA_THREADS);
    return vqc_cuda_launch(stream, blocks, step_kernel, *latent, numbers);
}

size_t vqc_cuda_latent_measure_size(void)
{
    return PARTS * sizeof(vqc_latent_measures);
}

cudaError_t vqc_cuda_latent_measure(const float *z, int64_t count, void *parts, vqc_latent_measures *measures,
                                    cudaStream_t stream)
{
    vqc_latent_measures *of_parts = static_cast<vqc_latent_measures *>(parts);
    measure_part_kernel<<<PARTS, VQC_CUDA_THREADS, 0, stream>>>(z, count, of_parts);
    measures_sum_kernel<<<1, PARTS, 0, stream>>>(of_parts, measures);
    return cudaGetLastError();
}
