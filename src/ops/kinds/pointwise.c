#include "ops/kinds/kind.h"

/* Operations on single elements. */

vqc_operation_layout vqc_activation_layout(const vqc_operation *operation)
{
    const vqc_activation *o = &operation->activation;
    vqc_operation_layout layout = vqc_layout_simple(operation->dtype, o->count, o->count);
    layout.backward_reads_output = o->function == VQC_ACTIVATION_RELU;
    layout.backward_reads_input[0] = !layout.backward_reads_output;
    return layout;
}

vqc_status vqc_activation_check(const vqc_operation *operation, vqc_error *error)
{
    const vqc_activation *o = &operation->activation;
    VQC_TRY(vqc_check_flattened(operation, "count", o->count, error));
    return vqc_check_range(operation, (vqc_named_size){"function", (int64_t)o->function}, 0, VQC_ACTIVATION_COUNT - 1,
                           error);
}

vqc_operation_layout vqc_add_layout(const vqc_operation *operation)
{
    int64_t count = operation->add.count;
    vqc_operation_layout layout = vqc_layout_simple(operation->dtype, count, count);
    vqc_layout_add_input(&layout, count, operation->dtype, true);
    return layout;
}

vqc_status vqc_add_check(const vqc_operation *operation, vqc_error *error)
{
    return vqc_check_flattened(operation, "count", operation->add.count, error);
}

vqc_operation_layout vqc_clamp_layout(const vqc_operation *operation)
{
    return vqc_layout_reading_input(operation->dtype, operation->clamp.count, operation->clamp.count);
}

vqc_status vqc_clamp_check(const vqc_operation *operation, vqc_error *error)
{
    const vqc_clamp *o = &operation->clamp;
    VQC_TRY(vqc_check_flattened(operation, "count", o->count, error));
    VQC_TRY(vqc_check_number(operation, "scale", o->scale, error));
    return vqc_check_number(operation, "shift", o->shift, error);
}

vqc_operation_layout vqc_channel_scale_layout(const vqc_operation *operation)
{
    int64_t count = operation->channel_scale.rows * operation->channel_scale.channels;
    return vqc_layout_simple(operation->dtype, count, count);
}

vqc_status vqc_channel_scale_check(const vqc_operation *operation, vqc_error *error)
{
    const vqc_channel_scale *o = &operation->channel_scale;
    VQC_TRY(vqc_check_flattened(operation, "rows", o->rows, error));
    VQC_TRY(vqc_check_axes(operation, VQC_SIZES({"channels", o->channels}), error));
    VQC_TRY(vqc_check_products(operation, VQC_PRODUCTS({"input", {o->rows, o->channels}}), error));
    VQC_TRY(vqc_check_parameter(operation, "scale", o->scale, error));
    return vqc_check_parameter(operation, "shift", o->shift, error);
}

vqc_operation_layout vqc_cast_layout(const vqc_operation *operation)
{
    const vqc_cast *o = &operation->cast;
    vqc_operation_layout layout = vqc_layout_simple(o->from, o->count, o->count);
    layout.output_dtype = o->to;
    return layout;
}

vqc_status vqc_cast_check(const vqc_operation *operation, vqc_error *error)
{
    const vqc_cast *o = &operation->cast;
    VQC_TRY(vqc_check_flattened(operation, "count", o->count, error));
    VQC_TRY(vqc_check_type(operation, o->from, error));
    return vqc_check_type(operation, o->to, error);
}
