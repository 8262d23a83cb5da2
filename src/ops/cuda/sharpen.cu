#include "ops/cuda/element.cuh"
#include "ops/cuda/kernels.h"
#include "ops/cuda/plan.h"
#include "ops/cuda/pointwise.cuh"
#include "ops/sharpen_formulas.h"

namespace
{

/* Where an element stands. */
struct element_place {
    int64_t crop;
    bool is_edge;
    bool has_left, has_right, has_above, has_below; /* inner neighbours: those whose blur the element is part of */
};

struct sharpen_shape {
    int64_t height, width, channels;

    __device__ element_place place(int64_t i) const
    {
        const vqc_cuda_quotient at_pixel = vqc_cuda_divide(i, channels);
        const vqc_cuda_quotient at_row = vqc_cuda_divide(at_pixel.whole, width);
        const vqc_cuda_quotient at_crop = vqc_cuda_divide(at_row.whole, height);
        const int64_t column = at_row.rest;
        const int64_t row = at_crop.rest;
        return element_place{at_crop.whole, row == 0 || column == 0 || row == height - 1 || column == width - 1,
                             column > 0, column<width - 1, row> 0, row < height - 1};
    }
};

struct sharpened_value {
    sharpen_shape shape;
    const float *input;
    const float *shares;
    unsigned char *passes;

    __device__ float operator()(int64_t i) const
    {
        const element_place at = shape.place(i);
        const float share = shares[at.crop];
        passes[i] = 0;
        if (at.is_edge || share == 1.0F)
            return input[i];
        const float blur = vqc_sharpen_blur(input + i, shape.channels, shape.width * shape.channels);
        passes[i] = vqc_sharpen_passes(blur);
        return vqc_sharpen_mix(input[i], blur, share);
    }
};

struct sharpened_gradient {
    sharpen_shape shape;
    const float *grad_output;
    const float *shares;
    const unsigned char *passes;

    __device__ float passed(int64_t i, bool is_there) const
    {
        return is_there && passes[i] != 0 ? grad_output[i] : 0.0F;
    }

    /* What a row of three neighbours hands back. */
    __device__ float row(int64_t i, const element_place &at, bool is_there) const
    {
        return (passed(i - shape.channels, is_there && at.has_left) +
                passed(i + shape.channels, is_there && at.has_right)) +
               passed(i, is_there);
    }

    __device__ float operator()(int64_t i) const
    {
        const element_place at = shape.place(i);
        const float share = shares[at.crop];
        const int64_t below = shape.width * shape.channels;
        float sum = row(i, at, true) + (VQC_SHARPEN_MIDDLE - 1.0F) * passed(i, true);
        sum += row(i - below, at, at.has_above);
        sum += row(i + below, at, at.has_below);
        return (at.is_edge ? 1.0F : share) * grad_output[i] + sum * ((1.0F - share) / VQC_SHARPEN_WEIGHTS);
    }
};

int64_t count_of(const vqc_sharpen *o)
{
    return o->crops * o->height * o->width * o->channels;
}

} // namespace

static cudaError_t run_forward(const vqc_cuda_call *call, const vqc_forward *arguments)
{
    const vqc_sharpen *o = &call->operation->sharpen;
    const sharpened_value value = {{o->height, o->width, o->channels},
                                   static_cast<const float *>(arguments->input[0]),
                                   static_cast<const float *>(arguments->input[1]),
                                   static_cast<unsigned char *>(arguments->saved)};
    return vqc_cuda_elements_run(value, false, static_cast<float *>(arguments->output), count_of(o), call->stream);
}

static cudaError_t run_backward(const vqc_cuda_call *call, const vqc_backward *arguments)
{
    const vqc_sharpen *o = &call->operation->sharpen;
    if (arguments->grad_input[0] == NULL)
        return cudaSuccess;
    const sharpened_gradient value = {{o->height, o->width, o->channels},
                                      static_cast<const float *>(arguments->grad_output),
                                      static_cast<const float *>(arguments->input[1]),
                                      static_cast<const unsigned char *>(arguments->saved)};
    return vqc_cuda_elements_run(value, arguments->accumulate[0], static_cast<float *>(arguments->grad_input[0]),
                                 count_of(o), call->stream);
}

/* Saved: a byte for each element, whether its blur is within the limits. */
static vqc_status prepare(vqc_cuda_plan *plan, vqc_error *error)
{
    (void)error;
    plan->sizes.saved = (size_t)count_of(&plan->operation.sharpen);
    return VQC_OK;
}

const vqc_cuda_kernels vqc_cuda_sharpen_kernels = {
    .prepare = prepare, .forward = run_forward, .backward = run_backward};
