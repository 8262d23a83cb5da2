#include "ops/cuda/pointwise.cuh"
#include "ops/cuda/step.h"

namespace
{

__global__ void __launch_bounds__(VQC_CUDA_THREADS)
    step_kernel(vqc_cuda_latent latent, const vqc_cuda_latent_numbers *numbers)
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

} // namespace

cudaError_t vqc_cuda_latent_step(const vqc_cuda_latent *latent, const vqc_cuda_latent_numbers *numbers,
                                 cudaStream_t stream)
{
    int64_t blocks = vqc_cuda_pieces(latent->cells * latent->width, VQC_CUDA_THREADS);
    return vqc_cuda_launch(stream, blocks, step_kernel, *latent, numbers);
}
