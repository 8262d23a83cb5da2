#include "ops/cuda/element.cuh"
#include "ops/cuda/kernels.h"
#include "ops/cuda/pointwise.cuh"
#include "ops/view_formulas.h"

namespace
{

/* An element of the output, or, of `is_gradient`, of the input's gradient. */
struct view_value {
    int64_t height, width;
    const int32_t *views;
    const float *source;
    bool is_gradient;

    __device__ float operator()(int64_t i) const
    {
        const vqc_cuda_quotient at_pixel = vqc_cuda_divide(i, 3);
        const vqc_cuda_quotient at_row = vqc_cuda_divide(at_pixel.whole, width);
        const int32_t *view = views + vqc_cuda_divide(at_row.whole, height).whole * VQC_VIEW_NUMBERS;
        const float *pixel = source + 3 * (at_row.whole * width + vqc_view_column(view, width, at_row.rest));
        return is_gradient ? vqc_view_gradient(view, pixel, at_pixel.rest)
                           : vqc_view_colour(view, pixel, at_pixel.rest);
    }
};

cudaError_t run(const vqc_cuda_call *call, const view_value &value, bool accumulate, void *target)
{
    const vqc_view *o = &call->operation->view;
    return vqc_cuda_elements_run(value, accumulate, static_cast<float *>(target), 3 * o->crops * o->height * o->width,
                                 call->stream);
}

} // namespace

static cudaError_t run_forward(const vqc_cuda_call *call, const vqc_forward *arguments)
{
    const vqc_view *o = &call->operation->view;
    const view_value value = {o->height, o->width, static_cast<const int32_t *>(arguments->input[1]),
                              static_cast<const float *>(arguments->input[0]), false};
    return run(call, value, false, arguments->output);
}

static cudaError_t run_backward(const vqc_cuda_call *call, const vqc_backward *arguments)
{
    const vqc_view *o = &call->operation->view;
    if (arguments->grad_input[0] == NULL)
        return cudaSuccess;
    const view_value value = {o->height, o->width, static_cast<const int32_t *>(arguments->input[1]),
                              static_cast<const float *>(arguments->grad_output), true};
    return run(call, value, arguments->accumulate[0], arguments->grad_input[0]);
}

const vqc_cuda_kernels vqc_cuda_view_kernels = {.prepare = NULL, .forward = run_forward, .backward = run_backward};
