#include "ops/kinds/kind.h"

vqc_operation_layout vqc_tokens_layout(const vqc_operation *operation)
{
    const vqc_tokens *o = &operation->tokens;
    return vqc_layout_simple(operation->dtype, o->batch * o->tokens * o->width,
                             o->batch * (vqc_tokens_front_count(o) + o->tokens) * o->width);
}

vqc_status vqc_tokens_check(const vqc_operation *operation, vqc_error *error)
{
    const vqc_tokens *o = &operation->tokens;
    VQC_TRY(
        vqc_check_axes(operation, VQC_SIZES({"batch", o->batch}, {"tokens", o->tokens}, {"width", o->width}), error));
    VQC_TRY(vqc_check_range(operation, (vqc_named_size){"front", (int64_t)o->front}, 0, VQC_TOKENS_FRONT_COUNT - 1,
                            error));
    VQC_TRY(vqc_check_products(operation, VQC_PRODUCTS({"output", {o->batch, 1 + o->tokens, o->width}}), error));
    if (o->front == VQC_TOKENS_FRONT_GIVEN)
        VQC_TRY(vqc_check_parameter(operation, "first", o->first, error));
    return vqc_check_parameter(operation, "positions", o->positions, error);
}

vqc_operation_layout vqc_embed_layout(const vqc_operation *operation)
{
    const vqc_embed *o = &operation->embed;
    return vqc_layout_from_numbers(operation->dtype, o->batch * o->tokens, VQC_DTYPE_I32,
                                   o->batch * o->tokens * o->width);
}

vqc_status vqc_embed_check(const vqc_operation *operation, vqc_error *error)
{
    const vqc_embed *o = &operation->embed;
    VQC_TRY(vqc_check_axes(
        operation,
        VQC_SIZES({"batch", o->batch}, {"tokens", o->tokens}, {"width", o->width}, {"entries", o->entries}), error));
    VQC_TRY(vqc_check_products(
        operation, VQC_PRODUCTS({"output", {o->batch, o->tokens, o->width}}, {"table", {o->entries, o->width}}),
        error));
    VQC_TRY(vqc_check_parameter(operation, "table", o->table, error));
    return vqc_check_parameter(operation, "positions", o->positions, error);
}

vqc_operation_layout vqc_select_layout(const vqc_operation *operation)
{
    const vqc_select *o = &operation->select;
    vqc_operation_layout layout =
        vqc_layout_simple(operation->dtype, o->batch * o->tokens * o->width, o->batch * o->width);
    vqc_layout_add_input(&layout, o->batch, VQC_DTYPE_I32, false);
    layout.backward_reads_input[1] = true;
    return layout;
}

vqc_status vqc_select_check(const vqc_operation *operation, vqc_error *error)
{
    const vqc_select *o = &operation->select;
    VQC_TRY(
        vqc_check_axes(operation, VQC_SIZES({"batch", o->batch}, {"tokens", o->tokens}, {"width", o->width}), error));
    return vqc_check_products(operation, VQC_PRODUCTS({"input", {o->batch, o->tokens, o->width}}), error);
}
