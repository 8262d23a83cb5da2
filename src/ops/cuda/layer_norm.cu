#include "ops/cuda/kernels.h"
#include "ops/cuda/pointwise.cuh"
#include "ops/cuda/reduce.cuh"
#include "ops/formulas.h"

namespace
{

enum { WEIGHT, BIAS }; /* parameters */

/* A warp computes a row: it goes over it two or three times, of which the later ones find it in the cache. */
enum { ROWS = VQC_CUDA_THREADS / VQC_CUDA_WARP /* of a block */ };

/* Of each row, what the forward pass leaves for the backward pass. */
typedef struct moments {
    float mean;
    float inverse_deviation;
} moments;

template <typename T> __device__ moments moments_of(const T *x, int64_t width, float epsilon, int lane)
{
    float sum = 0.0F;
    for (int64_t i = lane; i < width; i += VQC_CUDA_WARP)
        sum += vqc_cuda_load(x, i);
    float mean = vqc_cuda_warp_sum(sum) / (float)width;
    float squares = 0.0F;
    for (int64_t i = lane; i < width; i += VQC_CUDA_WARP) {
        float d = vqc_cuda_load(x, i) - mean;
        squares += d * d;
    }
    float variance = vqc_cuda_warp_sum(squares) / (float)width;
    return moments{mean, 1.0F / sqrtf(variance + epsilon)};
}

template <typename T>
__global__ void __launch_bounds__(VQC_CUDA_THREADS)
    forward_kernel(int64_t rows, int64_t width, float epsilon, const float *weight, const float *bias, const T *input,
                   T *output, moments *saved)
{
    int lane = (int)threadIdx.x % VQC_CUDA_WARP;
    for (int64_t row = (int64_t)blockIdx.x * ROWS + threadIdx.x / VQC_CUDA_WARP; row < rows;
         row += (int64_t)gridDim.x * ROWS) {
        const T *x = input + row * width;
        moments m = moments_of(x, width, epsilon, lane);
        if (lane == 0)
            saved[row] = m;
        for (int64_t i = lane; i < width; i += VQC_CUDA_WARP)
            vqc_cuda_store(
                output, row * width + i,
                vqc_formula_normalise(vqc_cuda_load(x, i), m.mean, m.inverse_deviation, weight[i], bias[i]));
    }
}

template <typename T>
__global__ void __launch_bounds__(VQC_CUDA_THREADS)
    backward_kernel(int64_t rows, int64_t width, const float *weight, const T *input, const T *grad_output,
                    const moments *saved, bool accumulate, T *grad_input)
{
    int lane = (int)threadIdx.x % VQC_CUDA_WARP;
    for (int64_t row = (int64_t)blockIdx.x * ROWS + threadIdx.x / VQC_CUDA_WARP; row < rows;
         row += (int64_t)gridDim.x * ROWS) {
        const T *x = input + row * width;
        const T *grad = grad_output + row * width;
        const moments m = saved[row];
        float sum_h = 0.0F;
        float sum_hn = 0.0F;
        for (int64_t i = lane; i < width; i += VQC_CUDA_WARP) {
            float h = vqc_cuda_load(grad, i) * weight[i];
            sum_h += h;
            sum_hn += h * ((vqc_cuda_load(x, i) - m.mean) * m.inverse_deviation);
        }
        float mean_h = vqc_cuda_warp_sum(sum_h) / (float)width;
        float mean_hn = vqc_cuda_warp_sum(sum_hn) / (float)width;
        for (int64_t i = lane; i < width; i += VQC_CUDA_WARP) {
            float h = vqc_cuda_load(grad, i) * weight[i];
            float n = (vqc_cuda_load(x, i) - m.mean) * m.inverse_deviation;
            float value = vqc_formula_normalise_gradient(h, n, mean_h, mean_hn, m.inverse_deviation);
            vqc_cuda_store_gradient(grad_input, row * width + i, value, accumulate);
        }
    }
}

template <typename T> cudaError_t forward(const vqc_cuda_call *call, const vqc_forward *arguments)
{
    const vqc_layer_norm *o = &call->operation->layer_norm;
    return vqc_cuda_launch(call->stream, vqc_cuda_pieces(o->rows, ROWS), forward_kernel<T>, o->rows, o->width,
                           o->epsilon, static_cast<const float *>(call->parameter[WEIGHT]),
                           static_cast<const float *>(call->parameter[BIAS]),
                           static_cast<const T *>(arguments->input[0]), static_cast<T *>(arguments->output),
                           static_cast<moments *>(arguments->saved));
}

template <typename T> cudaError_t backward(const vqc_cuda_call *call, const vqc_backward *arguments)
{
    const vqc_layer_norm *o = &call->operation->layer_norm;
    return vqc_cuda_launch(
        call->stream, vqc_cuda_pieces(o->rows, ROWS), backward_kernel<T>, o->rows, o->width,
        static_cast<const float *>(call->parameter[WEIGHT]), static_cast<const T *>(arguments->input[0]),
        static_cast<const T *>(arguments->grad_output), static_cast<const moments *>(arguments->saved),
        arguments->accumulate[0], static_cast<T *>(arguments->grad_input[0]));
}

} // namespace

size_t vqc_cuda_layer_norm_saved_size(const vqc_layer_norm *shape)
{
    return (size_t)shape->rows * sizeof(moments);
}

cudaError_t vqc_cuda_layer_norm_forward(const vqc_cuda_call *call, const vqc_forward *arguments)
{
    return VQC_CUDA_FOR_DTYPE(forward, call->operation->dtype, call, arguments);
}

cudaError_t vqc_cuda_layer_norm_backward(const vqc_cuda_call *call, const vqc_backward *arguments)
{
    if (arguments->grad_input[0] == NULL)
        return cudaSuccess;
    return VQC_CUDA_FOR_DTYPE(backward, call->operation->dtype, call, arguments);
}
