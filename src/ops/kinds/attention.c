#include <inttypes.h>

#include "ops/kinds/kind.h"

vqc_operation_layout vqc_attention_layout(const vqc_operation *operation)
{
    const vqc_attention *o = &operation->attention;
    int64_t width = o->heads * o->head_width;
    int64_t output = o->batch * o->queries * width;
    vqc_operation_layout layout = vqc_layout_reading_input(operation->dtype, o->packed ? 3 * output : output, output);
    if (!o->packed)
        vqc_layout_add_input(&layout, o->batch * o->keys * 2 * width, operation->dtype, true);
    if (o->masked)
        vqc_layout_add_input(&layout, o->batch * o->keys, VQC_DTYPE_I32, false);
    layout.backward_reads_input[1] = layout.input_count > 1;
    layout.backward_reads_output = true;
    return layout;
}

vqc_status vqc_attention_check(const vqc_operation *operation, vqc_error *error)
{
    const vqc_attention *o = &operation->attention;
    VQC_TRY(vqc_check_axes(operation,
                           VQC_SIZES({"batch", o->batch}, {"queries", o->queries}, {"keys", o->keys},
                                     {"heads", o->heads}, {"head_width", o->head_width}),
                           error));
    if ((o->packed || o->causal) && o->keys != o->queries)
        return vqc_error_set(error, VQC_FAILED,
                             "attention: %" PRId64 " keys, expected one for each of %" PRId64 " queries", o->keys,
                             o->queries);
    if (o->masked && !o->packed)
        return vqc_error_set(error, VQC_FAILED, "attention: masked, expected to be packed");
    return vqc_check_products(operation,
                              VQC_PRODUCTS({"queries", {o->batch, o->queries, o->heads, o->head_width, 3}},
                                           {"keys and values", {o->batch, o->keys, o->heads, o->head_width, 2}},
                                           {"scores", {o->batch, o->heads, o->queries, o->keys}}),
                              error);
}
