#include "ops/cuda/element.cuh"
#include "ops/cuda/kernels.h"
#include "ops/cuda/pointwise.cuh"
#include "ops/spline_formulas.h"

namespace
{

/* A thread computes the place of a pixel. */
__global__ void __launch_bounds__(VQC_CUDA_THREADS)
    spline_kernel(vqc_spline_field shape, const float *numbers, float *places)
{
    const int64_t pixels = shape.height * shape.width;
    for (int64_t i = vqc_cuda_first(); i < shape.crops * pixels; i += vqc_cuda_step()) {
        const vqc_cuda_quotient at_crop = vqc_cuda_divide(i, pixels);
        const vqc_cuda_quotient at = vqc_cuda_divide(at_crop.rest, shape.width);
        const float *of_crop = numbers + at_crop.whole * VQC_SPLINE_NUMBERS;
        if (of_crop[0] == 0.0F) { /* the logarithms would be for nothing */
            places[2 * i] = (float)at.rest;
            places[2 * i + 1] = (float)at.whole;
        } else {
            vqc_spline_place(of_crop, shape.height, shape.width, (int32_t)at.rest, (int32_t)at.whole, places + 2 * i);
        }
    }
}

} // namespace

static cudaError_t run_forward(const vqc_cuda_call *call, const vqc_forward *arguments)
{
    const vqc_spline_field *o = &call->operation->spline_field;
    return vqc_cuda_launch(call->stream, vqc_cuda_pieces(o->crops * o->height * o->width, VQC_CUDA_THREADS),
                           spline_kernel, *o, static_cast<const float *>(arguments->input[0]),
                           static_cast<float *>(arguments->output));
}

const vqc_cuda_kernels vqc_cuda_spline_field_kernels = {.prepare = NULL, .forward = run_forward, .backward = NULL};
