#include "ops/cuda/element.cuh"
#include "ops/cuda/kernels.h"
#include "ops/cuda/pointwise.cuh"

namespace
{

/* Rows of pixels are counted over all pictures. */

template <typename T> struct nearest_value {
    int64_t width, channels; /* of the input */
    const T *input;

    __device__ float operator()(int64_t i) const
    {
        vqc_cuda_quotient at_channel = vqc_cuda_divide(i, channels);
        vqc_cuda_quotient at_column = vqc_cuda_divide(at_channel.whole, 2 * width);
        int64_t pixel = at_column.whole / 2 * width + at_column.rest / 2;
        return vqc_cuda_load(input, pixel * channels + at_channel.rest);
    }
};

/* An input pixel's gradient: the sum over 2 × 2 output pixels. */
template <typename T> struct square_sum {
    int64_t width, channels; /* of the input */
    const T *grad_output;

    __device__ float operator()(int64_t i) const
    {
        vqc_cuda_quotient at_channel = vqc_cuda_divide(i, channels);
        vqc_cuda_quotient at_column = vqc_cuda_divide(at_channel.whole, width);
        int64_t out_row = 2 * width * channels; /* elements */
        int64_t upper = 2 * at_column.whole * out_row + 2 * at_column.rest * channels + at_channel.rest;
        int64_t lower = upper + out_row;
        float above = vqc_cuda_load(grad_output, upper) + vqc_cuda_load(grad_output, upper + channels);
        float below = vqc_cuda_load(grad_output, lower) + vqc_cuda_load(grad_output, lower + channels);
        return above + below;
    }
};

template <typename T> cudaError_t forward(const vqc_cuda_call *call, const vqc_forward *arguments)
{
    const vqc_upsample *o = &call->operation->upsample;
    int64_t count = 4 * o->batch * o->height * o->width * o->channels;
    const nearest_value<T> value = {o->width, o->channels, static_cast<const T *>(arguments->input[0])};
    return vqc_cuda_elements_run(value, false, static_cast<T *>(arguments->output), count, call->stream);
}

template <typename T> cudaError_t backward(const vqc_cuda_call *call, const vqc_backward *arguments)
{
    const vqc_upsample *o = &call->operation->upsample;
    int64_t count = o->batch * o->height * o->width * o->channels;
    if (arguments->grad_input[0] == NULL)
        return cudaSuccess;
    const square_sum<T> value = {o->width, o->channels, static_cast<const T *>(arguments->grad_output)};
    return vqc_cuda_elements_run(value, arguments->accumulate[0], static_cast<T *>(arguments->grad_input[0]), count,
                                 call->stream);
}

} // namespace

cudaError_t vqc_cuda_upsample_forward(const vqc_cuda_call *call, const vqc_forward *arguments)
{
    return VQC_CUDA_FOR_DTYPE(forward, call->operation->dtype, call, arguments);
}

cudaError_t vqc_cuda_upsample_backward(const vqc_cuda_call *call, const vqc_backward *arguments)
{
    return VQC_CUDA_FOR_DTYPE(backward, call->operation->dtype, call, arguments);
}
