#include "ops/cuda/element.cuh"
#include "ops/cuda/kernels.h"
#include "ops/cuda/plan.h"
#include "ops/cuda/pointwise.cuh"

namespace
{

enum { SCALE, SHIFT }; /* parameters */

struct scaled_value {
    int64_t channels;
    const float *scale;
    const float *shift; /* NULL in the backward pass */

    __device__ float operator()(int64_t i, float source) const
    {
        int64_t channel = vqc_cuda_divide(i, channels).rest;
        float value = source * scale[channel];
        return shift != NULL ? value + shift[channel] : value;
    }
};

/* target (+)= source · scale (+ shift) */
template <typename T>
cudaError_t run(const vqc_cuda_call *call, const void *shift, const void *source, bool accumulate, void *target)
{
    const vqc_channel_scale *o = &call->operation->channel_scale;
    const scaled_value value = {o->channels, static_cast<const float *>(call->parameter[SCALE]),
                                static_cast<const float *>(shift)};
    return vqc_cuda_map_run(value, accumulate, static_cast<T *>(target), o->rows * o->channels, call->stream,
                            static_cast<const T *>(source));
}

} // namespace

static cudaError_t run_forward(const vqc_cuda_call *call, const vqc_forward *arguments)
{
    return VQC_CUDA_FOR_DTYPE(run, call->operation->dtype, call, call->parameter[SHIFT], arguments->input[0], false,
                              arguments->output);
}

static cudaError_t run_backward(const vqc_cuda_call *call, const vqc_backward *arguments)
{
    if (arguments->grad_input[0] == NULL)
        return cudaSuccess;
    return VQC_CUDA_FOR_DTYPE(run, call->operation->dtype, call, NULL, arguments->grad_output,
                              arguments->accumulate[0], arguments->grad_input[0]);
}

static vqc_status prepare(vqc_cuda_plan *plan, vqc_error *error)
{
    const vqc_channel_scale *o = &plan->operation.channel_scale;
    VQC_TRY(vqc_cuda_parameter_upload(plan, SCALE, VQC_DTYPE_F32, o->scale, o->channels, error));
    return vqc_cuda_parameter_upload(plan, SHIFT, VQC_DTYPE_F32, o->shift, o->channels, error);
}

const vqc_cuda_kernels vqc_cuda_channel_scale_kernels = {
    .prepare = prepare, .forward = run_forward, .backward = run_backward};
