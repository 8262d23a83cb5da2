#include "ops/kinds/kind.h"

vqc_operation_layout vqc_upsample_convolution_layout(const vqc_operation *operation)
{
    const vqc_upsample_convolution *o = &operation->upsample_convolution;
    int64_t pixels = o->batch * o->height * o->width;
    return vqc_layout_simple(operation->dtype, pixels * o->in_channels, 4 * pixels * o->out_channels);
}

vqc_status vqc_upsample_convolution_check(const vqc_operation *operation, vqc_error *error)
{
    const vqc_upsample_convolution *o = &operation->upsample_convolution;
    VQC_TRY(vqc_check_axes(operation,
                           VQC_SIZES({"batch", o->batch}, {"height", o->height}, {"width", o->width},
                                     {"in_channels", o->in_channels}, {"out_channels", o->out_channels}),
                           error));
    VQC_TRY(vqc_check_products(operation,
                               VQC_PRODUCTS({"input", {o->batch, o->height, o->width, o->in_channels}},
                                            {"output", {o->batch, o->height, o->width, o->out_channels, 4}},
                                            {"weight", {o->out_channels, o->in_channels, 16}}),
                               error));
    return vqc_check_parameter(operation, "weight", o->weight, error);
}
