#include "ops/kinds/kind.h"

vqc_operation_layout vqc_linear_layout(const vqc_operation *operation)
{
    const vqc_linear *o = &operation->linear;
    vqc_operation_layout layout = vqc_layout_simple(operation->dtype, o->rows * o->in_width, o->rows * o->out_width);
    if (o->residual)
        vqc_layout_add_input(&layout, o->rows * o->out_width, operation->dtype, true);
    return layout;
}

vqc_status vqc_linear_check(const vqc_operation *operation, vqc_error *error)
{
    const vqc_linear *o = &operation->linear;
    VQC_TRY(vqc_check_axes(operation, VQC_SIZES({"in_width", o->in_width}, {"out_width", o->out_width}), error));
    VQC_TRY(vqc_check_flattened(operation, "rows", o->rows, error));
    VQC_TRY(vqc_check_products(operation,
                               VQC_PRODUCTS({"input", {o->rows, o->in_width}}, {"output", {o->rows, o->out_width}},
                                            {"weight", {o->in_width, o->out_width}}),
                               error));
    return vqc_check_parameter(operation, "weight", o->weight, error);
}
