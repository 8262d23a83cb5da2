#include "ops/cuda/kernels.h"
#include "ops/cuda/pointwise.cuh"
#include "ops/cuda/reduce.cuh"
#include "ops/filter_formulas.h"

/* Both directions go through a half-way picture of every crop: forward (side, picture's width), filtered along the
 * columns, of which the crop's width is used; backward (picture's height, side), of which the crop's height is used.
 * An element of a gradient gathers what it takes part in, crops in their order, so that no two threads add to one
 * place. The filters are computed on the device, since there are the sizes of the crops. */

namespace
{

enum { CROP_FIELDS = 5, WARPS = VQC_CUDA_THREADS / VQC_CUDA_WARP };

struct crop {
    int32_t picture, top, left, height, width;
};

/* One call: shapes, and the workspace. */
struct resampling {
    int64_t batch, height, width, channels, crops, side;
    const int32_t *fields; /* of the crops */
    /* In the workspace, of every crop: the memory of its vertical and of its horizontal filter, the weights of both
     * in f32, since many GPUs are slow to convert them from double at every use, and the readers of its rows and of
     * its columns. */
    size_t crop_size;                /* bytes */
    vqc_filter vertical, horizontal; /* of the first crop */
    float *weights[2];               /* of these two in f32 */
    int32_t *readers;                /* of the first crop */
    float *half_way;
};

__device__ crop crop_at(const resampling &r, int64_t index)
{
    const int32_t *fields = r.fields + index * CROP_FIELDS;
    return crop{fields[0], fields[1], fields[2], fields[3], fields[4]};
}

/* What lies in the part of crop number `index` where `first` lies in that of the first one. */
template <typename T> __device__ T *of_crop(const resampling &r, T *first, int64_t index)
{
    return reinterpret_cast<T *>(reinterpret_cast<char *>(first) + (size_t)index * r.crop_size);
}

__device__ vqc_filter filter_of(const resampling &r, vqc_filter filter, int64_t index)
{
    filter.first = of_crop(r, filter.first, index);
    filter.count = of_crop(r, filter.count, index);
    filter.weight = of_crop(r, filter.weight, index);
    filter.low_pass = of_crop(r, filter.low_pass, index);
    return filter;
}

/* For each row, then for each column of a crop, the first output pixel that reads it. Those that do are neighbours:
 * where they begin and end to read never goes back from one to the next. */
__device__ int32_t *readers_at(const resampling &r, int64_t index)
{
    return of_crop(r, r.readers, index);
}

/* The first row of the filter whose band ends behind `place`. */
__device__ int32_t first_reader(const vqc_filter &f, int64_t place)
{
    int64_t low = 0;
    int64_t high = f.side - 1;
    while (low < high) {
        int64_t middle = (low + high) / 2;
        if (f.first[middle] + f.count[middle] > place)
            high = middle;
        else
            low = middle + 1;
    }
    return (int32_t)low;
}

/* One row of a filter, and its weights in f32. */
__device__ void row_compute(const vqc_filter &f, int64_t row, int64_t length, float *weights)
{
    vqc_filter_row_compute(&f, row, length);
    for (int64_t k = row * f.stride; k < (row + 1) * f.stride; k++)
        weights[k] = (float)f.weight[k];
}

/* A block computes one filter and its readers. */
__global__ void __launch_bounds__(VQC_CUDA_THREADS) filters_kernel(resampling r)
{
    for (int64_t i = blockIdx.x; i < 2 * r.crops; i += gridDim.x) {
        int64_t index = i / 2;
        bool vertical = i % 2 == 0;
        crop c = crop_at(r, index);
        int64_t length = vertical ? c.height : c.width;
        vqc_filter f = filter_of(r, vertical ? r.vertical : r.horizontal, index);
        float *weights = of_crop(r, r.weights[vertical ? 0 : 1], index);
        int32_t *readers = readers_at(r, index) + (vertical ? 0 : r.height);
        if (threadIdx.x == 0)
            vqc_filter_low_pass_compute(&f, length);
        __syncthreads();
        for (int64_t row = threadIdx.x; row < f.side; row += VQC_CUDA_THREADS)
            row_compute(f, row, length, weights);
        __syncthreads();
        for (int64_t place = threadIdx.x; place < length; place += VQC_CUDA_THREADS)
            readers[place] = first_reader(f, place);
    }
}

/* In the first halves, and in the second one forward, a block of threads computes one line of a crop at a time: what
 * of the crop and of its filters does not change along the line is looked up once. */

/* Forward, first half: (crops, side, width, channels), as wide as the crop. */
__global__ void __launch_bounds__(VQC_CUDA_THREADS) columns_filter_kernel(resampling r, const float *input)
{
    for (int64_t line = blockIdx.x; line < r.crops * r.side; line += gridDim.x) {
        vqc_cuda_quotient at = vqc_cuda_divide(line, r.side);
        const crop c = crop_at(r, at.whole);
        const vqc_filter f = filter_of(r, r.vertical, at.whole);
        const float *weight = of_crop(r, r.weights[0], at.whole) + at.rest * f.stride;
        const int64_t row = (int64_t)c.picture * r.height + c.top + f.first[at.rest];
        const float *from = input + (row * r.width + c.left) * r.channels;
        const int64_t pitch = r.width * r.channels;
        const int32_t count = f.count[at.rest];
        for (int64_t i = threadIdx.x; i < c.width * r.channels; i += VQC_CUDA_THREADS) {
            float sum = 0.0F;
#pragma unroll 4
            for (int32_t k = 0; k < count; k++)
                sum += weight[k] * from[k * pitch + i];
            r.half_way[line * pitch + i] = sum;
        }
    }
}

/* Forward, second half: (crops, side, side, channels). */
__global__ void __launch_bounds__(VQC_CUDA_THREADS) rows_filter_kernel(resampling r, float *output)
{
    for (int64_t line = blockIdx.x; line < r.crops * r.side; line += gridDim.x) {
        const int64_t index = vqc_cuda_divide(line, r.side).whole;
        const vqc_filter f = filter_of(r, r.horizontal, index);
        const float *weights = of_crop(r, r.weights[1], index);
        const float *from = r.half_way + line * r.width * r.channels;
        for (int64_t i = threadIdx.x; i < r.side * r.channels; i += VQC_CUDA_THREADS) {
            const vqc_cuda_quotient at = vqc_cuda_divide(i, r.channels);
            const float *weight = weights + at.whole * f.stride;
            const float *pixel = from + f.first[at.whole] * r.channels + at.rest;
            const int32_t count = f.count[at.whole];
            float sum = 0.0F;
#pragma unroll 4
            for (int32_t k = 0; k < count; k++)
                sum += weight[k] * pixel[k * r.channels];
            output[line * r.side * r.channels + i] = sum;
        }
    }
}

/* Backward, first half: (crops, height, side, channels), as high as the crop. */
__global__ void __launch_bounds__(VQC_CUDA_THREADS) columns_gather_kernel(resampling r, const float *grad_output)
{
    const int64_t length = r.side * r.channels;
    for (int64_t line = blockIdx.x; line < r.crops * r.height; line += gridDim.x) {
        const vqc_cuda_quotient at = vqc_cuda_divide(line, r.height);
        if (at.rest >= crop_at(r, at.whole).height)
            continue;
        const vqc_filter f = filter_of(r, r.vertical, at.whole);
        const float *weight = of_crop(r, r.weights[0], at.whole) + at.rest;
        const float *from = grad_output + at.whole * r.side * length;
        const int64_t begin = readers_at(r, at.whole)[at.rest];
        int64_t end = begin;
        while (end < r.side && f.first[end] <= at.rest)
            end++;
        for (int64_t i = threadIdx.x; i < length; i += VQC_CUDA_THREADS) {
            float sum = 0.0F;
#pragma unroll 4
            for (int64_t y = begin; y < end; y++)
                sum += weight[y * f.stride - f.first[y]] * from[y * length + i];
            r.half_way[line * length + i] = sum;
        }
    }
}

/* What one crop gives to an element of the picture's gradient. */
__device__ float given_by_crop(const resampling &r, int64_t index, int64_t row, int64_t column, int64_t channel)
{
    const vqc_filter f = filter_of(r, r.horizontal, index);
    const float *weight = of_crop(r, r.weights[1], index) + column;
    const float *from = r.half_way + (index * r.height + row) * r.side * r.channels + channel;
    float sum = 0.0F;
    for (int64_t x = readers_at(r, index)[r.height + column]; x < r.side && f.first[x] <= column; x++)
        sum += weight[x * f.stride - f.first[x]] * from[x * r.channels];
    return sum;
}

/* Backward, second half: (batch, height, width, channels). Each warp of a block computes what one crop gives to the
 * elements of a tile; then the crops' gifts are added in their order, so that those to other pictures change nothing.
 */
__global__ void __launch_bounds__(VQC_CUDA_THREADS)
    rows_gather_kernel(resampling r, bool accumulate, float *grad_input, int64_t count)
{
    __shared__ float given[WARPS][VQC_CUDA_WARP];
    const int lane = (int)threadIdx.x % VQC_CUDA_WARP;
    const int warp = (int)threadIdx.x / VQC_CUDA_WARP;
    for (int64_t tile = blockIdx.x; tile < vqc_cuda_pieces(count, VQC_CUDA_WARP); tile += gridDim.x) {
        const int64_t i = tile * VQC_CUDA_WARP + lane;
        const vqc_cuda_quotient at_channel = vqc_cuda_divide(i, r.channels);
        const vqc_cuda_quotient at_column = vqc_cuda_divide(at_channel.whole, r.width);
        const vqc_cuda_quotient at_row = vqc_cuda_divide(at_column.whole, r.height);
        float sum = 0.0F;
        for (int64_t first = 0; first < r.crops; first += WARPS) {
            const int64_t index = first + warp;
            float mine = 0.0F;
            if (index < r.crops && i < count) {
                const crop c = crop_at(r, index);
                const int64_t row = at_row.rest - c.top;
                const int64_t column = at_column.rest - c.left;
                if (c.picture == at_row.whole && row >= 0 && row < c.height && column >= 0 && column < c.width)
                    mine = given_by_crop(r, index, row, column, at_channel.rest);
            }
            __syncthreads(); /* the last gifts have been read */
            given[warp][lane] = mine;
            __syncthreads();
            for (int k = 0; k < WARPS && warp == 0; k++)
                sum += given[k][lane];
        }
        if (warp == 0 && i < count)
            vqc_cuda_store_gradient(grad_input, i, sum, accumulate);
    }
}

/* Bytes of a filter's weights in f32. */
size_t weights_size(int64_t max_length, int64_t side)
{
    return vqc_filter_round_up((size_t)(side * vqc_filter_stride(max_length, side)) * sizeof(float));
}

/* Bytes of the workspace for the filters of one crop. */
size_t crop_size_of(const vqc_resample *o)
{
    return vqc_filter_size(o->height, o->side) + vqc_filter_size(o->width, o->side) +
           weights_size(o->height, o->side) + weights_size(o->width, o->side) +
           vqc_filter_round_up((size_t)(o->height + o->width) * sizeof(int32_t));
}

resampling resampling_of(const vqc_resample *o, const void *fields, void *workspace)
{
    char *memory = static_cast<char *>(workspace);
    resampling r = {};
    r.batch = o->batch;
    r.height = o->height;
    r.width = o->width;
    r.channels = o->channels;
    r.crops = o->crops;
    r.side = o->side;
    r.fields = static_cast<const int32_t *>(fields);
    r.crop_size = crop_size_of(o);
    r.vertical = vqc_filter_place(o->height, o->side, memory);
    memory += vqc_filter_size(o->height, o->side);
    r.horizontal = vqc_filter_place(o->width, o->side, memory);
    memory += vqc_filter_size(o->width, o->side);
    r.weights[0] = reinterpret_cast<float *>(memory);
    memory += weights_size(o->height, o->side);
    r.weights[1] = reinterpret_cast<float *>(memory);
    memory += weights_size(o->width, o->side);
    r.readers = reinterpret_cast<int32_t *>(memory);
    r.half_way = reinterpret_cast<float *>(static_cast<char *>(workspace) + (size_t)o->crops * r.crop_size);
    return r;
}

cudaError_t filters_run(const resampling &r, cudaStream_t stream)
{
    return vqc_cuda_launch(stream, 2 * r.crops, filters_kernel, r);
}

} // namespace

size_t vqc_cuda_resample_workspace_size(const vqc_resample *shape)
{
    int64_t longest = shape->width > shape->height ? shape->width : shape->height;
    size_t half_way = (size_t)(shape->crops * shape->side * longest * shape->channels) * sizeof(float);
    return (size_t)shape->crops * crop_size_of(shape) + half_way;
}

cudaError_t vqc_cuda_resample_forward(const vqc_cuda_call *call, const vqc_forward *arguments)
{
    const vqc_resample *o = &call->operation->resample;
    const resampling r = resampling_of(o, arguments->input[1], arguments->workspace);
    cudaError_t result = filters_run(r, call->stream);
    if (result == cudaSuccess)
        result = vqc_cuda_launch(call->stream, o->crops * o->side, columns_filter_kernel, r,
                                 static_cast<const float *>(arguments->input[0]));
    if (result == cudaSuccess)
        result = vqc_cuda_launch(call->stream, o->crops * o->side, rows_filter_kernel, r,
                                 static_cast<float *>(arguments->output));
    return result;
}

cudaError_t vqc_cuda_resample_backward(const vqc_cuda_call *call, const vqc_backward *arguments)
{
    const vqc_resample *o = &call->operation->resample;
    if (arguments->grad_input[0] == NULL)
        return cudaSuccess;
    const resampling r = resampling_of(o, arguments->input[1], arguments->workspace);
    cudaError_t result = filters_run(r, call->stream);
    int64_t count = o->batch * o->height * o->width * o->channels;
    if (result == cudaSuccess)
        result = vqc_cuda_launch(call->stream, o->crops * o->height, columns_gather_kernel, r,
                                 static_cast<const float *>(arguments->grad_output));
    if (result == cudaSuccess)
        result = vqc_cuda_launch(call->stream, vqc_cuda_pieces(count, VQC_CUDA_WARP), rows_gather_kernel, r,
                                 arguments->accumulate[0], static_cast<float *>(arguments->grad_input[0]), count);
    return result;
}
