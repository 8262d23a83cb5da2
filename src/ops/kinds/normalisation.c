#include "ops/kinds/kind.h"

vqc_operation_layout vqc_group_norm_layout(const vqc_operation *operation)
{
    const vqc_group_norm *o = &operation->group_norm;
    int64_t count = o->batch * o->pixels * o->channels;
    return vqc_layout_reading_input(operation->dtype, count, count);
}

vqc_status vqc_group_norm_check(const vqc_operation *operation, vqc_error *error)
{
    const vqc_group_norm *o = &operation->group_norm;
    const vqc_named_size channels = {"channels", o->channels};
    const vqc_named_size groups = {"groups", o->groups};
    VQC_TRY(vqc_check_axes(operation, VQC_SIZES({"batch", o->batch}, channels, groups), error));
    VQC_TRY(vqc_check_flattened(operation, "pixels", o->pixels, error));
    VQC_TRY(vqc_check_divides(operation, groups, channels, error));
    VQC_TRY(vqc_check_epsilon(operation, o->epsilon, error));
    VQC_TRY(vqc_check_products(operation, VQC_PRODUCTS({"input", {o->batch, o->pixels, o->channels}}), error));
    VQC_TRY(vqc_check_parameter(operation, "weight", o->weight, error));
    return vqc_check_parameter(operation, "bias", o->bias, error);
}

vqc_operation_layout vqc_layer_norm_layout(const vqc_operation *operation)
{
    int64_t count = operation->layer_norm.rows * operation->layer_norm.width;
    return vqc_layout_reading_input(operation->dtype, count, count);
}

vqc_status vqc_layer_norm_check(const vqc_operation *operation, vqc_error *error)
{
    const vqc_layer_norm *o = &operation->layer_norm;
    VQC_TRY(vqc_check_flattened(operation, "rows", o->rows, error));
    VQC_TRY(vqc_check_axes(operation, VQC_SIZES({"width", o->width}), error));
    VQC_TRY(vqc_check_epsilon(operation, o->epsilon, error));
    VQC_TRY(vqc_check_products(operation, VQC_PRODUCTS({"input", {o->rows, o->width}}), error));
    VQC_TRY(vqc_check_parameter(operation, "weight", o->weight, error));
    return vqc_check_parameter(operation, "bias", o->bias, error);
}
