#include "ops/cuda/pointwise.cuh"
#include "ops/cuda/step.h"

namespace
{

/* A thread for each target; its crops in their order. */
__global__ void __launch_bounds__(VQC_CUDA_THREADS) weigh_kernel(vqc_weighing w)
{
    int32_t real = *w.real;
    for (int64_t t = vqc_cuda_first(); t < w.targets; t += vqc_cuda_step()) {
        double weight = w.weights[t];
        double stop = w.stops[t];
        double sum = 0.0;
        for (int64_t crop = 0; crop < w.crops; crop++) {
            double distance = (double)w.distances[crop * w.targets + t];
            double signed_distance = weight < 0.0 ? -distance : distance;
            bool counts = crop < real;
            w.gradients[crop * w.targets + t] = counts && signed_distance > stop ? (float)weight : 0.0F;
            if (counts)
                sum += distance;
        }
        w.sums[t] = sum;
    }
}

} // namespace

cudaError_t vqc_cuda_distances_weigh(const vqc_weighing *weighing, cudaStream_t stream)
{
    return vqc_cuda_launch(stream, vqc_cuda_pieces(weighing->targets, VQC_CUDA_THREADS), weigh_kernel, *weighing);
}
