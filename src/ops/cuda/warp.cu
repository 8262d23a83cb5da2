#include "ops/cuda/kernels.h"
#include "ops/cuda/pointwise.cuh"
#include "ops/cuda/reduce.cuh"
#include "ops/warp_formulas.h"

/* The gradient. An input pixel is seen by any number of output pixels: many where a crop shrinks, and where its edge
 * is repeated, all that lie outside. So every output pixel adds its gradient to the four input pixels that it is
 * mixed from, and since threads come in any order, what is added are whole numbers: with M the largest gradient of
 * the crop and 2^p at least its number of pixels, units of M · 2^(p − 61), rounded up to a power of two. No sum
 * exceeds 2^62, because the weights of an output pixel add up to at most 1; and for a crop of 224 × 224 a unit is M ·
 * 2^-45, where f32 would round M itself by M · 2^-24. A crop with a gradient that is not finite gets NaN everywhere.
 */

namespace
{

/* Colour pictures have three channels; for those, all reads of a pixel are under way at once. */
enum { COLOURS = 3, ANY_NUMBER = 0 };

template <int fixed> struct warped_value {
    int64_t height, width, channels;
    const float *matrices;
    const float *input;

    __device__ void operator()(int64_t pixel, float *output) const
    {
        const int count = fixed != ANY_NUMBER ? fixed : (int)channels;
        vqc_cuda_quotient at_crop = vqc_cuda_divide(pixel, height * width);
        vqc_cuda_quotient at = vqc_cuda_divide(at_crop.rest, width);
        const float *crop = input + at_crop.whole * height * width * count;
        vqc_warp_taps taps;
        bool seen =
            vqc_warp_taps_find(height, width, matrices + at_crop.whole * VQC_WARP_MATRIX, at.rest, at.whole, &taps);
#pragma unroll
        for (int c = 0; c < count; c++) {
            float sum = 0.0F;
#pragma unroll
            for (int k = 0; k < 4 && seen; k++)
                sum += taps.weight[k] * crop[taps.index[k] * count + c];
            output[pixel * count + c] = sum;
        }
    }
};

template <int fixed>
__global__ void __launch_bounds__(VQC_CUDA_THREADS)
    forward_kernel(warped_value<fixed> value, int64_t pixels, float *output)
{
    for (int64_t pixel = vqc_cuda_first(); pixel < pixels; pixel += vqc_cuda_step())
        value(pixel, output);
}

/* The bits of |value|, which are in the order of the values; those of NaN are the largest. */
__device__ unsigned magnitude_bits(float value)
{
    return __float_as_uint(value) & 0x7fffffffU;
}

enum { TILE = 16 * VQC_CUDA_THREADS /* elements of a crop that a block looks at */ };

/* Largest magnitude of every crop's gradient; `largest` is 0 before. */
__global__ void __launch_bounds__(VQC_CUDA_THREADS)
    largest_kernel(int64_t crops, int64_t count, const float *grad_output, unsigned *largest)
{
    int64_t tiles = vqc_cuda_pieces(count, TILE);
    for (int64_t tile = blockIdx.x; tile < crops * tiles; tile += gridDim.x) {
        vqc_cuda_quotient at = vqc_cuda_divide(tile, tiles);
        const float *crop = grad_output + at.whole * count;
        int64_t end = (at.rest + 1) * TILE < count ? (at.rest + 1) * TILE : count;
        unsigned found = 0;
        for (int64_t i = at.rest * TILE + threadIdx.x; i < end; i += VQC_CUDA_THREADS) {
            unsigned bits = magnitude_bits(crop[i]);
            found = bits > found ? bits : found;
        }
        for (int lanes = 16; lanes > 0; lanes /= 2) {
            unsigned other = __shfl_xor_sync(0xffffffffU, found, lanes);
            found = other > found ? other : found;
        }
        if (threadIdx.x % 32 == 0)
            atomicMax(&largest[at.whole], found);
    }
}

const unsigned infinity_bits = 0x7f800000U;

/* How many units make 1, a power of two, in a crop of at most 2^places pixels; largest is finite. */
__device__ double units_of(unsigned largest, int places)
{
    int exponent; /* largest < 2^exponent */
    (void)frexpf(__uint_as_float(largest), &exponent);
    return ldexp(1.0, 61 - places - exponent);
}

struct scattered_gradient {
    int64_t height, width, channels;
    int places;
    const float *matrices;
    const float *grad_output;
    const unsigned *largest;
    unsigned long long *sums; /* two's complement */
};

/* An output pixel of a thread: the input pixels, counted over all crops, that it gives to, by columns. */
struct scattered_pixel {
    bool gives;
    double units;
    int64_t left[2], right[2];
    float left_weight[2], right_weight[2];
};

__device__ scattered_pixel scattered_pixel_at(const scattered_gradient &g, int64_t pixel)
{
    scattered_pixel p = {};
    vqc_cuda_quotient at_crop = vqc_cuda_divide(pixel, g.height * g.width);
    vqc_cuda_quotient at = vqc_cuda_divide(at_crop.rest, g.width);
    unsigned largest = g.largest[at_crop.whole];
    int64_t first = at_crop.whole * g.height * g.width;
    vqc_warp_taps taps;
    p.gives = vqc_warp_taps_find(g.height, g.width, g.matrices + at_crop.whole * VQC_WARP_MATRIX, at.rest, at.whole,
                                 &taps) &&
              largest < infinity_bits;
    if (!p.gives)
        return p;
    p.units = units_of(largest, g.places);
    for (int row = 0; row < 2; row++) {
        p.left[row] = first + taps.index[2 * row];
        p.right[row] = first + taps.index[2 * row + 1];
        p.left_weight[row] = taps.weight[2 * row];
        p.right_weight[row] = taps.weight[2 * row + 1];
    }
    return p;
}

__device__ void add(const scattered_gradient &g, int64_t pixel, int64_t channel, long long term)
{
    if (term != 0)
        atomicAdd(&g.sums[pixel * g.channels + channel], (unsigned long long)term);
}

/* In a warp are neighbours of a row, and mostly what lies right of one is what lies left of the next: then the next
 * one adds both together, which takes half as many additions to memory. The sums are the same, as they are of whole
 * numbers. */
__global__ void __launch_bounds__(VQC_CUDA_THREADS) scatter_kernel(scattered_gradient g, int64_t pixels)
{
    int lane = (int)threadIdx.x % VQC_CUDA_WARP;
    int before = lane > 0 ? lane - 1 : 0;
    int after = lane < VQC_CUDA_WARP - 1 ? lane + 1 : lane;
    for (int64_t first = vqc_cuda_first() - lane; first < pixels; first += vqc_cuda_step()) {
        scattered_pixel p = {};
        if (first + lane < pixels)
            p = scattered_pixel_at(g, first + lane);
        bool takes = __shfl_sync(0xffffffffU, p.gives, before) && p.gives && lane > 0;
        for (int row = 0; row < 2; row++)
            takes = (__shfl_sync(0xffffffffU, (long long)p.right[row], before) == p.left[row]) && takes;
        bool passes_on = __shfl_sync(0xffffffffU, takes, after) && after != lane;
        for (int64_t c = 0; c < g.channels; c++) {
            double grad = p.gives ? (double)g.grad_output[(first + lane) * g.channels + c] : 0.0;
            for (int row = 0; row < 2; row++) {
                long long left = llrint((double)p.left_weight[row] * grad * p.units);
                long long right = llrint((double)p.right_weight[row] * grad * p.units);
                long long passed = __shfl_sync(0xffffffffU, right, before);
                left += takes ? passed : 0;
                if (p.gives)
                    add(g, p.left[row], c, left);
                if (p.gives && !passes_on)
                    add(g, p.right[row], c, right);
            }
        }
    }
}

struct summed_gradient {
    int64_t count; /* elements of a crop */
    int places;
    const unsigned *largest;
    const unsigned long long *sums;

    __device__ float operator()(int64_t i) const
    {
        unsigned bits = largest[vqc_cuda_divide(i, count).whole];
        if (bits >= infinity_bits)
            return NAN;
        return (float)((double)(long long)sums[i] / units_of(bits, places));
    }
};

/* The least number with pixels <= 2^places. */
int places_of(int64_t pixels)
{
    int places = 0;
    while (((int64_t)1 << places) < pixels)
        places++;
    return places;
}

size_t sums_size(const vqc_warp *o)
{
    return (size_t)(o->crops * o->height * o->width * o->channels) * sizeof(unsigned long long);
}

} // namespace

size_t vqc_cuda_warp_workspace_size(const vqc_warp *shape)
{
    return sums_size(shape) + (size_t)shape->crops * sizeof(unsigned);
}

template <int fixed> static cudaError_t forward(const vqc_cuda_call *call, const vqc_forward *arguments)
{
    const vqc_warp *o = &call->operation->warp;
    const warped_value<fixed> value = {o->height, o->width, o->channels,
                                       static_cast<const float *>(arguments->input[1]),
                                       static_cast<const float *>(arguments->input[0])};
    int64_t pixels = o->crops * o->height * o->width;
    return vqc_cuda_launch(call->stream, vqc_cuda_pieces(pixels, VQC_CUDA_THREADS), forward_kernel<fixed>, value,
                           pixels, static_cast<float *>(arguments->output));
}

cudaError_t vqc_cuda_warp_forward(const vqc_cuda_call *call, const vqc_forward *arguments)
{
    return call->operation->warp.channels == COLOURS ? forward<COLOURS>(call, arguments)
                                                     : forward<ANY_NUMBER>(call, arguments);
}

cudaError_t vqc_cuda_warp_backward(const vqc_cuda_call *call, const vqc_backward *arguments)
{
    const vqc_warp *o = &call->operation->warp;
    int64_t pixels = o->height * o->width;
    int64_t count = pixels * o->channels;
    const float *grad_output = static_cast<const float *>(arguments->grad_output);
    unsigned long long *sums = static_cast<unsigned long long *>(arguments->workspace);
    unsigned *largest = reinterpret_cast<unsigned *>(sums + o->crops * count);
    if (arguments->grad_input[0] == NULL)
        return cudaSuccess;
    cudaError_t result = cudaMemsetAsync(sums, 0, vqc_cuda_warp_workspace_size(o), call->stream);
    if (result != cudaSuccess)
        return result;
    result = vqc_cuda_launch(call->stream, o->crops * vqc_cuda_pieces(count, TILE), largest_kernel, o->crops, count,
                             grad_output, largest);
    if (result != cudaSuccess)
        return result;
    const scattered_gradient scattered = {
        o->height,   o->width, o->channels, places_of(pixels), static_cast<const float *>(arguments->input[1]),
        grad_output, largest,  sums};
    result = vqc_cuda_launch(call->stream, vqc_cuda_pieces(o->crops * pixels, VQC_CUDA_THREADS), scatter_kernel,
                             scattered, o->crops * pixels);
    if (result != cudaSuccess)
        return result;
    const summed_gradient summed = {count, places_of(pixels), largest, sums};
    return vqc_cuda_elements_run(summed, arguments->accumulate[0], static_cast<float *>(arguments->grad_input[0]),
                                 o->crops * count, call->stream);
}
