#include "ops/cuda/convolution_ways.h"
#include "ops/cuda/kernels.h"
#include "ops/cuda/linear.h"

static bool has_padding(const vqc_convolution *o)
{
    return o->pad_top != 0 || o->pad_left != 0 || o->pad_bottom != 0 || o->pad_right != 0;
}

/* Single pixels: a linear layer. */
static bool is_pointwise(const vqc_convolution *o)
{
    return o->kernel_height == 1 && o->kernel_width == 1 && o->stride == 1 && !has_padding(o);
}

/* Windows that touch but do not overlap, as in the first layer of a vision transformer: laid out as rows they take no
 * more memory than the picture. */
static bool is_of_patches(const vqc_convolution *o)
{
    return o->stride > 1 && o->kernel_height == o->stride && o->kernel_width == o->stride && !has_padding(o);
}

static vqc_status pointwise_prepare(vqc_cuda_plan *plan, vqc_error *error)
{
    const vqc_convolution *o = &plan->operation.convolution;
    const vqc_linear linear = {.rows = o->batch * o->height * o->width,
                               .in_width = o->in_channels,
                               .out_width = o->out_channels,
                               .residual = o->residual,
                               .weight = o->weight,
                               .bias = o->bias};
    return vqc_cuda_linear_prepare(plan, &linear, error);
}

/* The way is a function of the shape, the library and the kind of device. */
static vqc_status prepare(vqc_cuda_plan *plan, vqc_error *error)
{
    const vqc_convolution *o = &plan->operation.convolution;
    bool offered = false;
    if (is_pointwise(o))
        return pointwise_prepare(plan, error);
    if (!is_of_patches(o))
        VQC_TRY(vqc_cuda_cudnn_convolution_prepare(plan, &offered, error));
    return offered ? VQC_OK : vqc_cuda_window_convolution_prepare(plan, error);
}

const vqc_cuda_kernels vqc_cuda_convolution_kernels = {.prepare = prepare};
