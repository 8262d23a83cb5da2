#ifndef VQC_TESTS_DEVICE_PRECISION_H
#define VQC_TESTS_DEVICE_PRECISION_H

#include <stdbool.h>
#include <string.h>

#include "ops/ops.h"

/* Whether the device computes in bf16: the cpu implementation does so only on processors that have the instructions,
 * and refuses the plan elsewhere. Tests in bf16 are skipped there, and say so. */
static inline bool device_has_bf16(vqc_ops *ops)
{
    static const float weight[16 * 16] = {0};
    vqc_operation operation = {.kind = VQC_OPERATION_LINEAR,
                               .dtype = VQC_DTYPE_BF16,
                               .linear = {.rows = 16, .in_width = 16, .out_width = 16, .weight = weight}};
    vqc_error error = {0};
    vqc_plan *plan = NULL;
    bool refused = vqc_plan_create(ops, &operation, true, &plan, &error) != VQC_OK &&
                   strstr(error.message, "no bf16 for this processor") != NULL;
    vqc_plan_destroy(plan);
    return !refused;
}

#endif
