#include "ops/cuda/element.cuh"
#include "ops/cuda/framing.h"

/* Where element `index` of the outer picture lies in the inner one; −1 outside of it. */
static __device__ __forceinline__ int64_t inner_index(const vqc_cuda_framing &f, int64_t index)
{
    int64_t channel = index % f.outer_channels;
    int64_t pixel = index / f.outer_channels;
    int64_t x = pixel % f.outer_width - f.left;
    int64_t row = pixel / f.outer_width;
    int64_t y = row % f.outer_height - f.top;
    int64_t n = row / f.outer_height;
    if (channel >= f.channels || x < 0 || x >= f.width || y < 0 || y >= f.height)
        return -1;
    return ((n * f.height + y) * f.width + x) * f.channels + channel;
}

/* Where element `index` of the inner picture lies in the outer one. */
static __device__ __forceinline__ int64_t outer_index(const vqc_cuda_framing &f, int64_t index)
{
    int64_t channel = index % f.channels;
    int64_t pixel = index / f.channels;
    int64_t x = pixel % f.width + f.left;
    int64_t row = pixel / f.width;
    int64_t y = row % f.height + f.top;
    int64_t n = row / f.height;
    return ((n * f.outer_height + y) * f.outer_width + x) * f.outer_channels + channel;
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

template <typename T>
static __global__ void finish_kernel(int64_t count, int64_t channels, int64_t source_channels, const T *source,
                                     const float *bias, const T *residual, T *target)
{
    for (int64_t i = vqc_cuda_first(); i < count; i += vqc_cuda_step()) {
        int64_t channel = i % channels;
        float value = vqc_cuda_load(source, i / channels * source_channels + channel);
        if (bias != NULL)
            value += bias[channel];
        if (residual != NULL)
            value += vqc_cuda_load(residual, i);
        vqc_cuda_store(target, i, value);
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
    int64_t count = pixels * channels;
    finish_kernel<<<vqc_cuda_blocks(count), VQC_CUDA_THREADS, 0, stream>>>(
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
