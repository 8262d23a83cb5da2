#include "ops/cuda/element.cuh"
#include "ops/cuda/kernels.h"
#include "ops/cuda/plan.h"
#include "ops/cuda/pointwise.cuh"

namespace
{

enum { TABLE, POSITIONS }; /* parameters */

struct embedded_value {
    int64_t tokens, width;
    const float *table;
    const float *positions;
    const int32_t *ids;

    __device__ float operator()(int64_t i) const
    {
        vqc_cuda_quotient at = vqc_cuda_divide(i, width);
        int64_t token = vqc_cuda_divide(at.whole, tokens).rest;
        return table[ids[at.whole] * width + at.rest] + positions[token * width + at.rest];
    }
};

template <typename T> cudaError_t forward(const vqc_cuda_call *call, const vqc_forward *arguments)
{
    const vqc_embed *o = &call->operation->embed;
    const embedded_value value = {o->tokens, o->width, static_cast<const float *>(call->parameter[TABLE]),
                                  static_cast<const float *>(call->parameter[POSITIONS]),
                                  static_cast<const int32_t *>(arguments->input[0])};
    return vqc_cuda_elements_run(value, false, static_cast<T *>(arguments->output), o->batch * o->tokens * o->width,
                                 call->stream);
}

} // namespace

static cudaError_t run_forward(const vqc_cuda_call *call, const vqc_forward *arguments)
{
    return VQC_CUDA_FOR_DTYPE(forward, call->operation->dtype, call, arguments);
}

/* Parameters: table (entries, width), positions (tokens, width). */
static vqc_status prepare(vqc_cuda_plan *plan, vqc_error *error)
{
    const vqc_embed *o = &plan->operation.embed;
    VQC_TRY(vqc_cuda_parameter_upload(plan, 0, VQC_DTYPE_F32, o->table, o->entries * o->width, error));
    return vqc_cuda_parameter_upload(plan, 1, VQC_DTYPE_F32, o->positions, o->tokens * o->width, error);
}

const vqc_cuda_kernels vqc_cuda_embed_kernels = {.prepare = prepare, .forward = run_forward, .backward = NULL};
