#include "ops/cuda/pointwise.cuh"
#include "ops/cuda/reduce.cuh"
#include "ops/cuda/step.h"
#include "ops/latent_formulas.h"

namespace
{

/* Sums over a latent are made in parts, each by a block of threads; their number is the same on every GPU. */
enum { PARTS = 64 };

/* What an optimiser that projects needs between its two passes: every block's sums, then what comes of them. */
typedef struct projection_parts {
    vqc_projection_sums sums[PARTS];
    vqc_projection projection;
} projection_parts;

__device__ __forceinline__ bool moves(const vqc_latent &latent, int64_t cell)
{
    return latent.mask == NULL || latent.mask[cell] != 0.0F;
}

__device__ __forceinline__ float whole_gradient(const vqc_latent &latent, const vqc_latent_numbers *numbers,
                                                int64_t i)
{
    float origin = latent.origin == NULL ? 0.0F : latent.origin[i];
    return vqc_formula_whole_gradient(latent.gradient[i], numbers->l2_slope, numbers->decay, latent.state[i], origin);
}

/* `parts` is looked at only by an optimiser that projects. */
__global__ void __launch_bounds__(VQC_CUDA_THREADS)
    step_kernel(vqc_latent latent, const vqc_latent_numbers *numbers, const projection_parts *parts)
{
    int64_t count = latent.cells * latent.width;
    const vqc_update update = numbers->update;
    vqc_projection projection = {};
    if (vqc_optimiser_traits_of(latent.optimiser).projects)
        projection = parts->projection;
    for (int64_t i = vqc_cuda_first(); i < count; i += vqc_cuda_step()) {
        vqc_cuda_quotient at = vqc_cuda_divide(i, latent.width);
        float *z = latent.state + i;
        if (moves(latent, at.whole)) {
            float before = *z;
            vqc_formula_update(latent.optimiser, &update, projection, whole_gradient(latent, numbers, i), z, count);
            if (latent.mask != NULL)
                *z = vqc_formula_share(before, *z, latent.mask[at.whole]);
        }
        if (latent.limits != NULL)
            *z = vqc_formula_limit(*z, latent.limits[at.rest], latent.limits[latent.width + at.rest]);
        if (latent.average != NULL)
            latent.average[i] = vqc_formula_average(latent.average[i], *z, numbers->average_share);
    }
}

/* The sums of all threads of the block, the same in every thread. */
__device__ vqc_projection_sums sums_of_block(vqc_projection_sums sums)
{
    __shared__ double scratch[VQC_CUDA_WARP];
    sums.gradients = vqc_cuda_block_sum(sums.gradients, scratch);
    sums.latents = vqc_cuda_block_sum(sums.latents, scratch);
    sums.products = vqc_cuda_block_sum(sums.products, scratch);
    sums.directions = vqc_cuda_block_sum(sums.directions, scratch);
    sums.elements = vqc_cuda_block_sum(sums.elements, scratch);
    return sums;
}

__global__ void __launch_bounds__(VQC_CUDA_THREADS)
    projection_part_kernel(vqc_latent latent, const vqc_latent_numbers *numbers, projection_parts *parts)
{
    int64_t count = latent.cells * latent.width;
    const float *m = latent.state + count;
    const float *v = m + count;
    const vqc_update update = numbers->update;
    vqc_projection_sums sums = {};
    for (int64_t i = vqc_cuda_first(); i < count; i += PARTS * VQC_CUDA_THREADS)
        if (moves(latent, vqc_cuda_divide(i, latent.width).whole))
            vqc_formula_projection_add(&sums, &update, whole_gradient(latent, numbers, i), latent.state[i], m[i],
                                       v[i]);
    sums = sums_of_block(sums);
    if (threadIdx.x == 0)
        parts->sums[blockIdx.x] = sums;
}

__global__ void __launch_bounds__(PARTS)
    projection_kernel(const vqc_latent_numbers *numbers, int used, projection_parts *parts)
{
    vqc_projection_sums sums = {};
    if ((int)threadIdx.x < used)
        sums = parts->sums[threadIdx.x];
    sums = sums_of_block(sums);
    if (threadIdx.x == 0)
        parts->projection = vqc_formula_projection(&numbers->update, &sums);
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
    measure_part_kernel(const float *z, const float *origin, int64_t count, vqc_latent_measures *parts)
{
    double squares = 0.0;
    unsigned long long digest = 0;
    unsigned long long not_finite = 0;
    for (int64_t i = vqc_cuda_first(); i < count; i += PARTS * VQC_CUDA_THREADS) {
        float value = z[i];
        double offset = (double)value - (origin == NULL ? 0.0 : (double)origin[i]);
        squares += offset * offset;
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

size_t vqc_cuda_latent_parts_size(void)
{
    size_t measures = PARTS * sizeof(vqc_latent_measures);
    return measures > sizeof(projection_parts) ? measures : sizeof(projection_parts);
}

cudaError_t vqc_cuda_latent_step(const vqc_latent *latent, const vqc_latent_numbers *numbers, void *parts,
                                 cudaStream_t stream)
{
    projection_parts *of_parts = static_cast<projection_parts *>(parts);
    int64_t blocks = vqc_cuda_pieces(latent->cells * latent->width, VQC_CUDA_THREADS);
    if (vqc_optimiser_traits_of(latent->optimiser).projects) {
        int used = blocks < PARTS ? (int)blocks : PARTS; /* a small latent fills fewer */
        projection_part_kernel<<<used, VQC_CUDA_THREADS, 0, stream>>>(*latent, numbers, of_parts);
        projection_kernel<<<1, PARTS, 0, stream>>>(numbers, used, of_parts);
        cudaError_t launched = cudaGetLastError();
        if (launched != cudaSuccess)
            return launched;
    }
    return vqc_cuda_launch(stream, blocks, step_kernel, *latent, numbers,
                           static_cast<const projection_parts *>(of_parts));
}

cudaError_t vqc_cuda_latent_measure(const float *z, const float *origin, int64_t count, void *parts,
                                    vqc_latent_measures *measures, cudaStream_t stream)
{
    vqc_latent_measures *of_parts = static_cast<vqc_latent_measures *>(parts);
    measure_part_kernel<<<PARTS, VQC_CUDA_THREADS, 0, stream>>>(z, origin, count, of_parts);
    measures_sum_kernel<<<1, PARTS, 0, stream>>>(of_parts, measures);
    return cudaGetLastError();
}
