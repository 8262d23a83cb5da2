#ifndef VQC_OPS_REF_H
#define VQC_OPS_REF_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "ops/operation.h"

/* `ref`, the oracle: plain loops in double precision on one thread. ref.c converts the activations of a call to
 * double, calls the operation's kernel below, and converts the results to the storage type; the kernels know double
 * only. */

enum { REF_MAX_PARAMETERS = 3 };

/* A plan: the description, and the parameters as doubles, arranged as the kernel likes. parameter[i] is NULL where
 * the description has none. */
typedef struct ref_plan {
    vqc_operation operation; /* its pointers may have gone since the plan was made; only prepare looks behind them */
    vqc_operation_layout layout;
    double *parameter[REF_MAX_PARAMETERS];
    size_t parameter_size; /* bytes of all of them */
    size_t saved_size;     /* bytes, set by prepare */
    size_t scratch_count;  /* doubles, set by prepare */
} ref_plan;

typedef struct ref_forward {
    const double *input[VQC_OPERATION_MAX_INPUTS];
    const int32_t *index[VQC_OPERATION_MAX_INPUTS]; /* the input, where it holds integers */
    double *output;                                 /* undefined before the call */
    void *saved;
    double *scratch;
} ref_forward;

typedef struct ref_backward {
    const double *grad_output;
    const double *input[VQC_OPERATION_MAX_INPUTS]; /* where the layout says that it is read, else NULL */
    const int32_t *index[VQC_OPERATION_MAX_INPUTS];
    const double *output; /* where the layout says that it is read, else NULL */
    const void *saved;
    double *grad_input[VQC_OPERATION_MAX_INPUTS]; /* zero before the call; NULL: not wanted */
    double *scratch;
} ref_backward;

typedef struct ref_kernel {
    /* Copies parameters, sets saved_size and scratch_count; NULL where there is nothing to do. What it allocated is
     * released with the plan, also when it fails. */
    vqc_status (*prepare)(ref_plan *plan, const vqc_operation *operation, bool backward, vqc_error *error);
    void (*forward)(const ref_plan *plan, const ref_forward *arguments);
    void (*backward)(const ref_plan *plan, const ref_backward *arguments); /* NULL: there is no gradient */
} ref_kernel;

#define REF_KERNEL_DECLARE(KIND, name, ...) extern const ref_kernel ref_##name##_kernel;
VQC_OPERATIONS(REF_KERNEL_DECLARE)

/* Gives the plan its own parameter[index] of count zeros. */
VQC_MUST_CHECK vqc_status ref_parameter_allocate(ref_plan *plan, int index, int64_t count, vqc_error *error);

/* Copies count values into parameter[index], in their order; nothing if values is NULL. */
VQC_MUST_CHECK vqc_status ref_parameter_copy(ref_plan *plan, int index, const float *values, int64_t count,
                                             vqc_error *error);

/* Rows of a matrix in memory. */
typedef struct ref_rows {
    const double *data;
    int64_t count;  /* number of rows */
    int64_t stride; /* from one row to the next */
} ref_rows;

/* output[r] += rows[r] · matrix for every row, where matrix is (in_width, out_width), contiguous, and the output's
 * rows lie output_stride apart. */
void ref_matrix_accumulate(ref_rows rows, int64_t in_width, const double *matrix, int64_t out_width, double *output,
                           int64_t output_stride);

#endif
