#include "ops/cuda/element.cuh"
#include "ops/cuda/kernels.h"
#include "ops/cuda/pointwise.cuh"
#include "ops/erase_formulas.h"

namespace
{

/* An element of the source, but for what is erased. */
struct erased_value {
    int64_t height, width, channels;
    const int32_t *rectangles;
    const float *source;

    __device__ float operator()(int64_t i) const
    {
        const vqc_cuda_quotient at_pixel = vqc_cuda_divide(i, channels);
        const vqc_cuda_quotient at_row = vqc_cuda_divide(at_pixel.whole, width);
        const vqc_cuda_quotient at_crop = vqc_cuda_divide(at_row.whole, height);
        return vqc_erase_hits(rectangles + at_crop.whole * VQC_ERASE_NUMBERS, at_row.rest, at_crop.rest) ? 0.0F
                                                                                                         : source[i];
    }
};

cudaError_t run(const vqc_cuda_call *call, const void *rectangles, bool accumulate, const void *source, void *target)
{
    const vqc_erase *o = &call->operation->erase;
    const erased_value value = {o->height, o->width, o->channels, static_cast<const int32_t *>(rectangles),
                                static_cast<const float *>(source)};
    return vqc_cuda_elements_run(value, accumulate, static_cast<float *>(target),
                                 o->crops * o->height * o->width * o->channels, call->stream);
}

} // namespace

static cudaError_t run_forward(const vqc_cuda_call *call, const vqc_forward *arguments)
{
    return run(call, arguments->input[1], false, arguments->input[0], arguments->output);
}

static cudaError_t run_backward(const vqc_cuda_call *call, const vqc_backward *arguments)
{
    if (arguments->grad_input[0] == NULL)
        return cudaSuccess;
    return run(call, arguments->input[1], arguments->accumulate[0], arguments->grad_output, arguments->grad_input[0]);
}

const vqc_cuda_kernels vqc_cuda_erase_kernels = {.prepare = NULL, .forward = run_forward, .backward = run_backward};
