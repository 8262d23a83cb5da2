#include "ops/cuda/kernels.h"
#include "ops/cuda/pointwise.cuh"
#include "ops/cuda/reduce.cuh"
#include "ops/formulas.h"

/* Both passes go over the tensor twice: first for sums by piece of pixels and channel, which are combined into sums
 * by group in double, then to compute the result. All orders of summation are fixed by the shape. */

namespace
{

enum { WEIGHT, BIAS }; /* parameters */

enum { PIECE_ELEMENTS = 8192 /* about as many elements has a piece */, PIECE_MAX_PIXELS = 512 };

/* Of each group of each picture, what the forward pass leaves for the backward pass. */
typedef struct moments {
    float mean;
    float inverse_deviation;
} moments;

/* Sums of each channel in a piece: forward the mean and the sum of squared deviations, backward of the gradient h
 * with respect to the normalised values and of h times these. Backward also the means of these over a group. */
typedef struct sums {
    float first, second;
} sums;

struct norm {
    int64_t batch, pixels, channels, groups;
    int64_t width;  /* channels of a group */
    int64_t piece;  /* pixels of a piece; the last one of a picture may have fewer */
    int64_t pieces; /* of a picture */
    float epsilon;
    const float *weight;
    const float *bias;
    sums *parts;       /* (batch, pieces, channels) */
    sums *group_means; /* (batch, groups), backward */
};

/* What a block of threads works on: a piece of pixels. The threads stand in rows as wide as the channels, or as the
 * block if there are more: thread (row, column) takes the pixels row, row + rows, ... and the channels column,
 * column + columns, ... Threads that are left over have no row. */
struct place {
    int64_t batch, part; /* of the piece */
    int64_t first;       /* element of the tensor */
    int64_t pixels;      /* number */
    int rows, columns, row, column;
};

__device__ place place_of(const norm &n, int64_t index)
{
    vqc_cuda_quotient at = vqc_cuda_divide(index, n.pieces);
    int64_t rest = n.pixels - at.rest * n.piece;
    place p;
    p.batch = at.whole;
    p.part = index * n.channels;
    p.first = (at.whole * n.pixels + at.rest * n.piece) * n.channels;
    p.pixels = rest < n.piece ? rest : n.piece;
    p.columns = n.channels < VQC_CUDA_THREADS ? (int)n.channels : (int)VQC_CUDA_THREADS;
    p.rows = VQC_CUDA_THREADS / p.columns;
    p.row = (int)threadIdx.x / p.columns;
    p.column = (int)threadIdx.x % p.columns;
    return p;
}

/* The sum over the rows of threads of the same column, in a fixed tree, for the threads of row 0. Every thread of the
 * block must call. */
__device__ sums rows_sum(const place &p, sums value)
{
    __shared__ sums shared[VQC_CUDA_THREADS];
    int half = 1;
    while (2 * half < p.rows)
        half *= 2;
    __syncthreads(); /* what the last call left has been read */
    shared[threadIdx.x] = value;
    for (; half > 0; half /= 2) {
        __syncthreads();
        if (p.row < half && p.row + half < p.rows) {
            sums other = shared[threadIdx.x + half * p.columns];
            shared[threadIdx.x].first += other.first;
            shared[threadIdx.x].second += other.second;
        }
    }
    return shared[threadIdx.x];
}

/* Mean and sum of squared deviations of each channel in a piece. The sums are of differences to the piece's first
 * pixel, so that a large mean costs no accuracy. */
template <typename T> __global__ void __launch_bounds__(VQC_CUDA_THREADS) measure_kernel(norm n, const T *input)
{
    for (int64_t index = blockIdx.x; index < n.batch * n.pieces; index += gridDim.x) {
        const place p = place_of(n, index);
        for (int64_t left = 0; left < n.channels; left += p.columns) {
            int64_t channel = left + p.column;
            bool takes_part = channel < n.channels && p.row < p.rows;
            const T *x = input + p.first + channel;
            float origin = takes_part ? vqc_cuda_load(x, 0) : 0.0F;
            sums sum = {0.0F, 0.0F};
            for (int64_t pixel = p.row; takes_part && pixel < p.pixels; pixel += p.rows) {
                float d = vqc_cuda_load(x, pixel * n.channels) - origin;
                sum.first += d;
                sum.second += d * d;
            }
            sum = rows_sum(p, sum);
            if (takes_part && p.row == 0) {
                float mean = sum.first / (float)p.pixels;
                float deviations = sum.second - mean * sum.first;
                n.parts[p.part + channel] = sums{origin + mean, deviations > 0.0F ? deviations : 0.0F};
            }
        }
    }
}

/* One channel of one piece, counted over the pieces and channels of a group of a picture. */
struct part {
    sums value;
    double pixels;
};

__device__ part part_at(const norm &n, int64_t batch, int64_t group, int64_t i)
{
    vqc_cuda_quotient at = vqc_cuda_divide(i, n.width);
    int64_t rest = n.pixels - at.whole * n.piece;
    part found;
    found.value = n.parts[(batch * n.pieces + at.whole) * n.channels + group * n.width + at.rest];
    found.pixels = (double)(rest < n.piece ? rest : n.piece);
    return found;
}

/* Mean and deviation of each group of each picture from those of its parts; a block of threads for each. */
__global__ void __launch_bounds__(VQC_CUDA_THREADS) combine_kernel(norm n, moments *saved)
{
    __shared__ double scratch[VQC_CUDA_WARP];
    double total = (double)n.pixels * (double)n.width;
    for (int64_t index = blockIdx.x; index < n.batch * n.groups; index += gridDim.x) {
        vqc_cuda_quotient at = vqc_cuda_divide(index, n.groups);
        double sum = 0.0;
        for (int64_t i = threadIdx.x; i < n.pieces * n.width; i += VQC_CUDA_THREADS) {
            part found = part_at(n, at.whole, at.rest, i);
            sum += (double)found.value.first * found.pixels;
        }
        double mean = vqc_cuda_block_sum(sum, scratch) / total;
        double deviations = 0.0;
        for (int64_t i = threadIdx.x; i < n.pieces * n.width; i += VQC_CUDA_THREADS) {
            part found = part_at(n, at.whole, at.rest, i);
            double d = (double)found.value.first - mean;
            deviations += (double)found.value.second + d * d * found.pixels;
        }
        deviations = vqc_cuda_block_sum(deviations, scratch);
        double inverse = 1.0 / sqrt(deviations / total + (double)n.epsilon);
        if (threadIdx.x == 0)
            saved[index] = moments{(float)mean, (float)inverse};
    }
}

template <typename T, bool swish>
__global__ void __launch_bounds__(VQC_CUDA_THREADS)
    normalise_kernel(norm n, const T *input, const moments *saved, T *output)
{
    for (int64_t index = blockIdx.x; index < n.batch * n.pieces; index += gridDim.x) {
        const place p = place_of(n, index);
        for (int64_t channel = p.column; channel < n.channels && p.row < p.rows; channel += p.columns) {
            const moments m = saved[p.batch * n.groups + vqc_cuda_divide(channel, n.width).whole];
            float weight = n.weight[channel];
            float bias = n.bias[channel];
            for (int64_t pixel = p.row; pixel < p.pixels; pixel += p.rows) {
                int64_t i = p.first + pixel * n.channels + channel;
                float value =
                    vqc_formula_normalise(vqc_cuda_load(input, i), m.mean, m.inverse_deviation, weight, bias);
                vqc_cuda_store(output, i, swish ? vqc_formula_swish(value) : value);
            }
        }
    }
}

/* A normalised value and the gradient with respect to it. */
struct inner {
    float normalised, grad;
};

template <bool swish> __device__ inner inner_of(float x, float grad_output, moments m, float weight, float bias)
{
    float normalised = (x - m.mean) * m.inverse_deviation;
    float grad = grad_output * weight;
    if (swish)
        grad *= vqc_formula_swish_derivative(normalised * weight + bias);
    return inner{normalised, grad};
}

template <typename T, bool swish>
__global__ void __launch_bounds__(VQC_CUDA_THREADS)
    gradient_sum_kernel(norm n, const T *input, const T *grad_output, const moments *saved)
{
    for (int64_t index = blockIdx.x; index < n.batch * n.pieces; index += gridDim.x) {
        const place p = place_of(n, index);
        for (int64_t left = 0; left < n.channels; left += p.columns) {
            int64_t channel = left + p.column;
            bool takes_part = channel < n.channels && p.row < p.rows;
            moments m = {0.0F, 0.0F};
            if (takes_part)
                m = saved[p.batch * n.groups + vqc_cuda_divide(channel, n.width).whole];
            float weight = takes_part ? n.weight[channel] : 0.0F;
            float bias = takes_part ? n.bias[channel] : 0.0F;
            sums sum = {0.0F, 0.0F};
            for (int64_t pixel = p.row; takes_part && pixel < p.pixels; pixel += p.rows) {
                int64_t i = p.first + pixel * n.channels + channel;
                inner found =
                    inner_of<swish>(vqc_cuda_load(input, i), vqc_cuda_load(grad_output, i), m, weight, bias);
                sum.first += found.grad;
                sum.second += found.grad * found.normalised;
            }
            sum = rows_sum(p, sum);
            if (takes_part && p.row == 0)
                n.parts[p.part + channel] = sum;
        }
    }
}

__global__ void __launch_bounds__(VQC_CUDA_THREADS) gradient_combine_kernel(norm n)
{
    __shared__ double scratch[VQC_CUDA_WARP];
    double total = (double)n.pixels * (double)n.width;
    for (int64_t index = blockIdx.x; index < n.batch * n.groups; index += gridDim.x) {
        vqc_cuda_quotient at = vqc_cuda_divide(index, n.groups);
        double first = 0.0;
        double second = 0.0;
        for (int64_t i = threadIdx.x; i < n.pieces * n.width; i += VQC_CUDA_THREADS) {
            part found = part_at(n, at.whole, at.rest, i);
            first += (double)found.value.first;
            second += (double)found.value.second;
        }
        first = vqc_cuda_block_sum(first, scratch);
        second = vqc_cuda_block_sum(second, scratch);
        if (threadIdx.x == 0)
            n.group_means[index] = sums{(float)(first / total), (float)(second / total)};
    }
}

template <typename T, bool swish>
__global__ void __launch_bounds__(VQC_CUDA_THREADS)
    gradient_kernel(norm n, const T *input, const T *grad_output, const moments *saved, bool accumulate,
                    T *grad_input)
{
    for (int64_t index = blockIdx.x; index < n.batch * n.pieces; index += gridDim.x) {
        const place p = place_of(n, index);
        for (int64_t channel = p.column; channel < n.channels && p.row < p.rows; channel += p.columns) {
            int64_t group = p.batch * n.groups + vqc_cuda_divide(channel, n.width).whole;
            const moments m = saved[group];
            const sums means = n.group_means[group];
            float weight = n.weight[channel];
            float bias = n.bias[channel];
            for (int64_t pixel = p.row; pixel < p.pixels; pixel += p.rows) {
                int64_t i = p.first + pixel * n.channels + channel;
                inner found =
                    inner_of<swish>(vqc_cuda_load(input, i), vqc_cuda_load(grad_output, i), m, weight, bias);
                float value = vqc_formula_normalise_gradient(found.grad, found.normalised, means.first, means.second,
                                                             m.inverse_deviation);
                vqc_cuda_store_gradient(grad_input, i, value, accumulate);
            }
        }
    }
}

int64_t piece_of(const vqc_group_norm *o)
{
    int64_t pixels = PIECE_ELEMENTS / o->channels;
    return pixels < 1 ? 1 : pixels > PIECE_MAX_PIXELS ? (int64_t)PIECE_MAX_PIXELS : pixels;
}

size_t parts_count(const vqc_group_norm *o)
{
    return (size_t)(o->batch * vqc_cuda_pieces(o->pixels, piece_of(o)) * o->channels);
}

norm norm_of(const vqc_cuda_call *call, void *workspace)
{
    const vqc_group_norm *o = &call->operation->group_norm;
    norm n = {};
    n.batch = o->batch;
    n.pixels = o->pixels;
    n.channels = o->channels;
    n.groups = o->groups;
    n.width = o->channels / o->groups;
    n.piece = piece_of(o);
    n.pieces = vqc_cuda_pieces(o->pixels, n.piece);
    n.epsilon = o->epsilon;
    n.weight = static_cast<const float *>(call->parameter[WEIGHT]);
    n.bias = static_cast<const float *>(call->parameter[BIAS]);
    n.parts = static_cast<sums *>(workspace);
    n.group_means = n.parts + parts_count(o);
    return n;
}

template <typename T, bool swish> cudaError_t forward_with(const vqc_cuda_call *call, const vqc_forward *arguments)
{
    const norm n = norm_of(call, arguments->workspace);
    const T *input = static_cast<const T *>(arguments->input[0]);
    moments *saved = static_cast<moments *>(arguments->saved);
    cudaError_t result = vqc_cuda_launch(call->stream, n.batch * n.pieces, measure_kernel<T>, n, input);
    if (result == cudaSuccess)
        result = vqc_cuda_launch(call->stream, n.batch * n.groups, combine_kernel, n, saved);
    if (result == cudaSuccess)
        result = vqc_cuda_launch(call->stream, n.batch * n.pieces, normalise_kernel<T, swish>, n, input, saved,
                                 static_cast<T *>(arguments->output));
    return result;
}

template <typename T, bool swish> cudaError_t backward_with(const vqc_cuda_call *call, const vqc_backward *arguments)
{
    const norm n = norm_of(call, arguments->workspace);
    const T *input = static_cast<const T *>(arguments->input[0]);
    const T *grad_output = static_cast<const T *>(arguments->grad_output);
    const moments *saved = static_cast<const moments *>(arguments->saved);
    cudaError_t result = vqc_cuda_launch(call->stream, n.batch * n.pieces, gradient_sum_kernel<T, swish>, n, input,
                                         grad_output, saved);
    if (result == cudaSuccess)
        result = vqc_cuda_launch(call->stream, n.batch * n.groups, gradient_combine_kernel, n);
    if (result == cudaSuccess)
        result = vqc_cuda_launch(call->stream, n.batch * n.pieces, gradient_kernel<T, swish>, n, input, grad_output,
                                 saved, arguments->accumulate[0], static_cast<T *>(arguments->grad_input[0]));
    return result;
}

template <typename T> cudaError_t forward(const vqc_cuda_call *call, const vqc_forward *arguments)
{
    bool swish = call->operation->group_norm.swish;
    return swish ? forward_with<T, true>(call, arguments) : forward_with<T, false>(call, arguments);
}

template <typename T> cudaError_t backward(const vqc_cuda_call *call, const vqc_backward *arguments)
{
    bool swish = call->operation->group_norm.swish;
    return swish ? backward_with<T, true>(call, arguments) : backward_with<T, false>(call, arguments);
}

} // namespace

size_t vqc_cuda_group_norm_saved_size(const vqc_group_norm *shape)
{
    return (size_t)(shape->batch * shape->groups) * sizeof(moments);
}

size_t vqc_cuda_group_norm_workspace_size(const vqc_group_norm *shape)
{
    return (parts_count(shape) + (size_t)(shape->batch * shape->groups)) * sizeof(sums);
}

cudaError_t vqc_cuda_group_norm_forward(const vqc_cuda_call *call, const vqc_forward *arguments)
{
    return VQC_CUDA_FOR_DTYPE(forward, call->operation->dtype, call, arguments);
}

cudaError_t vqc_cuda_group_norm_backward(const vqc_cuda_call *call, const vqc_backward *arguments)
{
    if (arguments->grad_input[0] == NULL)
        return cudaSuccess;
    return VQC_CUDA_FOR_DTYPE(backward, call->operation->dtype, call, arguments);
}
