#include "ops/cuda/kernels.h"
#include "ops/cuda/plan.h"
#include "ops/cuda/pointwise.cuh"
#include "ops/cuda/reduce.cuh"
#include "ops/picture_term_formulas.h"

namespace
{

__device__ vqc_picture_sums sums_of_block(vqc_picture_sums sums)
{
    __shared__ double scratch[VQC_CUDA_WARP];
    for (int k = 0; k < VQC_PICTURE_SUMS; k++)
        sums.of[k] = vqc_cuda_block_sum(sums.of[k], scratch);
    return sums;
}

/* A block of threads makes the sums of a row. */
__global__ void __launch_bounds__(VQC_CUDA_THREADS)
    rows_kernel(vqc_picture_term_function function, vqc_picture_view view, vqc_picture_sums *rows)
{
    for (int64_t row = blockIdx.x; row < view.height; row += gridDim.x) {
        vqc_picture_sums sums = {};
        for (int64_t column = threadIdx.x; column < view.width; column += VQC_CUDA_THREADS)
            vqc_formula_picture_term_sums(function, &view, row, column, &sums);
        sums = sums_of_block(sums);
        if (threadIdx.x == 0)
            rows[row] = sums;
    }
}

/* One block adds the rows up. */
__global__ void __launch_bounds__(VQC_CUDA_THREADS)
    end_kernel(vqc_picture_term_function function, vqc_picture_view view, const vqc_picture_sums *rows, float *output,
               vqc_picture_end *end)
{
    vqc_picture_sums sums = {};
    for (int64_t row = threadIdx.x; row < view.height; row += VQC_CUDA_THREADS)
        for (int k = 0; k < VQC_PICTURE_SUMS; k++)
            sums.of[k] += rows[row].of[k];
    sums = sums_of_block(sums);
    if (threadIdx.x == 0) {
        *end = vqc_formula_picture_term_end(function, &view, &sums);
        *output = (float)end->value;
    }
}

__global__ void __launch_bounds__(VQC_CUDA_THREADS)
    gradient_kernel(vqc_picture_term_function function, vqc_picture_view view, const vqc_picture_end *end,
                    const float *grad_output, bool accumulate, float *gradients)
{
    const double slope = (double)*grad_output * view.scale;
    for (int64_t i = vqc_cuda_first(); i < view.height * view.width; i += vqc_cuda_step()) {
        const vqc_cuda_quotient at = vqc_cuda_divide(i, view.width);
        const vqc_picture_gradient gradient =
            vqc_formula_picture_term_gradient(function, &view, at.whole, at.rest, end->factors);
        for (int c = 0; c < VQC_PICTURE_CHANNELS; c++)
            vqc_cuda_store_gradient(gradients, i * VQC_PICTURE_CHANNELS + c, (float)(slope * gradient.of[c]),
                                    accumulate);
    }
}

} // namespace

static vqc_picture_view view_of(const vqc_picture_term *o, const void *const input[VQC_OPERATION_MAX_INPUTS])
{
    return vqc_picture_view{static_cast<const float *>(input[0]),
                            static_cast<const float *>(input[1]),
                            o->height,
                            o->width,
                            (double)o->scale,
                            (double)o->shift};
}

static cudaError_t run_forward(const vqc_cuda_call *call, const vqc_forward *arguments)
{
    const vqc_picture_term *o = &call->operation->picture_term;
    const vqc_picture_view view = view_of(o, arguments->input);
    vqc_picture_sums *rows = static_cast<vqc_picture_sums *>(arguments->workspace);
    cudaError_t result = vqc_cuda_launch(call->stream, o->height, rows_kernel, o->function, view, rows);
    if (result == cudaSuccess)
        result = vqc_cuda_launch(call->stream, 1, end_kernel, o->function, view,
                                 static_cast<const vqc_picture_sums *>(rows), static_cast<float *>(arguments->output),
                                 static_cast<vqc_picture_end *>(arguments->saved));
    return result;
}

static cudaError_t run_backward(const vqc_cuda_call *call, const vqc_backward *arguments)
{
    const vqc_picture_term *o = &call->operation->picture_term;
    if (arguments->grad_input[0] == NULL)
        return cudaSuccess;
    return vqc_cuda_launch(call->stream, vqc_cuda_pieces(o->height * o->width, VQC_CUDA_THREADS), gradient_kernel,
                           o->function, view_of(o, arguments->input),
                           static_cast<const vqc_picture_end *>(arguments->saved),
                           static_cast<const float *>(arguments->grad_output), arguments->accumulate[0],
                           static_cast<float *>(arguments->grad_input[0]));
}

/* Saved: what the sums came to. Workspace: the sums of each row. */
static vqc_status prepare(vqc_cuda_plan *plan, vqc_error *error)
{
    (void)error;
    plan->sizes.saved = sizeof(vqc_picture_end);
    plan->sizes.workspace = (size_t)plan->operation.picture_term.height * sizeof(vqc_picture_sums);
    return VQC_OK;
}

const vqc_cuda_kernels vqc_cuda_picture_term_kernels = {
    .prepare = prepare, .forward = run_forward, .backward = run_backward};
