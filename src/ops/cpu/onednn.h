#ifndef VQC_OPS_CPU_ONEDNN_H
#define VQC_OPS_CPU_ONEDNN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/dtype.h"
#include "base/status.h"
#include "ops/ops.h"

/* Convolution and matrix product by oneDNN, as the operations use them. Each is cut into pieces by its shape alone,
 * which the threads share; so bits do not depend on the number of threads (how it is cut: onednn.c). Elements are f32
 * or bf16, sums are f32, and f32 is never rounded to a shorter type on the way. All failures are VQC_FAILED:
 * oneDNN's, or for want of memory. */

/* The processor as oneDNN sees it. Every primitive is computed by as many threads as OpenMP allowed
 * (omp_get_max_threads) when it was made, or fewer. */
typedef struct vqc_onednn vqc_onednn;

VQC_MUST_CHECK vqc_status vqc_onednn_create(vqc_onednn **onednn_out, vqc_error *error);
void vqc_onednn_destroy(vqc_onednn *onednn);

/* The instruction set that oneDNN uses (a limit set in its environment variables counts), and its version. */
void vqc_onednn_describe(vqc_ops_description *description_out);

/* A computation of one shape with its packed constants. Distinct primitives may be executed at the same time by
 * several threads; one primitive may not. */
typedef struct vqc_onednn_primitive vqc_onednn_primitive;

/* NULL is allowed. */
void vqc_onednn_primitive_destroy(vqc_onednn_primitive *primitive);

/* Bytes of scratch memory that an execution needs, a multiple of 64. */
size_t vqc_onednn_primitive_scratchpad(const vqc_onednn_primitive *primitive);
/* Bytes of the packed constants. */
size_t vqc_onednn_primitive_parameters(const vqc_onednn_primitive *primitive);
/* Into how many pieces it is cut, and oneDNN's name of what computes them, such as "gemm:jit". */
int vqc_onednn_primitive_pieces(const vqc_onednn_primitive *primitive);
const char *vqc_onednn_primitive_name(const vqc_onednn_primitive *primitive);

/* The forward convolution as vqc_convolution describes it, weights and bias packed. With `residual` it adds to what
 * the target holds: the caller puts the residual there first. */
VQC_MUST_CHECK vqc_status vqc_onednn_convolution_create(const vqc_onednn *onednn, vqc_dtype dtype,
                                                        const vqc_convolution *convolution,
                                                        vqc_onednn_primitive **primitive_out, vqc_error *error);

/* Its gradient with respect to the input: source is the gradient of the output, target that of the input; bias and
 * residual play no part. */
VQC_MUST_CHECK vqc_status vqc_onednn_convolution_gradient_create(const vqc_onednn *onednn, vqc_dtype dtype,
                                                                 const vqc_convolution *convolution,
                                                                 vqc_onednn_primitive **primitive_out,
                                                                 vqc_error *error);

/* Matrix product: target (rows, columns) = source (rows, depth) · matrix (depth, columns) (+ bias)
 * (+ what target holds).
 * All are dense and row by row, except that a transposed one is stored column by column. */
typedef struct vqc_onednn_product {
    int64_t rows, columns, depth;
    vqc_dtype dtype; /* of source and matrix */
    vqc_dtype target_dtype;
    bool source_transposed;
    bool matrix_transposed;
    bool accumulate; /* add to what target holds */
    bool whole;      /* not cut, because others are computed at the same time */
    /* A constant matrix of f32 in host memory, stored as matrix_transposed says, which is packed; NULL: the matrix
     * is an argument of the execution. */
    const float *constant;
    const float *bias; /* (columns), f32, copied; NULL: none */
} vqc_onednn_product;

VQC_MUST_CHECK vqc_status vqc_onednn_product_create(const vqc_onednn *onednn, const vqc_onednn_product *product,
                                                    vqc_onednn_primitive **primitive_out, vqc_error *error);

typedef struct vqc_onednn_arguments {
    const void *source;
    const void *matrix; /* of products without a constant matrix */
    void *target;
    void *scratchpad; /* 64-byte aligned */
} vqc_onednn_arguments;

/* Computes; complete on return. */
VQC_MUST_CHECK vqc_status vqc_onednn_execute(vqc_onednn_primitive *primitive, const vqc_onednn_arguments *arguments,
                                             vqc_error *error);

#endif
