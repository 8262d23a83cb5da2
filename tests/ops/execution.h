#ifndef VQC_TESTS_EXECUTION_H
#define VQC_TESTS_EXECUTION_H

#include <stdbool.h>

#include "ops/ops.h"

/* One operation planned on one implementation, with values in and out as doubles on the host, whatever the storage
 * type. All device memory lies between guard bytes, and what a call may not rely on is filled with NaN before it.
 * Every failure fails the test. */
typedef struct execution_buffer {
    void *memory;
    size_t size; /* without the guard bytes */
} execution_buffer;

typedef struct operation_execution {
    vqc_ops *ops;
    vqc_plan *plan;
    vqc_operation_layout layout;
    execution_buffer input[VQC_OPERATION_MAX_INPUTS];
    execution_buffer grad_input[VQC_OPERATION_MAX_INPUTS];
    execution_buffer output;
    execution_buffer grad_output;
    execution_buffer saved;
    execution_buffer workspace;
} operation_execution;

/* Plans the operation with a backward pass. */
void execution_open(operation_execution *execution, vqc_ops *ops, const vqc_operation *operation);
void execution_close(operation_execution *execution);

/* Computes output from the inputs, both shaped as the layout says; integers are given as doubles too. The values
 * must be exact in the storage type. */
void execution_forward(operation_execution *execution, const double *const input[VQC_OPERATION_MAX_INPUTS],
                       double *output);

/* Computes the gradients of the last forward call for the inputs whose grad_input is not NULL. Where `before` is not
 * NULL the gradient is added to it. */
void execution_backward(operation_execution *execution, const double *grad_output,
                        const double *const before[VQC_OPERATION_MAX_INPUTS],
                        double *const grad_input[VQC_OPERATION_MAX_INPUTS]);

/* Puts other values into an input behind the forward call. */
void execution_input_change(operation_execution *execution, int index, const double *values);

/* The raw bytes of the last forward call's saved state. */
void execution_saved(const operation_execution *execution, void *bytes);

/* The main function of a test program: opens the implementation that the argument names, runs, closes it; returns the
 * exit code. A second argument is a pattern for the names of the tests to run, with * and ?. */
int execution_main(int argument_count, char **arguments, int (*run)(vqc_ops *tested));

/* Memory of count zeros; failing the test if there is none. */
double *execution_doubles(int64_t count);

/* The value rounded to the type. */
double execution_round(vqc_dtype dtype, double value);

#endif
