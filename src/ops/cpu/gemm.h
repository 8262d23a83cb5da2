#ifndef VQC_OPS_CPU_GEMM_H
#define VQC_OPS_CPU_GEMM_H

#include "ops/cpu/onednn.h"

/* Matrix products of f32 by oneDNN's sgemm, which is what its implementation "gemm:jit" consists of, in pieces by
 * columns; each has the bits of the whole product computed by one thread. */
typedef struct vqc_gemm vqc_gemm;

/* Whether its pieces have the bits of the whole; not where oneDNN packs and a rest of columns is left over. */
bool vqc_gemm_can_be_cut(const vqc_onednn_product *product);

/* Copies the constants. `cut`: into more than one piece. */
VQC_MUST_CHECK vqc_status vqc_gemm_create(const vqc_onednn_product *product, bool cut, vqc_gemm **gemm_out,
                                          vqc_error *error);
/* NULL is allowed. */
void vqc_gemm_destroy(vqc_gemm *gemm);

/* Bytes of the constants. */
size_t vqc_gemm_parameters(const vqc_gemm *gemm);

/* Bytes, a multiple of 64, of the source that the pieces take instead of a transposed one; 0: they take that. */
size_t vqc_gemm_turned(const vqc_gemm *gemm);
/* Makes rows [first, end) of it. */
void vqc_gemm_turn(const vqc_gemm *gemm, const float *source, float *turned, int64_t first, int64_t end);

/* Bytes of scratch memory for a piece of so many columns, a multiple of 64. */
size_t vqc_gemm_scratchpad(const vqc_gemm *gemm, int64_t columns);

/* Computes columns [first, end) of the target in the calling thread; first is a multiple of 16. */
VQC_MUST_CHECK vqc_status vqc_gemm_execute(const vqc_gemm *gemm, const vqc_onednn_arguments *arguments, int64_t first,
                                           int64_t end, vqc_error *error);

#endif
