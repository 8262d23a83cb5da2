#include "ops/cuda/element.cuh"
#include "ops/cuda/kernels.h"
#include "ops/cuda/pointwise.cuh"
#include "ops/cuda/vector.cuh"

namespace
{

/* Rows of pixels are counted over all pictures. A thread takes a vector of V channels of an input pixel, to which a
 * square of four output pixels belongs. */
struct squares {
    int64_t count;          /* of vectors of the input */
    int64_t width, vectors; /* of the input, of a pixel */
};

/* The element of the output at which the upper left pixel of square number i begins, for these channels. */
template <int V> __device__ int64_t square_at(const squares &s, int64_t i)
{
    vqc_cuda_quotient at_vector = vqc_cuda_divide(i, s.vectors);
    vqc_cuda_quotient at = vqc_cuda_divide(at_vector.whole, s.width);
    int64_t pixel = 2 * at.whole * 2 * s.width + 2 * at.rest;
    return (pixel * s.vectors + at_vector.rest) * V;
}

template <typename T, int V>
__global__ void __launch_bounds__(VQC_CUDA_THREADS) repeat_kernel(squares s, const T *input, T *output)
{
    const int64_t pixel = s.vectors * V; /* elements */
    const int64_t row = 2 * s.width * pixel;
    for (int64_t i = vqc_cuda_first(); i < s.count; i += vqc_cuda_step()) {
        const vqc_cuda_vector<T, V> value = vqc_cuda_vector_load<V>(input, i * V);
        const int64_t upper = square_at<V>(s, i);
        vqc_cuda_vector_store(output, upper, value);
        vqc_cuda_vector_store(output, upper + pixel, value);
        vqc_cuda_vector_store(output, upper + row, value);
        vqc_cuda_vector_store(output, upper + row + pixel, value);
    }
}

/* An input pixel's gradient: the sum over its square. */
template <typename T, int V>
__global__ void __launch_bounds__(VQC_CUDA_THREADS)
    square_sum_kernel(squares s, const T *grad_output, bool accumulate, T *grad_input)
{
    const int64_t pixel = s.vectors * V; /* elements */
    const int64_t row = 2 * s.width * pixel;
    for (int64_t i = vqc_cuda_first(); i < s.count; i += vqc_cuda_step()) {
        const int64_t upper = square_at<V>(s, i);
        const vqc_cuda_vector<T, V> a = vqc_cuda_vector_load<V>(grad_output, upper);
        const vqc_cuda_vector<T, V> b = vqc_cuda_vector_load<V>(grad_output, upper + pixel);
        const vqc_cuda_vector<T, V> c = vqc_cuda_vector_load<V>(grad_output, upper + row);
        const vqc_cuda_vector<T, V> d = vqc_cuda_vector_load<V>(grad_output, upper + row + pixel);
        vqc_cuda_vector<T, V> before = {};
        if (accumulate)
            before = vqc_cuda_vector_load<V>(grad_input, i * V);
        float values[V];
#pragma unroll
        for (int v = 0; v < V; v++) {
            float above = vqc_cuda_vector_get(a, v) + vqc_cuda_vector_get(b, v);
            float below = vqc_cuda_vector_get(c, v) + vqc_cuda_vector_get(d, v);
            values[v] = above + below;
            if (accumulate)
                values[v] = vqc_cuda_vector_get(before, v) + values[v];
        }
        vqc_cuda_vector_store(grad_input, i * V, vqc_cuda_vector_of<T>(values));
    }
}

squares squares_of(const vqc_upsample *o, int64_t vector)
{
    return squares{o->batch * o->height * o->width * o->channels / vector, o->width, o->channels / vector};
}

template <typename T, int V> cudaError_t forward_with(const vqc_cuda_call *call, const vqc_forward *arguments)
{
    const squares s = squares_of(&call->operation->upsample, V);
    return vqc_cuda_launch(call->stream, vqc_cuda_pieces(s.count, VQC_CUDA_THREADS), repeat_kernel<T, V>, s,
                           static_cast<const T *>(arguments->input[0]), static_cast<T *>(arguments->output));
}

template <typename T, int V> cudaError_t backward_with(const vqc_cuda_call *call, const vqc_backward *arguments)
{
    const squares s = squares_of(&call->operation->upsample, V);
    return vqc_cuda_launch(call->stream, vqc_cuda_pieces(s.count, VQC_CUDA_THREADS), square_sum_kernel<T, V>, s,
                           static_cast<const T *>(arguments->grad_output), arguments->accumulate[0],
                           static_cast<T *>(arguments->grad_input[0]));
}

template <typename T> cudaError_t forward(const vqc_cuda_call *call, const vqc_forward *arguments)
{
    const int widest = vqc_cuda_widest<T>::COUNT;
    return call->operation->upsample.channels % widest == 0 ? forward_with<T, widest>(call, arguments)
                                                            : forward_with<T, 1>(call, arguments);
}

template <typename T> cudaError_t backward(const vqc_cuda_call *call, const vqc_backward *arguments)
{
    const int widest = vqc_cuda_widest<T>::COUNT;
    if (arguments->grad_input[0] == NULL)
        return cudaSuccess;
    return call->operation->upsample.channels % widest == 0 ? backward_with<T, widest>(call, arguments)
                                                            : backward_with<T, 1>(call, arguments);
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

const vqc_cuda_kernels vqc_cuda_upsample_kernels = {
    .prepare = NULL, .forward = run_forward, .backward = run_backward};
