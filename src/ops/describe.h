#ifndef VQC_OPS_DESCRIBE_H
#define VQC_OPS_DESCRIBE_H

#include "ops/operation.h"

enum { VQC_OPERATION_DESCRIPTION_SIZE = 160 };

/* One line on an operation for messages: "convolution f32, batch 1, height 256, ...". For the implementations. */
void vqc_operation_describe(const vqc_operation *operation, char text[VQC_OPERATION_DESCRIPTION_SIZE]);

#endif
