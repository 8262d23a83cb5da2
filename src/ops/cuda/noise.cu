#include "ops/cuda/element.cuh"
#include "ops/cuda/gradient.h"
#include "ops/cuda/kernels.h"
#include "ops/cuda/pointwise.cuh"
#include "ops/cuda/vector.cuh"
#include "ops/noise_formulas.h"

namespace
{

/* A thread computes one block of random bits and the elements that it is for. */
__global__ void __launch_bounds__(VQC_CUDA_THREADS)
    noise_kernel(int64_t crops, int64_t count, const float *input, const int32_t *words, float *output)
{
    int64_t blocks = (count + VQC_NOISE_BLOCK - 1) / VQC_NOISE_BLOCK;
    int64_t step = (int64_t)gridDim.x * VQC_CUDA_THREADS;
    for (int64_t i = (int64_t)blockIdx.x * VQC_CUDA_THREADS + threadIdx.x; i < crops * blocks; i += step) {
        vqc_cuda_quotient at = vqc_cuda_divide(i, blocks);
        vqc_noise_block noise = vqc_noise_block_of(words + at.whole * VQC_NOISE_NUMBERS, at.rest);
        int64_t first = at.rest * VQC_NOISE_BLOCK;
        if (count % VQC_NOISE_BLOCK == 0) {
            vqc_cuda_vector<float, VQC_NOISE_BLOCK> values =
                vqc_cuda_vector_load<VQC_NOISE_BLOCK>(input, at.whole * count + first);
#pragma unroll
            for (int k = 0; k < VQC_NOISE_BLOCK; k++)
                values.element[k] += noise.value[k];
            vqc_cuda_vector_store(output, at.whole * count + first, values);
            continue;
        }
        for (int k = 0; k < VQC_NOISE_BLOCK && first + k < count; k++)
            output[at.whole * count + first + k] = input[at.whole * count + first + k] + noise.value[k];
    }
}

} // namespace

static cudaError_t run_forward(const vqc_cuda_call *call, const vqc_forward *arguments)
{
    const vqc_noise *o = &call->operation->noise;
    int64_t threads = o->crops * ((o->count + VQC_NOISE_BLOCK - 1) / VQC_NOISE_BLOCK);
    return vqc_cuda_launch(call->stream, (threads + VQC_CUDA_THREADS - 1) / VQC_CUDA_THREADS, noise_kernel, o->crops,
                           o->count, static_cast<const float *>(arguments->input[0]),
                           static_cast<const int32_t *>(arguments->input[1]),
                           static_cast<float *>(arguments->output));
}

static cudaError_t run_backward(const vqc_cuda_call *call, const vqc_backward *arguments)
{
    const vqc_noise *o = &call->operation->noise;
    if (arguments->grad_input[0] == NULL)
        return cudaSuccess;
    return vqc_cuda_gradient_pass(VQC_DTYPE_F32, arguments->accumulate[0], arguments->grad_input[0],
                                  arguments->grad_output, o->crops * o->count, call->stream);
}

const vqc_cuda_kernels vqc_cuda_noise_kernels = {.prepare = NULL, .forward = run_forward, .backward = run_backward};
