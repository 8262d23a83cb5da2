#include "ops/cuda/pointwise.cuh"
#include "ops/cuda/vector.cuh"
#include "ops/cuda/windows.h"

/* Windows that lie next to each other without overlapping, as in the first layer of a vision transformer, and of
 * which each line of pixels is whole vectors of 16 bytes, go in these. */
template <typename T> static bool is_of_vectors(const vqc_cuda_windows *w)
{
    const int64_t widest = vqc_cuda_widest<T>::COUNT;
    return w->kernel_height == w->stride && w->kernel_width == w->stride && w->pad_top == 0 && w->pad_left == 0 &&
           w->out_height * w->stride <= w->height && w->out_width * w->stride <= w->width &&
           w->kernel_width * w->channels % widest == 0 && w->width * w->channels % widest == 0 &&
           w->depth % widest == 0;
}

template <typename T, int V>
static __global__ void gather_vectors_kernel(vqc_cuda_windows w, const T *picture, T *rows, int64_t count)
{
    for (int64_t i = vqc_cuda_first(); i < count; i += vqc_cuda_step()) {
        const vqc_cuda_quotient at_row = vqc_cuda_divide(i, w.depth / V);
        const vqc_cuda_quotient at_line = vqc_cuda_divide(at_row.rest, w.kernel_width * w.channels / V);
        const vqc_cuda_quotient at_x = vqc_cuda_divide(at_row.whole, w.out_width);
        const vqc_cuda_quotient at_y = vqc_cuda_divide(at_x.whole, w.out_height);
        const int64_t y = at_y.rest * w.stride + at_line.whole;
        const int64_t pixel = (at_y.whole * w.height + y) * w.width + at_x.rest * w.stride;
        vqc_cuda_vector<T, V> value = {};
        if (at_line.whole < w.kernel_height) /* else behind the window */
            value = vqc_cuda_vector_load<V>(picture, pixel * w.channels + at_line.rest * V);
        vqc_cuda_vector_store(rows, i * V, value);
    }
}

/* A vector of the picture lies in one window, or in the rest where there is none. */
template <typename T, int V>
static __global__ void add_vectors_kernel(vqc_cuda_windows w, bool accumulate, const float *rows, T *picture,
                                          int64_t count)
{
    const int64_t line = w.kernel_width * w.channels / V; /* of a window, in vectors */
    for (int64_t i = vqc_cuda_first(); i < count; i += vqc_cuda_step()) {
        const vqc_cuda_quotient at_line = vqc_cuda_divide(i, w.width * w.channels / V);
        const vqc_cuda_quotient at_picture = vqc_cuda_divide(at_line.whole, w.height);
        const vqc_cuda_quotient at_y = vqc_cuda_divide(at_picture.rest, w.stride);
        const vqc_cuda_quotient at_x = vqc_cuda_divide(at_line.rest, line);
        const int64_t row = (at_picture.whole * w.out_height + at_y.whole) * w.out_width + at_x.whole;
        const int64_t source = row * w.depth + (at_y.rest * line + at_x.rest) * V;
        vqc_cuda_vector<float, V> from = {};
        if (at_y.whole < w.out_height && at_x.whole < w.out_width)
            from = vqc_cuda_vector_load<V>(rows, source);
        vqc_cuda_vector<T, V> before = {};
        if (accumulate)
            before = vqc_cuda_vector_load<V>(picture, i * V);
        float values[V];
#pragma unroll
        for (int v = 0; v < V; v++) {
            values[v] = vqc_cuda_vector_get(from, v);
            if (accumulate)
                values[v] = vqc_cuda_vector_get(before, v) + values[v];
        }
        vqc_cuda_vector_store(picture, i * V, vqc_cuda_vector_of<T>(values));
    }
}

template <typename T>
static __global__ void gather_kernel(vqc_cuda_windows w, const T *picture, T *rows, int64_t count)
{
    for (int64_t i = vqc_cuda_first(); i < count; i += vqc_cuda_step()) {
        const vqc_cuda_quotient at_row = vqc_cuda_divide(i, w.depth);
        const vqc_cuda_quotient at_channel = vqc_cuda_divide(at_row.rest, w.channels);
        const vqc_cuda_quotient at_kernel = vqc_cuda_divide(at_channel.whole, w.kernel_width);
        const vqc_cuda_quotient at_x = vqc_cuda_divide(at_row.whole, w.out_width);
        const vqc_cuda_quotient at_y = vqc_cuda_divide(at_x.whole, w.out_height);
        int64_t channel = at_channel.rest;
        int64_t kernel_y = at_kernel.whole; /* kernel_height and more: behind the window */
        int64_t x = at_x.rest * w.stride + at_kernel.rest - w.pad_left;
        int64_t y = at_y.rest * w.stride + kernel_y - w.pad_top;
        int64_t n = at_y.whole;
        bool inside = kernel_y < w.kernel_height && x >= 0 && x < w.width && y >= 0 && y < w.height;
        int64_t source = ((n * w.height + y) * w.width + x) * w.channels + channel;
        vqc_cuda_store(rows, i, inside ? vqc_cuda_load(picture, source) : 0.0F);
    }
}

/* Sum over the windows that hold pixel (y, x) of picture n. */
static __device__ float sum_of_windows(const vqc_cuda_windows &w, const float *rows, int64_t n, int64_t y, int64_t x,
                                       int64_t channel)
{
    float sum = 0.0F;
    const int64_t top = vqc_cuda_divide(y + w.pad_top, w.stride).rest; /* the first that a window's begin fits */
    const int64_t left = vqc_cuda_divide(x + w.pad_left, w.stride).rest;
    for (int64_t kernel_y = top; kernel_y < w.kernel_height && kernel_y <= y + w.pad_top; kernel_y += w.stride) {
        const int64_t out_y = vqc_cuda_divide(y + w.pad_top - kernel_y, w.stride).whole;
        if (out_y >= w.out_height)
            continue;
        for (int64_t kernel_x = left; kernel_x < w.kernel_width && kernel_x <= x + w.pad_left; kernel_x += w.stride) {
            const int64_t out_x = vqc_cuda_divide(x + w.pad_left - kernel_x, w.stride).whole;
            if (out_x >= w.out_width)
                continue;
            int64_t row = (n * w.out_height + out_y) * w.out_width + out_x;
            sum += rows[row * w.depth + (kernel_y * w.kernel_width + kernel_x) * w.channels + channel];
        }
    }
    return sum;
}

template <typename T>
static __global__ void add_kernel(vqc_cuda_windows w, bool accumulate, const float *rows, T *picture, int64_t count)
{
    for (int64_t i = vqc_cuda_first(); i < count; i += vqc_cuda_step()) {
        const vqc_cuda_quotient at_channel = vqc_cuda_divide(i, w.channels);
        const vqc_cuda_quotient at_x = vqc_cuda_divide(at_channel.whole, w.width);
        const vqc_cuda_quotient at_y = vqc_cuda_divide(at_x.whole, w.height);
        float sum = sum_of_windows(w, rows, at_y.whole, at_y.rest, at_x.rest, at_channel.rest);
        vqc_cuda_store_gradient(picture, i, sum, accumulate);
    }
}

template <typename T>
static cudaError_t gather(const vqc_cuda_windows *w, const void *picture, void *rows, cudaStream_t stream)
{
    int64_t count = w->batch * w->out_height * w->out_width * w->depth;
    const int widest = vqc_cuda_widest<T>::COUNT;
    if (is_of_vectors<T>(w))
        gather_vectors_kernel<T, widest><<<vqc_cuda_blocks(count / widest), VQC_CUDA_THREADS, 0, stream>>>(
            *w, (const T *)picture, (T *)rows, count / widest);
    else
        gather_kernel<<<vqc_cuda_blocks(count), VQC_CUDA_THREADS, 0, stream>>>(*w, (const T *)picture, (T *)rows,
                                                                               count);
    return cudaGetLastError();
}

template <typename T>
static cudaError_t add(const vqc_cuda_windows *w, bool accumulate, const float *rows, void *picture,
                       cudaStream_t stream)
{
    int64_t count = w->batch * w->height * w->width * w->channels;
    const int widest = vqc_cuda_widest<T>::COUNT;
    if (is_of_vectors<T>(w))
        add_vectors_kernel<T, widest><<<vqc_cuda_blocks(count / widest), VQC_CUDA_THREADS, 0, stream>>>(
            *w, accumulate, rows, (T *)picture, count / widest);
    else
        add_kernel<<<vqc_cuda_blocks(count), VQC_CUDA_THREADS, 0, stream>>>(*w, accumulate, rows, (T *)picture,
                                                                            count);
    return cudaGetLastError();
}

cudaError_t vqc_cuda_windows_gather(vqc_dtype dtype, const vqc_cuda_windows *windows, const void *picture, void *rows,
                                    cudaStream_t stream)
{
    return VQC_CUDA_FOR_DTYPE(gather, dtype, windows, picture, rows, stream);
}

cudaError_t vqc_cuda_windows_add(vqc_dtype dtype, const vqc_cuda_windows *windows, bool accumulate, const float *rows,
                                 void *picture, cudaStream_t stream)
{
    return VQC_CUDA_FOR_DTYPE(add, dtype, windows, accumulate, rows, picture, stream);
}
