#ifndef VQC_OPS_CPU_GEMM_H
#define VQC_OPS_CPU_GEMM_H

#include "ops/cpu/onednn.h"

/* Matrix products of f32 by oneDNN's sgemm, which is what its implementation "gemm:jit" consists of, in pieces by
 * columns. A piece has the bits of the whole product computed by one thread, but for large products (of more than 263
 * rows and columns; 1/rows + 1/columns < 0.0038 with AVX2), which sgemm packs as a whole and not in pieces. */
typedef struct vqc_gemm vqc_gemm;

/* Copies the bias. */
VQC_MUST_CHECK vqc_status vqc_gemm_create(const vqc_onednn_product *product, vqc_gemm **gemm_out, vqc_error *error);
/* Copies columns [first, end) of the constant matrix, if there is one: a piece. */
void vqc_gemm_take(vqc_gemm *gemm, const vqc_onednn_product *product, int64_t first, int64_t end);
/* NULL is allowed. */
void vqc_gemm_destroy(vqc_gemm *gemm);

/* Bytes of the constants. */
size_t vqc_gemm_parameters(const vqc_gemm *gemm);

/* Bytes of scratch memory for a piece of so many columns, a multiple of 64. */
size_t vqc_gemm_scratchpad(const vqc_gemm *gemm, int64_t columns);

/* Computes columns [first, end) of the target, a piece that was taken, in the calling thread. */
VQC_MUST_CHECK vqc_status vqc_gemm_execute(const vqc_gemm *gemm, const vqc_onednn_arguments *arguments, int64_t first,
                                           int64_t end, vqc_error *error);

/* One product of f32 by the calling thread alone: target (rows, columns) = source (rows, depth) · matrix (depth,
 * columns) (+ what target holds); a transposed matrix is stored (columns, depth). Lines of the matrix as it is
 * stored, and of the target, are so many elements apart; those of the source follow each other. */
typedef struct vqc_gemm_operands {
    int64_t rows, columns, depth;
    const float *source, *matrix;
    int64_t matrix_line, target_line;
    bool matrix_transposed;
    float *target;
    bool accumulate;
} vqc_gemm_operands;

VQC_MUST_CHECK vqc_status vqc_gemm_multiply(const vqc_gemm_operands *operands, vqc_error *error);

#endif
