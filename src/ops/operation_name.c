#include "ops/operation.h"

#define NAME(KIND, c_name, words, ...) [VQC_OPERATION_##KIND] = (words),
static const char *const names[VQC_OPERATION_COUNT] = {VQC_OPERATIONS(NAME)};

const char *vqc_operation_name(vqc_operation_kind kind)
{
    return names[kind];
}
