#include "ops/cuda/kernels.h"
#include "ops/cuda/plan.h"
#include "ops/cuda/pointwise.cuh"
#include "ops/cuda/reduce.cuh"
#include "ops/formulas.h"

namespace
{

/* A warp computes a row, or one distance of it. */
enum { WARPS = VQC_CUDA_THREADS / VQC_CUDA_WARP /* of a block */ };

__device__ float length_of(const float *x, int64_t width, int lane)
{
    float squares = 0.0F;
    for (int64_t i = lane; i < width; i += VQC_CUDA_WARP)
        squares += x[i] * x[i];
    return sqrtf(vqc_cuda_warp_sum(squares));
}

/* What gradient and value need of x̂ − ŷ: its length, and its product with x̂. */
typedef struct difference {
    float chord, along;
} difference;

__device__ difference difference_of(const float *x, float length, const float *target, int64_t width, int lane)
{
    float squares = 0.0F;
    float products = 0.0F;
    for (int64_t i = lane; i < width; i += VQC_CUDA_WARP) {
        float unit = x[i] / length;
        float d = unit - target[i];
        squares += d * d;
        products += d * unit;
    }
    return difference{sqrtf(vqc_cuda_warp_sum(squares)), vqc_cuda_warp_sum(products)};
}

__global__ void __launch_bounds__(VQC_CUDA_THREADS)
    forward_kernel(int64_t rows, int64_t width, int64_t prompts, const float *targets, const float *input,
                   float *output)
{
    int lane = (int)threadIdx.x % VQC_CUDA_WARP;
    for (int64_t i = (int64_t)blockIdx.x * WARPS + threadIdx.x / VQC_CUDA_WARP; i < rows * prompts;
         i += (int64_t)gridDim.x * WARPS) {
        vqc_cuda_quotient at = vqc_cuda_divide(i, prompts);
        const float *x = input + at.whole * width;
        float length = length_of(x, width, lane);
        difference d = difference_of(x, length, targets + at.rest * width, width, lane);
        if (lane == 0)
            output[i] = vqc_formula_distance(d.chord);
    }
}

/* The prompts' gradients are added in their order; a lane keeps to its elements of the row. */
__global__ void __launch_bounds__(VQC_CUDA_THREADS)
    backward_kernel(int64_t rows, int64_t width, int64_t prompts, const float *targets, const float *input,
                    const float *grad_output, bool accumulate, float *grad_input)
{
    int lane = (int)threadIdx.x % VQC_CUDA_WARP;
    for (int64_t row = (int64_t)blockIdx.x * WARPS + threadIdx.x / VQC_CUDA_WARP; row < rows;
         row += (int64_t)gridDim.x * WARPS) {
        const float *x = input + row * width;
        float *grad = grad_input + row * width;
        float length = length_of(x, width, lane);
        for (int64_t prompt = 0; prompt < prompts; prompt++) {
            const float *target = targets + prompt * width;
            difference d = difference_of(x, length, target, width, lane);
            float factor = grad_output[row * prompts + prompt] * vqc_formula_distance_factor(d.chord) / length;
            for (int64_t i = lane; i < width; i += VQC_CUDA_WARP)
                vqc_cuda_store_gradient(grad, i,
                                        vqc_formula_distance_gradient(factor, x[i] / length, target[i], d.along),
                                        accumulate || prompt > 0);
        }
    }
}

} // namespace

static cudaError_t run_forward(const vqc_cuda_call *call, const vqc_forward *arguments)
{
    const vqc_distance *o = &call->operation->distance;
    return vqc_cuda_launch(call->stream, vqc_cuda_pieces(o->rows * o->prompts, WARPS), forward_kernel, o->rows,
                           o->width, o->prompts, static_cast<const float *>(call->parameter[0]),
                           static_cast<const float *>(arguments->input[0]), static_cast<float *>(arguments->output));
}

static cudaError_t run_backward(const vqc_cuda_call *call, const vqc_backward *arguments)
{
    const vqc_distance *o = &call->operation->distance;
    if (arguments->grad_input[0] == NULL)
        return cudaSuccess;
    return vqc_cuda_launch(call->stream, vqc_cuda_pieces(o->rows, WARPS), backward_kernel, o->rows, o->width,
                           o->prompts, static_cast<const float *>(call->parameter[0]),
                           static_cast<const float *>(arguments->input[0]),
                           static_cast<const float *>(arguments->grad_output), arguments->accumulate[0],
                           static_cast<float *>(arguments->grad_input[0]));
}

/* targets of unit length */
static void targets_normalise(const vqc_operation *operation, float *targets)
{
    const vqc_distance *o = &operation->distance;
    for (int64_t prompt = 0; prompt < o->prompts; prompt++) {
        const float *target = o->targets + prompt * o->width;
        double sum = 0.0;
        for (int64_t i = 0; i < o->width; i++)
            sum += (double)target[i] * (double)target[i];
        double length = sqrt(sum);
        for (int64_t i = 0; i < o->width; i++)
            targets[prompt * o->width + i] = (float)((double)target[i] / length);
    }
}

static vqc_status prepare(vqc_cuda_plan *plan, vqc_error *error)
{
    const vqc_distance *o = &plan->operation.distance;
    return vqc_cuda_parameter_compute(plan, 0, targets_normalise, o->prompts * o->width, error);
}

const vqc_cuda_kernels vqc_cuda_distance_kernels = {
    .prepare = prepare, .forward = run_forward, .backward = run_backward};
