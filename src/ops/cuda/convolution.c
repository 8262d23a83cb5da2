#include "ops/cuda/convolution.h"

#include "base/memory.h"
#include "ops/cuda/linear.h"

vqc_status vqc_cuda_weight_arrange(const vqc_convolution *o, int64_t rows, int64_t row_stride, int64_t place_stride,
                                   float **arranged_out, vqc_error *error)
{
    int64_t places = o->kernel_height * o->kernel_width;
    float *arranged;
    VQC_TRY(vqc_memory_allocate((size_t)(rows * row_stride), sizeof *arranged, "weights", &arranged, error));
    for (int64_t out = 0; out < o->out_channels; out++)
        for (int64_t in = 0; in < o->in_channels; in++)
            for (int64_t place = 0; place < places; place++)
                arranged[out * row_stride + place * place_stride + in] =
                    o->weight[(out * o->in_channels + in) * places + place];
    *arranged_out = arranged;
    return VQC_OK;
}

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
vqc_status vqc_cuda_convolution_init(vqc_cuda_plan *plan, vqc_error *error)
{
    const vqc_convolution *o = &plan->operation.convolution;
    bool offered = false;
    if (is_pointwise(o))
        return pointwise_prepare(plan, error);
    if (!is_of_patches(o))
        VQC_TRY(vqc_cuda_cudnn_convolution_prepare(plan, &offered, error));
    return offered ? VQC_OK : vqc_cuda_window_convolution_prepare(plan, error);
}
