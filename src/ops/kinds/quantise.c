#include "ops/kinds/kind.h"

vqc_operation_layout vqc_quantise_layout(const vqc_operation *operation)
{
    int64_t count = operation->quantise.rows * operation->quantise.width;
    return vqc_layout_simple(operation->dtype, count, count);
}

vqc_status vqc_quantise_check(const vqc_operation *operation, vqc_error *error)
{
    const vqc_quantise *o = &operation->quantise;
    VQC_TRY(vqc_check_axes(operation, VQC_SIZES({"width", o->width}, {"entries", o->entries}), error));
    VQC_TRY(vqc_check_flattened(operation, "rows", o->rows, error));
    VQC_TRY(vqc_check_products(operation,
                               VQC_PRODUCTS({"input", {o->rows, o->width}}, {"codebook", {o->entries, o->width}},
                                            {"distances", {o->rows, o->entries}}),
                               error));
    return vqc_check_parameter(operation, "codebook", o->codebook, error);
}
