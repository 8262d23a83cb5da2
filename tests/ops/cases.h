#ifndef VQC_TESTS_CASES_H
#define VQC_TESTS_CASES_H

#include <stdbool.h>
#include <stddef.h>

#include "ops/operation.h"

/* The operations and shapes that every implementation is tested with, and random values for them. */
typedef struct operation_case {
    const char *name;
    vqc_operation operation;  /* without parameters and dtype */
    double offset, range;     /* inputs are uniform in offset ± range; range 0 stands for 1 */
    bool without_optional;    /* no bias */
    bool without_differences; /* no finite differences: the gradient is defined otherwise, or it takes long */
} operation_case;

extern const operation_case operation_cases[];
extern const int operation_case_count;
enum { OPERATION_CASES_MOST = 1000 };

/* A case with parameters and values, all exact in the dtype. */
typedef struct case_data {
    vqc_operation operation;
    vqc_operation_layout layout;
    float *parameter[2];
    double *input[VQC_OPERATION_MAX_INPUTS];
    double *before[VQC_OPERATION_MAX_INPUTS]; /* something to add a gradient to */
    double *grad_output;
} case_data;

/* The same values for the same case, whatever the dtype but for its rounding. */
void case_data_open(case_data *data, const operation_case *which, vqc_dtype dtype);
void case_data_close(case_data *data);

/* Whether the operation is defined for the dtype. */
bool case_has_dtype(const operation_case *which, vqc_dtype dtype);

/* A description with its activations in another type; casts become casts from and to that type. */
vqc_operation operation_with_dtype(const vqc_operation *operation, vqc_dtype dtype);

/* Uniform random numbers in low to high: number `index` of stream `stream`. */
double random_between(uint32_t stream, int64_t index, double low, double high);

#endif
