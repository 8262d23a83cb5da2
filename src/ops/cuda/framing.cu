#include "ops/cuda/framing.h"
#include "ops/cuda/pointwise.cuh"
#include "ops/cuda/vector.cuh"

/* Where element `index` of the outer picture lies in the inner one; −1 outside of it. */
static __device__ __forceinline__ int64_t inner_index(const vqc_cuda_framing &f, int64_t index)
{
    const vqc_cuda_quotient at_channel = vqc_cuda_divide(index, f.outer_channels);
    const vqc_cuda_quotient at_x = vqc_cuda_divide(at_channel.whole, f.outer_width);
    const vqc_cuda_quotient at_y = vqc_cuda_divide(at_x.whole, f.outer_height);
    int64_t channel = at_channel.rest;
    int64_t x = at_x.rest - f.left;
    int64_t y = at_y.rest - f.top;
    int64_t n = at_y.whole;
    if (channel >= f.channels || x < 0 || x >= f.width || y < 0 || y >= f.height)
        return -1;
    return ((n * f.height + y) * f.width + x) * f.channels + channel;
}

/* Where element `index` of the inner picture lies in the outer one. */
static __device__ __forceinline__ int64_t outer_index(const vqc_cuda_framing &f, int64_t index)
{
    const vqc_cuda_quotient at_channel = vqc_cuda_divide(index, f.channels);
    const vqc_cuda_quotient at_x = vqc_cuda_divide(at_channel.whole, f.width);
    const vqc_cuda_quotient at_y = vqc_cuda_divide(at_x.whole, f.height);
    int64_t pixel = (at_y.whole * f.outer_height + at_y.rest + f.top) * f.outer_width + at_x.rest + f.left;
    return pixel * f.outer_channels + at_channel.rest;
}

template <typename T> static __global__ void frame_kernel(vqc_cuda_framing f, const T *inner, T *outer, int64_t count)
{
    for (int64_t i = vqc_cuda_first(); i < count; i += vqc_cuda_step()) {
        int64_t source = inner_index(f, i);
        vqc_cuda_store(outer, i, source < 0 ? 0.0F : vqc_cuda_load(inner, source));
    }
}

template <typename T>
static __global__ void unframe_kernel(vqc_cuda_framing f, bool accumulate, const T *outer, T *inner, int64_t count)
{
    for (int64_t i = vqc_cuda_first(); i < count; i += vqc_cuda_step())
        vqc_cuda_store_gradient(inner, i, vqc_cuda_load(outer, outer_index(f, i)), accumulate);
}

/* A thread takes V channels of a pixel; both numbers of channels are multiples of V. */
template <typename T, int V>
static __global__ void finish_kernel(int64_t count, int64_t channels, int64_t source_channels, const T *source,
                                     const float *bias, const T *residual, T *target)
{
    for (int64_t i = vqc_cuda_first() * V; i < count; i += vqc_cuda_step() * V) {
        const vqc_cuda_quotient at = vqc_cuda_divide(i, channels);
        const vqc_cuda_vector<T, V> from = vqc_cuda_vector_load<V>(source, at.whole * source_channels + at.rest);
        vqc_cuda_vector<T, V> more = {};
        if (residual != NULL)
            more = vqc_cuda_vector_load<V>(residual, i);
        float values[V];
#pragma unroll
        for (int v = 0; v < V; v++) {
            values[v] = vqc_cuda_vector_get(from, v);
            if (bias != NULL)
                values[v] += bias[at.rest + v];
            if (residual != NULL)
                values[v] += vqc_cuda_vector_get(more, v);
        }
        vqc_cuda_vector_store(target, i, vqc_cuda_vector_of<T>(values));
    }
}

template <typename T>
static cudaError_t frame(const vqc_cuda_framing *f, const void *inner, void *outer, cudaStream_t stream)
{
    int64_t count = f->batch * f->outer_height * f->outer_width * f->outer_channels;
    frame_kernel<<<vqc_cuda_blocks(count), VQC_CUDA_THREADS, 0, stream>>>(*f, (const T *)inner, (T *)outer, count);
    return cudaGetLastError();
}

template <typename T>
static cudaError_t unframe(const vqc_cuda_framing *f, bool accumulate, const void *outer, void *inner,
                           cudaStream_t stream)
{
    int64_t count = f->batch * f->height * f->width * f->channels;
    unframe_kernel<<<vqc_cuda_blocks(count), VQC_CUDA_THREADS, 0, stream>>>(*f, accumulate, (const T *)outer,
                                                                            (T *)inner, count);
    return cudaGetLastError();
}

template <typename T>
static cudaError_t finish(int64_t pixels, int64_t channels, int64_t source_channels, const void *source,
                          const float *bias, const void *residual, void *target, cudaStream_t stream)
{
    const int widest = vqc_cuda_widest<T>::COUNT;
    int64_t count = pixels * channels;
    if (channels % widest == 0 && source_channels % widest == 0)
        finish_kernel<T, widest><<<vqc_cuda_blocks(count / widest), VQC_CUDA_THREADS, 0, stream>>>(
            count, channels, source_channels, (const T *)source, bias, (const T *)residual, (T *)target);
    else
        finish_kernel<T, 1><<<vqc_cuda_blocks(count), VQC_CUDA_THREADS, 0, stream>>>(
            count, channels, source_channels, (const T *)source, bias, (const T *)residual, (T *)target);
    return cudaGetLastError();
}

cudaError_t vqc_cuda_frame(vqc_dtype dtype, const vqc_cuda_framing *framing, const void *inner, void *outer,
                           cudaStream_t stream)
{
    return VQC_CUDA_FOR_DTYPE(frame, dtype, framing, inner, outer, stream);
}

cudaError_t vqc_cuda_unframe(vqc_dtype dtype, const vqc_cuda_framing *framing, bool accumulate, const void *outer,
                             void *inner, cudaStream_t stream)
{
    return VQC_CUDA_FOR_DTYPE(unframe, dtype, framing, accumulate, outer, inner, stream);
}

cudaError_t vqc_cuda_convolution_finish(vqc_dtype dtype, int64_t pixels, int64_t channels, int64_t source_channels,
                                        const void *source, const float *bias, const void *residual, void *target,
                                        cudaStream_t stream)
{
    return VQC_CUDA_FOR_DTYPE(finish, dtype, pixels, channels, source_channels, source, bias, residual, target,
                              stream);
}
