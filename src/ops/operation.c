#include "ops/operation.h"

#include "ops/kinds/kind.h"

typedef struct operation_row {
    vqc_operation_types types;
    vqc_operation_layout (*layout)(const vqc_operation *operation);
    vqc_status (*check)(const vqc_operation *operation, vqc_error *error);
} operation_row;

#define ROW(KIND, c_name, words, which, ...)                                                                         \
    [VQC_OPERATION_##KIND] = {                                                                                       \
        .types = VQC_OPERATION_TYPES_##which, .layout = vqc_##c_name##_layout, .check = vqc_##c_name##_check},
static const operation_row rows[VQC_OPERATION_COUNT] = {VQC_OPERATIONS(ROW)};

vqc_operation_types vqc_operation_types_of(vqc_operation_kind kind)
{
    return rows[kind].types;
}

vqc_operation_layout vqc_operation_layout_of(const vqc_operation *operation)
{
    return rows[operation->kind].layout(operation);
}

vqc_status vqc_operation_check(const vqc_operation *operation, vqc_error *error)
{
    if ((int)operation->kind < 0 || operation->kind >= VQC_OPERATION_COUNT)
        return vqc_error_set(error, VQC_FAILED, "operation %d does not exist", (int)operation->kind);
    const operation_row *row = &rows[operation->kind];
    if (row->types != VQC_OPERATION_TYPES_OWN)
        VQC_TRY(vqc_check_type(operation, operation->dtype, error));
    if (row->types == VQC_OPERATION_TYPES_PRECISE && operation->dtype == VQC_DTYPE_BF16)
        return vqc_error_set(error, VQC_FAILED, "%s: element type bf16, expected f32 or f64",
                             vqc_operation_name(operation->kind));
    return row->check(operation, error);
}
