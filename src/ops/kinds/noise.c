#include "ops/kinds/kind.h"

vqc_operation_layout vqc_noise_layout(const vqc_operation *operation)
{
    const vqc_noise *o = &operation->noise;
    vqc_operation_layout layout =
        vqc_layout_with_numbers(operation->dtype, o->crops * o->count, VQC_NOISE_NUMBERS * o->crops, VQC_DTYPE_I32);
    layout.backward_reads_input[1] = false;
    return layout;
}

vqc_status vqc_noise_check(const vqc_operation *operation, vqc_error *error)
{
    return vqc_check_crops(operation, operation->noise.crops, "count", operation->noise.count, 1, error);
}
