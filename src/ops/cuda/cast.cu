#include "ops/cuda/element.cuh"
#include "ops/cuda/kernels.h"
#include "ops/cuda/pointwise.cuh"

namespace
{

struct same_value {
    __device__ float operator()(int64_t, float source) const
    {
        return source;
    }
};

template <typename From, typename To>
cudaError_t convert(const void *source, bool accumulate, void *target, int64_t count, cudaStream_t stream)
{
    return vqc_cuda_map_run(same_value(), accumulate, static_cast<To *>(target), count, stream,
                            static_cast<const From *>(source));
}

template <typename From>
cudaError_t convert_to(vqc_dtype to, const void *source, bool accumulate, void *target, int64_t count,
                       cudaStream_t stream)
{
    if (to == VQC_DTYPE_BF16)
        return convert<From, __nv_bfloat16>(source, accumulate, target, count, stream);
    return convert<From, float>(source, accumulate, target, count, stream);
}

} // namespace

static cudaError_t run_forward(const vqc_cuda_call *call, const vqc_forward *arguments)
{
    const vqc_cast *o = &call->operation->cast;
    return VQC_CUDA_FOR_DTYPE(convert_to, o->from, o->to, arguments->input[0], false, arguments->output, o->count,
                              call->stream);
}

static cudaError_t run_backward(const vqc_cuda_call *call, const vqc_backward *arguments)
{
    const vqc_cast *o = &call->operation->cast;
    if (arguments->grad_input[0] == NULL)
        return cudaSuccess;
    return VQC_CUDA_FOR_DTYPE(convert_to, o->to, o->from, arguments->grad_output, arguments->accumulate[0],
                              arguments->grad_input[0], o->count, call->stream);
}

const vqc_cuda_kernels vqc_cuda_cast_kernels = {.prepare = NULL, .forward = run_forward, .backward = run_backward};
