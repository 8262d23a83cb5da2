#include <inttypes.h>

#include "ops/convolution_shape.h"
#include "ops/kinds/kind.h"

vqc_operation_layout vqc_convolution_layout(const vqc_operation *operation)
{
    const vqc_convolution *o = &operation->convolution;
    int64_t output = o->batch * vqc_convolution_out_height(o) * vqc_convolution_out_width(o) * o->out_channels;
    vqc_operation_layout layout =
        vqc_layout_simple(operation->dtype, o->batch * o->height * o->width * o->in_channels, output);
    if (o->residual)
        vqc_layout_add_input(&layout, output, operation->dtype, true);
    return layout;
}

/* The sizes along one axis; padding as wide as the kernel would add outputs that see nothing of the input. */
static vqc_status check_window(const vqc_operation *operation, vqc_named_size size, int64_t kernel,
                               vqc_named_size before, vqc_named_size after, vqc_error *error)
{
    VQC_TRY(vqc_check_range(operation, before, 0, kernel - 1, error));
    VQC_TRY(vqc_check_range(operation, after, 0, kernel - 1, error));
    int64_t padded = size.value + before.value + after.value;
    if (padded < kernel)
        return vqc_error_set(error, VQC_FAILED,
                             "%s: %s is %" PRId64 " with padding, expected at least the kernel's %" PRId64,
                             vqc_operation_name(operation->kind), size.name, padded, kernel);
    return VQC_OK;
}

vqc_status vqc_convolution_check(const vqc_operation *operation, vqc_error *error)
{
    const vqc_convolution *o = &operation->convolution;
    VQC_TRY(vqc_check_axes(operation,
                           VQC_SIZES({"batch", o->batch}, {"height", o->height}, {"width", o->width},
                                     {"in_channels", o->in_channels}, {"out_channels", o->out_channels},
                                     {"kernel_height", o->kernel_height}, {"kernel_width", o->kernel_width},
                                     {"stride", o->stride}),
                           error));
    VQC_TRY(check_window(operation, (vqc_named_size){"height", o->height}, o->kernel_height,
                         (vqc_named_size){"pad_top", o->pad_top}, (vqc_named_size){"pad_bottom", o->pad_bottom},
                         error));
    VQC_TRY(check_window(operation, (vqc_named_size){"width", o->width}, o->kernel_width,
                         (vqc_named_size){"pad_left", o->pad_left}, (vqc_named_size){"pad_right", o->pad_right},
                         error));
    int64_t out_height = vqc_convolution_out_height(o);
    int64_t out_width = vqc_convolution_out_width(o);
    VQC_TRY(vqc_check_products(
        operation,
        VQC_PRODUCTS({"input", {o->batch, o->height, o->width, o->in_channels}},
                     {"output", {o->batch, out_height, out_width, o->out_channels}},
                     {"weight", {o->out_channels, o->in_channels, o->kernel_height, o->kernel_width}}),
        error));
    return vqc_check_parameter(operation, "weight", o->weight, error);
}
