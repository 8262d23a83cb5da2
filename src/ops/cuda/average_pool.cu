#include "ops/cuda/element.cuh"
#include "ops/cuda/kernels.h"
#include "ops/cuda/pointwise.cuh"

namespace
{

/* Rows of pixels are counted over all pictures: windows do not reach over a picture's end. */

template <typename T> struct window_mean {
    int64_t width, channels, window; /* of the input */
    const T *input;

    __device__ float operator()(int64_t i) const
    {
        vqc_cuda_quotient at_channel = vqc_cuda_divide(i, channels);
        vqc_cuda_quotient at_column = vqc_cuda_divide(at_channel.whole, width / window);
        int64_t first = (at_column.whole * window * width + at_column.rest * window) * channels + at_channel.rest;
        float sum = 0.0F;
        for (int64_t y = 0; y < window; y++)
            for (int64_t x = 0; x < window; x++)
                sum += vqc_cuda_load(input, first + (y * width + x) * channels);
        return sum / (float)(window * window);
    }
};

template <typename T> struct window_share {
    int64_t width, channels, window; /* of the input */
    const T *grad_output;

    __device__ float operator()(int64_t i) const
    {
        vqc_cuda_quotient at_channel = vqc_cuda_divide(i, channels);
        vqc_cuda_quotient at_column = vqc_cuda_divide(at_channel.whole, width);
        int64_t out_row = vqc_cuda_divide(at_column.whole, window).whole;
        int64_t out_column = vqc_cuda_divide(at_column.rest, window).whole;
        int64_t out_pixel = out_row * (width / window) + out_column;
        return vqc_cuda_load(grad_output, out_pixel * channels + at_channel.rest) / (float)(window * window);
    }
};

template <typename T> cudaError_t forward(const vqc_cuda_call *call, const vqc_forward *arguments)
{
    const vqc_average_pool *o = &call->operation->average_pool;
    int64_t count = o->batch * (o->height / o->window) * (o->width / o->window) * o->channels;
    const window_mean<T> value = {o->width, o->channels, o->window, static_cast<const T *>(arguments->input[0])};
    return vqc_cuda_elements_run(value, false, static_cast<T *>(arguments->output), count, call->stream);
}

template <typename T> cudaError_t backward(const vqc_cuda_call *call, const vqc_backward *arguments)
{
    const vqc_average_pool *o = &call->operation->average_pool;
    int64_t count = o->batch * o->height * o->width * o->channels;
    if (arguments->grad_input[0] == NULL)
        return cudaSuccess;
    const window_share<T> value = {o->width, o->channels, o->window, static_cast<const T *>(arguments->grad_output)};
    return vqc_cuda_elements_run(value, arguments->accumulate[0], static_cast<T *>(arguments->grad_input[0]), count,
                                 call->stream);
}

} // namespace

static cudaError_t run_forward(const vqc_cuda_call *call, const vqc_forward *arguments)
{
    return VQC_CUDA_FOR_DTYPE(forward, call->operation->dtype, call, arguments);
}

static cudaError_t run_backward(const vqc_cuda_call *call, const vqc_backward *arguments)
{
    return VQC_CUDA_FOR_DTYPE(backward, call->operation->dtype, call, arguments);
}

const vqc_cuda_kernels vqc_cuda_average_pool_kernels = {
    .prepare = NULL, .forward = run_forward, .backward = run_backward};
