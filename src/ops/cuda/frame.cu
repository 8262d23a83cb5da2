#include "ops/cuda/element.cuh"
#include "ops/cuda/kernels.h"
#include "ops/cuda/pointwise.cuh"

namespace
{

/* An element of a picture of rows of `to` elements, which lies at (top, left) in one of `height` rows of `from`
 * elements; 0 outside. */
struct shifted_value {
    int64_t to, height, from, top, left;
    const float *source;

    __device__ float operator()(int64_t i) const
    {
        const vqc_cuda_quotient at_row = vqc_cuda_divide(i, to);
        const int64_t y = at_row.whole + top;
        const int64_t x = at_row.rest + left;
        return y >= 0 && y < height && x >= 0 && x < from ? source[y * from + x] : 0.0F;
    }
};

} // namespace

static cudaError_t run_forward(const vqc_cuda_call *call, const vqc_forward *arguments)
{
    const vqc_frame *o = &call->operation->frame;
    const int64_t side = vqc_frame_side(o);
    const shifted_value value = {side * o->channels,
                                 o->height,
                                 o->width * o->channels,
                                 -((side - o->height) / 2),
                                 -((side - o->width) / 2) * o->channels,
                                 static_cast<const float *>(arguments->input[0])};
    return vqc_cuda_elements_run(value, false, static_cast<float *>(arguments->output), side * side * o->channels,
                                 call->stream);
}

static cudaError_t run_backward(const vqc_cuda_call *call, const vqc_backward *arguments)
{
    const vqc_frame *o = &call->operation->frame;
    const int64_t side = vqc_frame_side(o);
    if (arguments->grad_input[0] == NULL)
        return cudaSuccess;
    const shifted_value value = {o->width * o->channels,
                                 side,
                                 side * o->channels,
                                 (side - o->height) / 2,
                                 (side - o->width) / 2 * o->channels,
                                 static_cast<const float *>(arguments->grad_output)};
    return vqc_cuda_elements_run(value, arguments->accumulate[0], static_cast<float *>(arguments->grad_input[0]),
                                 o->height * o->width * o->channels, call->stream);
}

const vqc_cuda_kernels vqc_cuda_frame_kernels = {.prepare = NULL, .forward = run_forward, .backward = run_backward};
