#include "ops/colour_formulas.h"
#include "ops/cuda/element.cuh"
#include "ops/cuda/kernels.h"
#include "ops/cuda/pointwise.cuh"

namespace
{

/* A block of threads takes a tile of one crop's pixels, for which it looks up the crop's stages once. */
enum { TILE_PIXELS = 4 * VQC_CUDA_THREADS };

__device__ vqc_rgb pixel_at(const float *pixels, int64_t pixel)
{
    return vqc_rgb{{pixels[3 * pixel], pixels[3 * pixel + 1], pixels[3 * pixel + 2]}};
}

struct colour_forward {
    const float *input;
    float *output;

    __device__ void operator()(const vqc_colour_stages *stages, int64_t pixel) const
    {
        vqc_rgb result = vqc_colour_forward(stages, pixel_at(input, pixel));
        for (int c = 0; c < 3; c++)
            output[3 * pixel + c] = result.channel[c];
    }
};

struct colour_backward {
    const float *input;
    const float *grad_output;
    bool accumulate;
    float *grad_input;

    __device__ void operator()(const vqc_colour_stages *stages, int64_t pixel) const
    {
        vqc_rgb result = vqc_colour_backward(stages, pixel_at(input, pixel), pixel_at(grad_output, pixel));
        for (int c = 0; c < 3; c++)
            vqc_cuda_store_gradient(grad_input, 3 * pixel + c, result.channel[c], accumulate);
    }
};

/* What vqc_colour_stages_of gives, each stage by a thread. */
__device__ void stages_find(const float *parameters, vqc_colour_stages *stages)
{
    const int i = (int)threadIdx.x;
    if (i >= VQC_COLOUR_STAGES)
        return;
    stages->parameter[i] = parameters[i];
    stages->stage[i] = vqc_colour_stage_at((int)parameters[VQC_COLOUR_STAGES], i);
}

template <typename Change>
__global__ void __launch_bounds__(VQC_CUDA_THREADS)
    colour_kernel(Change change, int64_t crops, int64_t pixels, const float *parameters)
{
    __shared__ vqc_colour_stages stages;
    const int64_t tiles = vqc_cuda_pieces(pixels, TILE_PIXELS); /* of a crop */
    for (int64_t i = blockIdx.x; i < crops * tiles; i += gridDim.x) {
        vqc_cuda_quotient at = vqc_cuda_divide(i, tiles);
        __syncthreads(); /* the last stages have been used */
        stages_find(parameters + at.whole * VQC_COLOUR_NUMBERS, &stages);
        __syncthreads();
        int64_t first = at.rest * TILE_PIXELS;
        int64_t end = first + TILE_PIXELS < pixels ? first + TILE_PIXELS : pixels;
        for (int64_t pixel = first + threadIdx.x; pixel < end; pixel += VQC_CUDA_THREADS)
            change(&stages, at.whole * pixels + pixel);
    }
}

template <typename Change> cudaError_t run(const vqc_cuda_call *call, Change change, const void *parameters)
{
    const vqc_colour *o = &call->operation->colour;
    int64_t tiles = vqc_cuda_pieces(o->pixels, TILE_PIXELS);
    return vqc_cuda_launch(call->stream, o->crops * tiles, colour_kernel<Change>, change, o->crops, o->pixels,
                           static_cast<const float *>(parameters));
}

} // namespace

static cudaError_t run_forward(const vqc_cuda_call *call, const vqc_forward *arguments)
{
    const colour_forward change = {static_cast<const float *>(arguments->input[0]),
                                   static_cast<float *>(arguments->output)};
    return run(call, change, arguments->input[1]);
}

static cudaError_t run_backward(const vqc_cuda_call *call, const vqc_backward *arguments)
{
    if (arguments->grad_input[0] == NULL)
        return cudaSuccess;
    const colour_backward change = {static_cast<const float *>(arguments->input[0]),
                                    static_cast<const float *>(arguments->grad_output), arguments->accumulate[0],
                                    static_cast<float *>(arguments->grad_input[0])};
    return run(call, change, arguments->input[1]);
}

const vqc_cuda_kernels vqc_cuda_colour_kernels = {.prepare = NULL, .forward = run_forward, .backward = run_backward};
