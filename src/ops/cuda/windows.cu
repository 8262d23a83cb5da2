#include "ops/cuda/element.cuh"
#include "ops/cuda/windows.h"

template <typename T>
static __global__ void gather_kernel(vqc_cuda_windows w, const T *picture, T *rows, int64_t count)
{
    for (int64_t i = vqc_cuda_first(); i < count; i += vqc_cuda_step()) {
        int64_t place = i % w.depth;
        int64_t row = i / w.depth;
        int64_t channel = place % w.channels;
        int64_t kernel_x = place / w.channels % w.kernel_width;
        int64_t kernel_y = place / w.channels / w.kernel_width; /* kernel_height and more: behind the window */
        int64_t x = row % w.out_width * w.stride + kernel_x - w.pad_left;
        int64_t y = row / w.out_width % w.out_height * w.stride + kernel_y - w.pad_top;
        int64_t n = row / w.out_width / w.out_height;
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
    for (int64_t kernel_y = 0; kernel_y < w.kernel_height; kernel_y++) {
        int64_t from_top = y + w.pad_top - kernel_y;
        if (from_top < 0 || from_top % w.stride != 0 || from_top / w.stride >= w.out_height)
            continue;
        for (int64_t kernel_x = 0; kernel_x < w.kernel_width; kernel_x++) {
            int64_t from_left = x + w.pad_left - kernel_x;
            if (from_left < 0 || from_left % w.stride != 0 || from_left / w.stride >= w.out_width)
                continue;
            int64_t row = (n * w.out_height + from_top / w.stride) * w.out_width + from_left / w.stride;
            sum += rows[row * w.depth + (kernel_y * w.kernel_width + kernel_x) * w.channels + channel];
        }
    }
    return sum;
}

template <typename T>
static __global__ void add_kernel(vqc_cuda_windows w, bool accumulate, const float *rows, T *picture, int64_t count)
{
    for (int64_t i = vqc_cuda_first(); i < count; i += vqc_cuda_step()) {
        int64_t channel = i % w.channels;
        int64_t pixel = i / w.channels;
        int64_t x = pixel % w.width;
        int64_t y = pixel / w.width % w.height;
        int64_t n = pixel / w.width / w.height;
        vqc_cuda_store_gradient(picture, i, sum_of_windows(w, rows, n, y, x, channel), accumulate);
    }
}

template <typename T>
static cudaError_t gather(const vqc_cuda_windows *w, const void *picture, void *rows, cudaStream_t stream)
{
    int64_t count = w->batch * w->out_height * w->out_width * w->depth;
    gather_kernel<<<vqc_cuda_blocks(count), VQC_CUDA_THREADS, 0, stream>>>(*w, (const T *)picture, (T *)rows, count);
    return cudaGetLastError();
}

template <typename T>
static cudaError_t add(const vqc_cuda_windows *w, bool accumulate, const float *rows, void *picture,
                       cudaStream_t stream)
{
    int64_t count = w->batch * w->height * w->width * w->channels;
    add_kernel<<<vqc_cuda_blocks(count), VQC_CUDA_THREADS, 0, stream>>>(*w, accumulate, rows, (T *)picture, count);
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
