#include "ops/cuda/kernels.h"
#include "ops/cuda/plan.h"
#include "ops/cuda/pointwise.cuh"
#include "ops/cuda/reduce.cuh"
#include "ops/filter_formulas.h"

/* Both directions go through a half-way picture of every crop: forward (side, picture's width), filtered along the
 * columns, of which the crop's width is used; backward (picture's height, side), of which the crop's height is used.
 * An element of a gradient gathers what it takes part in, crops in their order, so that no two threads add to one
 * place. The filters are computed on the device, since there are the sizes of the crops: forward, and saved, together
 * with their adjoints. */

namespace
{

enum { CROP_FIELDS = 5, WARPS = VQC_CUDA_THREADS / VQC_CUDA_WARP };
enum { VERTICAL, HORIZONTAL, AXES };

/* Elements that a thread computes with the same weights, which it then loads once: so many of one line, or of so many
 * lines. */
enum { PER_LINE = 3, LINES = 4 };

struct crop {
    int32_t picture, top, left, height, width;
};

/* A matrix with a band of values in every row: row i has weight[i · stride] to weight[i · stride + count[i] − 1],
 * from column first[i] on. */
struct band {
    int64_t stride;
    int32_t *first, *count;
    float *weight;
};

/* One call: shapes, the saved state and the workspace. */
struct resampling {
    int64_t batch, height, width, channels, crops, side;
    const int32_t *fields; /* of the crops */
    /* In the saved state, of every crop, for both axes: how its filter is computed, the filter in f32, and the
     * filter's adjoint, whose stride is that of the crop's length. Here of the first crop. */
    size_t crop_size; /* bytes */
    vqc_filter computed[AXES];
    band filters[AXES], adjoints[AXES];
    float *half_way; /* in the workspace */
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

__device__ band band_of(const resampling &r, band first, int64_t index)
{
    return band{first.stride, of_crop(r, first.first, index), of_crop(r, first.count, index),
                of_crop(r, first.weight, index)};
}

/* At least as many as output pixels read a place of an axis of this length. Those whose taps, the low-pass included,
 * reach it lie within so many places, side − 1 steps to length − 1; one more, since both ends may count, and one for
 * rounding. */
__host__ __device__ int64_t adjoint_stride(int64_t length, int64_t side)
{
    if (length == 1)
        return side;
    int64_t readers = (VQC_FILTER_TAPS + 2 * vqc_filter_reach(length, side)) * (side - 1) / (length - 1) + 2;
    return readers < side ? readers : side;
}

__device__ band adjoint_of(const resampling &r, int axis, int64_t index, int64_t length)
{
    band adjoint = band_of(r, r.adjoints[axis], index);
    adjoint.stride = adjoint_stride(length, r.side);
    return adjoint;
}

/* The first row of the filter whose band ends behind `place`. */
__device__ int64_t first_reader(const vqc_filter &f, int64_t place)
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
    return low;
}

/* One row of a filter, and its weights in f32. */
__device__ void row_compute(const vqc_filter &f, int64_t row, int64_t length, const band &filter)
{
    vqc_filter_row_compute(&f, row, length);
    for (int64_t k = row * f.stride; k < (row + 1) * f.stride; k++)
        filter.weight[k] = (float)f.weight[k];
}

/* One row of the adjoint: the rows of the filter that read `place`. They are neighbours: where they begin and end to
 * read never goes back from one to the next. */
__device__ void adjoint_row_compute(const vqc_filter &f, int64_t place, const band &filter, const band &adjoint)
{
    const int64_t first = first_reader(f, place);
    int64_t i = first;
    for (; i < f.side && f.first[i] <= place; i++)
        adjoint.weight[place * adjoint.stride + i - first] = filter.weight[i * filter.stride + place - f.first[i]];
    adjoint.first[place] = (int32_t)first;
    adjoint.count[place] = (int32_t)(i - first);
}

/* A block computes one filter and its adjoint. */
__global__ void __launch_bounds__(VQC_CUDA_THREADS) filters_kernel(resampling r)
{
    for (int64_t i = blockIdx.x; i < AXES * r.crops; i += gridDim.x) {
        const int64_t index = i / AXES;
        const int axis = (int)(i % AXES);
        const crop c = crop_at(r, index);
        const int64_t length = axis == VERTICAL ? c.height : c.width;
        const vqc_filter f = filter_of(r, r.computed[axis], index);
        const band filter = band_of(r, r.filters[axis], index);
        const band adjoint = adjoint_of(r, axis, index, length);
        if (threadIdx.x == 0)
            vqc_filter_low_pass_compute(&f, length);
        __syncthreads();
        for (int64_t row = threadIdx.x; row < f.side; row += VQC_CUDA_THREADS)
            row_compute(f, row, length, filter);
        __syncthreads();
        for (int64_t place = threadIdx.x; place < length; place += VQC_CUDA_THREADS)
            adjoint_row_compute(f, place, filter, adjoint);
    }
}

/* sum[e] += Σ over k < count of weight[k] · from[k · pitch + e · step], for e from begin to end − 1. */
template <int elements>
__device__ void band_add(const float *weight, int32_t count, const float *from, int64_t pitch, int64_t step,
                         int64_t begin, int64_t end, float (&sum)[elements])
{
#pragma unroll 4
    for (int32_t k = 0; k < count; k++) {
        const float shared_weight = weight[k];
#pragma unroll
        for (int e = 0; e < elements; e++)
            if (e >= begin && e < end)
                sum[e] += shared_weight * from[e * step];
        from += pitch;
    }
}

/* target[i] = Σ over k < count of weight[k] · from[k · pitch + i] for i < length, by a block. */
__device__ void line_compute(const float *weight, int32_t count, const float *from, int64_t pitch, int64_t length,
                             float *target)
{
    for (int64_t i = threadIdx.x; i < length; i += PER_LINE * VQC_CUDA_THREADS) {
        float sum[PER_LINE] = {0.0F};
        const int64_t end = vqc_cuda_pieces(length - i, VQC_CUDA_THREADS);
        band_add(weight, count, from + i, pitch, VQC_CUDA_THREADS, 0, end, sum);
#pragma unroll
        for (int e = 0; e < PER_LINE; e++)
            if (e < end)
                target[i + e * VQC_CUDA_THREADS] = sum[e];
    }
}

/* In all but the last kernel, a block of threads computes one line of a crop, or a few, at a time: what of the crop
 * and of its filters does not change along the line is looked up once. */

/* Forward, first half: (crops, side, width, channels), as wide as the crop. */
__global__ void __launch_bounds__(VQC_CUDA_THREADS) columns_filter_kernel(resampling r, const float *input)
{
    const int64_t pitch = r.width * r.channels;
    for (int64_t line = blockIdx.x; line < r.crops * r.side; line += gridDim.x) {
        const vqc_cuda_quotient at = vqc_cuda_divide(line, r.side);
        const crop c = crop_at(r, at.whole);
        const band f = band_of(r, r.filters[VERTICAL], at.whole);
        const int64_t row = (int64_t)c.picture * r.height + c.top + f.first[at.rest];
        line_compute(f.weight + at.rest * f.stride, f.count[at.rest], input + (row * r.width + c.left) * r.channels,
                     pitch, c.width * r.channels, r.half_way + line * pitch);
    }
}

/* Forward, second half: (crops, side, side, channels). */
__global__ void __launch_bounds__(VQC_CUDA_THREADS) rows_filter_kernel(resampling r, float *output)
{
    const int64_t groups = vqc_cuda_pieces(r.side, LINES); /* of lines of a crop */
    const int64_t pitch = r.width * r.channels;
    const int64_t length = r.side * r.channels;
    for (int64_t group = blockIdx.x; group < r.crops * groups; group += gridDim.x) {
        const vqc_cuda_quotient at = vqc_cuda_divide(group, groups);
        const int64_t line = at.whole * r.side + at.rest * LINES;
        const int64_t end = r.side - at.rest * LINES;
        const band f = band_of(r, r.filters[HORIZONTAL], at.whole);
        for (int64_t i = threadIdx.x; i < length; i += VQC_CUDA_THREADS) {
            const vqc_cuda_quotient pixel = vqc_cuda_divide(i, r.channels);
            const float *from = r.half_way + line * pitch + f.first[pixel.whole] * r.channels + pixel.rest;
            float sum[LINES] = {0.0F};
            band_add(f.weight + pixel.whole * f.stride, f.count[pixel.whole], from, r.channels, pitch, 0, end, sum);
#pragma unroll
            for (int e = 0; e < LINES; e++)
                if (e < end)
                    output[(line + e) * length + i] = sum[e];
        }
    }
}

/* Backward, first half: (crops, height, side, channels), as high as the crop. */
__global__ void __launch_bounds__(VQC_CUDA_THREADS) columns_gather_kernel(resampling r, const float *grad_output)
{
    const int64_t length = r.side * r.channels;
    for (int64_t line = blockIdx.x; line < r.crops * r.height; line += gridDim.x) {
        const vqc_cuda_quotient at = vqc_cuda_divide(line, r.height);
        const crop c = crop_at(r, at.whole);
        if (at.rest >= c.height)
            continue;
        const band f = adjoint_of(r, VERTICAL, at.whole, c.height);
        line_compute(f.weight + at.rest * f.stride, f.count[at.rest],
                     grad_output + (at.whole * r.side + f.first[at.rest]) * length, length, length,
                     r.half_way + line * length);
    }
}

/* Adds what one crop gives to the elements of this channel and column in the LINES rows of a picture from `row` on.
 */
__device__ void given_add(const resampling &r, int64_t index, int64_t picture, int64_t row, vqc_cuda_quotient pixel,
                          float (&given)[LINES])
{
    const crop c = crop_at(r, index);
    const int64_t column = pixel.whole - c.left;
    const int64_t pitch = r.side * r.channels;
    if (c.picture != picture || column < 0 || column >= c.width)
        return;
    const band f = adjoint_of(r, HORIZONTAL, index, c.width);
    const float *from = r.half_way + (index * r.height + row - c.top) * pitch + f.first[column] * r.channels +
                        pixel.rest; /* outside where the row is */
    band_add(f.weight + column * f.stride, f.count[column], from, r.channels, pitch, c.top - row,
             c.top + c.height - row, given);
}

/* Backward, second half: (batch, height, width, channels). Each warp of a block computes what one crop gives to the
 * elements of a tile of LINES rows; then the crops' gifts are added in their order, so that those to other pictures
 * change nothing. */
__global__ void __launch_bounds__(VQC_CUDA_THREADS)
    rows_gather_kernel(resampling r, bool accumulate, float *grad_input)
{
    __shared__ float given[WARPS][LINES][VQC_CUDA_WARP];
    const int lane = (int)threadIdx.x % VQC_CUDA_WARP;
    const int warp = (int)threadIdx.x / VQC_CUDA_WARP;
    const int64_t length = r.width * r.channels;
    const int64_t across = vqc_cuda_pieces(length, VQC_CUDA_WARP);
    const int64_t down = vqc_cuda_pieces(r.height, LINES);
    for (int64_t tile = blockIdx.x; tile < r.batch * down * across; tile += gridDim.x) {
        const vqc_cuda_quotient at_row = vqc_cuda_divide(tile, across);
        const vqc_cuda_quotient at_picture = vqc_cuda_divide(at_row.whole, down);
        const int64_t i = at_row.rest * VQC_CUDA_WARP + lane;
        const int64_t row = at_picture.rest * LINES;
        const vqc_cuda_quotient pixel = vqc_cuda_divide(i, r.channels);
        float sum = 0.0F;
        for (int64_t first = 0; first < r.crops; first += WARPS) {
            float mine[LINES] = {0.0F};
            if (first + warp < r.crops && i < length)
                given_add(r, first + warp, at_picture.whole, row, pixel, mine);
            __syncthreads(); /* the last gifts have been read */
#pragma unroll
            for (int e = 0; e < LINES; e++)
                given[warp][e][lane] = mine[e];
            __syncthreads();
            for (int k = 0; k < WARPS && warp < LINES; k++)
                sum += given[k][warp][lane];
        }
        if (warp < LINES && row + warp < r.height && i < length)
            vqc_cuda_store_gradient(grad_input, (at_picture.whole * r.height + row + warp) * length + i, sum,
                                    accumulate);
    }
}

/* Bytes of a filter's weights in f32. */
size_t weights_size(int64_t max_length, int64_t side)
{
    return vqc_filter_round_up((size_t)(side * vqc_filter_stride(max_length, side)) * sizeof(float));
}

/* Bytes of an adjoint's weights for any length up to max_length. For a length L of at least 2 these are L times the
 * stride, where L / (L − 1) is at most 2. */
size_t adjoint_weights_size(int64_t max_length, int64_t side)
{
    int64_t taps = VQC_FILTER_TAPS + 2 * vqc_filter_reach(max_length, side);
    return vqc_filter_round_up((size_t)(2 * taps * side + 2 * max_length) * sizeof(float));
}

/* Bytes for one crop's filter along an axis and its adjoint. */
size_t axis_size(int64_t max_length, int64_t side)
{
    return vqc_filter_size(max_length, side) + weights_size(max_length, side) +
           adjoint_weights_size(max_length, side) + 2 * vqc_filter_rows_size(max_length);
}

/* Places these from `memory` on. */
void axis_place(int64_t max_length, int64_t side, char *memory, vqc_filter *computed, band *filter, band *adjoint)
{
    *computed = vqc_filter_place(max_length, side, memory);
    memory += vqc_filter_size(max_length, side);
    *filter = band{computed->stride, computed->first, computed->count, reinterpret_cast<float *>(memory)};
    memory += weights_size(max_length, side);
    adjoint->weight = reinterpret_cast<float *>(memory);
    memory += adjoint_weights_size(max_length, side);
    adjoint->first = reinterpret_cast<int32_t *>(memory);
    adjoint->count = reinterpret_cast<int32_t *>(memory + vqc_filter_rows_size(max_length));
}

size_t crop_size_of(const vqc_resample *o)
{
    return axis_size(o->height, o->side) + axis_size(o->width, o->side);
}

/* A backward call only reads the saved state. */
resampling resampling_of(const vqc_resample *o, const void *fields, const void *saved, void *workspace)
{
    char *memory = static_cast<char *>(const_cast<void *>(saved));
    resampling r = {};
    r.batch = o->batch;
    r.height = o->height;
    r.width = o->width;
    r.channels = o->channels;
    r.crops = o->crops;
    r.side = o->side;
    r.fields = static_cast<const int32_t *>(fields);
    r.crop_size = crop_size_of(o);
    axis_place(o->height, o->side, memory, &r.computed[VERTICAL], &r.filters[VERTICAL], &r.adjoints[VERTICAL]);
    axis_place(o->width, o->side, memory + axis_size(o->height, o->side), &r.computed[HORIZONTAL],
               &r.filters[HORIZONTAL], &r.adjoints[HORIZONTAL]);
    r.half_way = static_cast<float *>(workspace);
    return r;
}

} // namespace

static cudaError_t run_forward(const vqc_cuda_call *call, const vqc_forward *arguments)
{
    const vqc_resample *o = &call->operation->resample;
    const resampling r = resampling_of(o, arguments->input[1], arguments->saved, arguments->workspace);
    cudaError_t result = vqc_cuda_launch(call->stream, AXES * r.crops, filters_kernel, r);
    if (result == cudaSuccess)
        result = vqc_cuda_launch(call->stream, o->crops * o->side, columns_filter_kernel, r,
                                 static_cast<const float *>(arguments->input[0]));
    if (result == cudaSuccess)
        result = vqc_cuda_launch(call->stream, o->crops * vqc_cuda_pieces(o->side, LINES), rows_filter_kernel, r,
                                 static_cast<float *>(arguments->output));
    return result;
}

static cudaError_t run_backward(const vqc_cuda_call *call, const vqc_backward *arguments)
{
    const vqc_resample *o = &call->operation->resample;
    if (arguments->grad_input[0] == NULL)
        return cudaSuccess;
    const resampling r = resampling_of(o, arguments->input[1], arguments->saved, arguments->workspace);
    int64_t tiles = vqc_cuda_pieces(o->width * o->channels, VQC_CUDA_WARP) * vqc_cuda_pieces(o->height, LINES);
    cudaError_t result = vqc_cuda_launch(call->stream, o->crops * o->height, columns_gather_kernel, r,
                                         static_cast<const float *>(arguments->grad_output));
    if (result == cudaSuccess)
        result = vqc_cuda_launch(call->stream, o->batch * tiles, rows_gather_kernel, r, arguments->accumulate[0],
                                 static_cast<float *>(arguments->grad_input[0]));
    return result;
}

static vqc_status prepare(vqc_cuda_plan *plan, vqc_error *error)
{
    const vqc_resample *o = &plan->operation.resample;
    int64_t longest = o->width > o->height ? o->width : o->height;
    (void)error;
    plan->sizes.saved = (size_t)o->crops * crop_size_of(o);
    plan->sizes.workspace = (size_t)(o->crops * o->side * longest * o->channels) * sizeof(float);
    return VQC_OK;
}

const vqc_cuda_kernels vqc_cuda_resample_kernels = {
    .prepare = prepare, .forward = run_forward, .backward = run_backward};
