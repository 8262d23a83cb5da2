#include "ops/cuda/kernels.h"
#include "ops/cuda/pointwise.cuh"
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

struct warped_value {
    int64_t height, width, channels;
    const float *matrices;
    const float *input;

    __device__ void operator()(int64_t pixel, float *output) const
    {
        vqc_cuda_quotient at_crop = vqc_cuda_divide(pixel, height * width);
        vqc_cuda_quotient at = vqc_cuda_divide(at_crop.rest, width);
        const float *crop = input + at_crop.whole * height * width * channels;
        vqc_warp_taps taps;
        bool seen =
            vqc_warp_taps_find(height, width, matrices + at_crop.whole * VQC_WARP_MATRIX, at.rest, at.whole, &taps);
        for (int64_t c = 0; c < channels; c++) {
            float sum = 0.0F;
            for (int k = 0; k < 4 && seen; k++)
                sum += taps.weight[k] * crop[taps.index[k] * channels + c];
            output[pixel * channels + c] = sum;
        }
    }
};

__global__ void __launch_bounds__(VQC_CUDA_THREADS) forward_kernel(warped_value value, int64_t pixels, float *output)
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

    __device__ void operator()(int64_t pixel) const
    {
        vqc_cuda_quotient at_crop = vqc_cuda_divide(pixel, height * width);
        vqc_cuda_quotient at = vqc_cuda_divide(at_crop.rest, width);
        vqc_warp_taps taps;
        if (largest[at_crop.whole] >= infinity_bits)
            return;
        if (!vqc_warp_taps_find(height, width, matrices + at_crop.whole * VQC_WARP_MATRIX, at.rest, at.whole, &taps))
            return;
        double units = units_of(largest[at_crop.whole], places);
        for (int k = 0; k < 4; k++)
            for (int64_t c = 0; c < channels && taps.weight[k] != 0.0F; c++) {
                double term = (double)taps.weight[k] * (double)grad_output[pixel * channels + c];
                int64_t element = (at_crop.whole * height * width + taps.index[k]) * channels + c;
                atomicAdd(&sums[element], (unsigned long long)llrint(term * units));
            }
    }
};

__global__ void __launch_bounds__(VQC_CUDA_THREADS) scatter_kernel(scattered_gradient gradient, int64_t pixels)
{
    for (int64_t pixel = vqc_cuda_first(); pixel < pixels; pixel += vqc_cuda_step())
        gradient(pixel);
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

cudaError_t vqc_cuda_warp_forward(const vqc_cuda_call *call, const vqc_forward *arguments)
{
    const vqc_warp *o = &call->operation->warp;
    const warped_value value = {o->height, o->width, o->channels, static_cast<const float *>(arguments->input[1]),
                                static_cast<const float *>(arguments->input[0])};
    int64_t pixels = o->crops * o->height * o->width;
    return vqc_cuda_launch(call->stream, vqc_cuda_pieces(pixels, VQC_CUDA_THREADS), forward_kernel, value, pixels,
                           static_cast<float *>(arguments->output));
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
