#include "ops/cuda/kernels.h"
#include "ops/cuda/plan.h"
#include "ops/cuda/pointwise.cuh"
#include "ops/pool_formulas.h"

namespace
{

/* The window of every element of one crop. */
__global__ void __launch_bounds__(VQC_CUDA_THREADS)
    windows_pool_kernel(vqc_adaptive_pool o, const float *input, float *output, int32_t *largest)
{
    for (int64_t i = vqc_cuda_first(); i < o.side * o.side * o.channels; i += vqc_cuda_step()) {
        const vqc_cuda_quotient at_channel = vqc_cuda_divide(i, o.channels);
        const vqc_cuda_quotient at = vqc_cuda_divide(at_channel.whole, o.side);
        const int64_t left = vqc_pool_first(at.rest, o.width, o.side);
        const int64_t right = vqc_pool_end(at.rest, o.width, o.side);
        const int64_t top = vqc_pool_first(at.whole, o.height, o.side);
        const int64_t bottom = vqc_pool_end(at.whole, o.height, o.side);
        int64_t best = top * o.width + left;
        float most = input[best * o.channels + at_channel.rest];
        float sum = 0.0F;
        for (int64_t y = top; y < bottom; y++) {
            for (int64_t x = left; x < right; x++) {
                const float value = input[(y * o.width + x) * o.channels + at_channel.rest];
                sum += value;
                if (value > most) {
                    most = value;
                    best = y * o.width + x;
                }
            }
        }
        largest[i] = (int32_t)best;
        output[i] = 0.5F * (sum / (float)((bottom - top) * (right - left)) + most);
    }
}

/* The other crops are like the first. */
__global__ void __launch_bounds__(VQC_CUDA_THREADS) crops_fill_kernel(int64_t size, int64_t count, float *output)
{
    for (int64_t i = size + vqc_cuda_first(); i < count; i += vqc_cuda_step())
        output[i] = output[vqc_cuda_divide(i, size).rest];
}

__global__ void __launch_bounds__(VQC_CUDA_THREADS)
    crops_sum_kernel(int64_t size, int64_t crops, const float *grad_output, float *sums)
{
    for (int64_t i = vqc_cuda_first(); i < size; i += vqc_cuda_step()) {
        float sum = 0.0F;
        for (int64_t crop = 0; crop < crops; crop++)
            sum += grad_output[crop * size + i];
        sums[i] = sum;
    }
}

/* What every input element is given by the windows that it lies in. */
__global__ void __launch_bounds__(VQC_CUDA_THREADS)
    windows_gather_kernel(vqc_adaptive_pool o, const float *sums, const int32_t *largest, bool accumulate,
                          float *grad_input)
{
    for (int64_t i = vqc_cuda_first(); i < o.height * o.width * o.channels; i += vqc_cuda_step()) {
        const vqc_cuda_quotient at_channel = vqc_cuda_divide(i, o.channels);
        const vqc_cuda_quotient at = vqc_cuda_divide(at_channel.whole, o.width);
        const int64_t left = vqc_pool_first(at.rest, o.side, o.width);
        const int64_t right = vqc_pool_end(at.rest, o.side, o.width);
        float gradient = 0.0F;
        for (int64_t y = vqc_pool_first(at.whole, o.side, o.height); y < vqc_pool_end(at.whole, o.side, o.height);
             y++) {
            for (int64_t x = left; x < right; x++) {
                const int64_t place = (y * o.side + x) * o.channels + at_channel.rest;
                float share = 1.0F / (float)vqc_pool_area(o.height, o.width, o.side, y, x);
                share += largest[place] == at_channel.whole ? 1.0F : 0.0F;
                gradient += 0.5F * share * sums[place];
            }
        }
        vqc_cuda_store_gradient(grad_input, i, gradient, accumulate);
    }
}

int64_t crop_size(const vqc_adaptive_pool *o)
{
    return o->side * o->side * o->channels;
}

int64_t blocks_of(int64_t count)
{
    return vqc_cuda_pieces(count, VQC_CUDA_THREADS);
}

} // namespace

static cudaError_t run_forward(const vqc_cuda_call *call, const vqc_forward *arguments)
{
    const vqc_adaptive_pool *o = &call->operation->adaptive_pool;
    const int64_t size = crop_size(o);
    float *output = static_cast<float *>(arguments->output);
    cudaError_t result = vqc_cuda_launch(call->stream, blocks_of(size), windows_pool_kernel, *o,
                                         static_cast<const float *>(arguments->input[0]), output,
                                         static_cast<int32_t *>(arguments->saved));
    if (result == cudaSuccess && o->crops > 1)
        result = vqc_cuda_launch(call->stream, blocks_of((o->crops - 1) * size), crops_fill_kernel, size,
                                 o->crops * size, output);
    return result;
}

static cudaError_t run_backward(const vqc_cuda_call *call, const vqc_backward *arguments)
{
    const vqc_adaptive_pool *o = &call->operation->adaptive_pool;
    const int64_t size = crop_size(o);
    float *sums = static_cast<float *>(arguments->workspace);
    if (arguments->grad_input[0] == NULL)
        return cudaSuccess;
    cudaError_t result = vqc_cuda_launch(call->stream, blocks_of(size), crops_sum_kernel, size, o->crops,
                                         static_cast<const float *>(arguments->grad_output), sums);
    if (result == cudaSuccess)
        result = vqc_cuda_launch(call->stream, blocks_of(o->height * o->width * o->channels), windows_gather_kernel,
                                 *o, static_cast<const float *>(sums), static_cast<const int32_t *>(arguments->saved),
                                 arguments->accumulate[0], static_cast<float *>(arguments->grad_input[0]));
    return result;
}

/* Saved: where the largest are. Workspace: f32 (side, side, channels). */
static vqc_status prepare(vqc_cuda_plan *plan, vqc_error *error)
{
    const size_t size = (size_t)crop_size(&plan->operation.adaptive_pool);
    (void)error;
    plan->sizes.saved = size * sizeof(int32_t);
    plan->sizes.workspace = size * sizeof(float);
    return VQC_OK;
}

const vqc_cuda_kernels vqc_cuda_adaptive_pool_kernels = {
    .prepare = prepare, .forward = run_forward, .backward = run_backward};
