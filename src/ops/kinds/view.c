#include "ops/kinds/kind.h"

vqc_operation_layout vqc_frame_layout(const vqc_operation *operation)
{
    const vqc_frame *o = &operation->frame;
    const int64_t side = vqc_frame_side(o);
    return vqc_layout_simple(operation->dtype, o->height * o->width * o->channels, side * side * o->channels);
}

vqc_status vqc_frame_check(const vqc_operation *operation, vqc_error *error)
{
    const vqc_frame *o = &operation->frame;
    VQC_TRY(vqc_check_axes(operation,
                           VQC_SIZES({"height", o->height}, {"width", o->width}, {"channels", o->channels}), error));
    return vqc_check_products(operation,
                              VQC_PRODUCTS({"output", {vqc_frame_side(o), vqc_frame_side(o), o->channels}}), error);
}

vqc_operation_layout vqc_view_layout(const vqc_operation *operation)
{
    const vqc_view *o = &operation->view;
    return vqc_layout_with_numbers(operation->dtype, 3 * o->crops * o->height * o->width, VQC_VIEW_NUMBERS * o->crops,
                                   VQC_DTYPE_I32);
}

vqc_status vqc_view_check(const vqc_operation *operation, vqc_error *error)
{
    const vqc_view *o = &operation->view;
    VQC_TRY(
        vqc_check_axes(operation, VQC_SIZES({"crops", o->crops}, {"height", o->height}, {"width", o->width}), error));
    return vqc_check_products(operation, VQC_PRODUCTS({"input", {o->crops, o->height, o->width, 3}}), error);
}
