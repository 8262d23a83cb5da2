#include "ops/kinds/kind.h"

vqc_operation_layout vqc_distance_layout(const vqc_operation *operation)
{
    const vqc_distance *o = &operation->distance;
    return vqc_layout_reading_input(operation->dtype, o->rows * o->width, o->rows * o->prompts);
}

vqc_status vqc_distance_check(const vqc_operation *operation, vqc_error *error)
{
    const vqc_distance *o = &operation->distance;
    VQC_TRY(vqc_check_axes(operation, VQC_SIZES({"width", o->width}, {"prompts", o->prompts}), error));
    VQC_TRY(vqc_check_flattened(operation, "rows", o->rows, error));
    VQC_TRY(vqc_check_products(operation,
                               VQC_PRODUCTS({"input", {o->rows, o->width}}, {"output", {o->rows, o->prompts}},
                                            {"targets", {o->prompts, o->width}}),
                               error));
    return vqc_check_parameter(operation, "targets", o->targets, error);
}
