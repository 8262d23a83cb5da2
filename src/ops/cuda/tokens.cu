#include "ops/cuda/element.cuh"
#include "ops/cuda/kernels.h"
#include "ops/cuda/plan.h"
#include "ops/cuda/pointwise.cuh"

namespace
{

enum { FIRST, POSITIONS }; /* parameters */

template <typename T> struct token_value {
    int64_t tokens, width; /* without what is in front */
    int64_t front;         /* how many are */
    const float *first;    /* NULL: the mean of the others */
    const float *positions;
    const T *input;

    __device__ float first_value(int64_t batch, int64_t channel) const
    {
        if (first != NULL)
            return first[channel];
        const T *column = input + batch * tokens * width + channel;
        float sum = 0.0F;
        for (int64_t token = 0; token < tokens; token++)
            sum += vqc_cuda_load(column, token * width);
        return sum / (float)tokens;
    }

    __device__ float operator()(int64_t i) const
    {
        vqc_cuda_quotient at = vqc_cuda_divide(i, width);
        vqc_cuda_quotient token = vqc_cuda_divide(at.whole, tokens + front);
        float value = token.rest < front
                          ? first_value(token.whole, at.rest)
                          : vqc_cuda_load(input, (token.whole * tokens + token.rest - front) * width + at.rest);
        return value + positions[token.rest * width + at.rest];
    }
};

template <typename T> struct token_gradient {
    int64_t tokens, width, front;
    float share; /* of the first token's gradient that each of the others gets */
    const T *grad_output;

    __device__ float operator()(int64_t i) const
    {
        vqc_cuda_quotient at = vqc_cuda_divide(i, width);
        int64_t batch = vqc_cuda_divide(at.whole, tokens).whole;
        float own = vqc_cuda_load(grad_output, i + (batch + 1) * front * width);
        if (share == 0.0F)
            return own;
        return own + share * vqc_cuda_load(grad_output, batch * (tokens + front) * width + at.rest);
    }
};

template <typename T> cudaError_t forward(const vqc_cuda_call *call, const vqc_forward *arguments)
{
    const vqc_tokens *o = &call->operation->tokens;
    const int64_t front = vqc_tokens_front_count(o);
    const token_value<T> value = {o->tokens,
                                  o->width,
                                  front,
                                  static_cast<const float *>(call->parameter[FIRST]),
                                  static_cast<const float *>(call->parameter[POSITIONS]),
                                  static_cast<const T *>(arguments->input[0])};
    return vqc_cuda_elements_run(value, false, static_cast<T *>(arguments->output),
                                 o->batch * (o->tokens + front) * o->width, call->stream);
}

template <typename T> cudaError_t backward(const vqc_cuda_call *call, const vqc_backward *arguments)
{
    const vqc_tokens *o = &call->operation->tokens;
    float share = o->front == VQC_TOKENS_FRONT_MEAN ? 1.0F / (float)o->tokens : 0.0F;
    if (arguments->grad_input[0] == NULL)
        return cudaSuccess;
    const token_gradient<T> value = {o->tokens, o->width, vqc_tokens_front_count(o), share,
                                     static_cast<const T *>(arguments->grad_output)};
    return vqc_cuda_elements_run(value, arguments->accumulate[0], static_cast<T *>(arguments->grad_input[0]),
                                 o->batch * o->tokens * o->width, call->stream);
}

} // namespace

static cudaError_t run_forward(const vqc_cuda_call *call, const vqc_forward *arguments)
{
    return VQC_CUDA_FOR_DTYPE(forward, call->operation->dtype, call, arguments);
}

static cudaError_t run_backward(const vqc_cuda_call *call, const vqc_backward *arguments)
{
    return VQC_CUDA_FOR_DTYPE(backward, call->operation->dtype, call, arguments);
}

/* Parameters: first (width), where it is given, and positions (front + tokens, width). */
static vqc_status prepare(vqc_cuda_plan *plan, vqc_error *error)
{
    const vqc_tokens *o = &plan->operation.tokens;
    if (o->front == VQC_TOKENS_FRONT_GIVEN)
        VQC_TRY(vqc_cuda_parameter_upload(plan, FIRST, VQC_DTYPE_F32, o->first, o->width, error));
    return vqc_cuda_parameter_upload(plan, POSITIONS, VQC_DTYPE_F32, o->positions,
                                     (vqc_tokens_front_count(o) + o->tokens) * o->width, error);
}

const vqc_cuda_kernels vqc_cuda_tokens_kernels = {
    .prepare = prepare, .forward = run_forward, .backward = run_backward};
