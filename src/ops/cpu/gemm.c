#include "ops/cpu/gemm.h"

#include <stdlib.h>
#include <string.h>

#include <omp.h>
#include <oneapi/dnnl/dnnl.h>
#include <oneapi/dnnl/dnnl_debug.h>

#include "base/memory.h"

struct vqc_gemm {
    vqc_onednn_product shape; /* its constants must not be read */
    float *constant; /* the matrix, a piece behind the other, each (depth, its columns): a line of the whole would
                        be many pages long in a large product; NULL: the matrix is an argument */
    float *bias;     /* (columns); NULL: none */
};

/* A piece: columns of the target, and where they are computed: there, or in scratch memory. */
typedef struct gemm_piece {
    const float *source, *matrix;
    float *target;
    int64_t columns, matrix_line, line;
    bool accumulate;
} gemm_piece;

static vqc_status constants_copy(vqc_gemm *g, const vqc_onednn_product *p, vqc_error *error)
{
    if (p->bias != NULL) {
        VQC_TRY(vqc_memory_allocate((size_t)p->columns, sizeof *g->bias, "a bias", &g->bias, error));
        memcpy(g->bias, p->bias, (size_t)p->columns * sizeof *g->bias);
    }
    if (p->constant == NULL)
        return VQC_OK;
    g->shape.matrix_transposed = false;
    return vqc_memory_allocate((size_t)(p->depth * p->columns), sizeof *g->constant, "weights", &g->constant, error);
}

void vqc_gemm_destroy(vqc_gemm *gemm)
{
    if (gemm == NULL)
        return;
    free(gemm->constant);
    free(gemm->bias);
    free(gemm);
}

size_t vqc_gemm_parameters(const vqc_gemm *gemm)
{
    size_t columns = (size_t)gemm->shape.columns;
    return ((gemm->constant != NULL ? columns * (size_t)gemm->shape.depth : 0) + (gemm->bias != NULL ? columns : 0)) *
           sizeof(float);
}

vqc_status vqc_gemm_create(const vqc_onednn_product *product, vqc_gemm **gemm_out, vqc_error *error)
{
    vqc_gemm *g;
    VQC_TRY(vqc_memory_allocate(1, sizeof *g, "a product", &g, error));
    g->shape = *product;
    vqc_status status = constants_copy(g, product, error);
    if (status != VQC_OK) {
        vqc_gemm_destroy(g);
        return status;
    }
    *gemm_out = g;
    return VQC_OK;
}

void vqc_gemm_take(vqc_gemm *gemm, const vqc_onednn_product *product, int64_t first, int64_t end)
{
    if (gemm->constant == NULL)
        return;
    float *piece = gemm->constant + first * product->depth;
#pragma omp parallel for schedule(static)
    for (int64_t i = 0; i < product->depth; i++)
        for (int64_t c = first; c < end; c++)
            piece[i * (end - first) + c - first] =
                product->constant[product->matrix_transposed ? c * product->depth + i : i * product->columns + c];
}

/* With one thread: that the caller is one of several does not keep sgemm from using more. */
static vqc_status piece_compute(const vqc_onednn_product *p, const gemm_piece *piece, vqc_error *error)
{
    int threads = omp_get_max_threads();
    omp_set_num_threads(1);
    dnnl_status_t status =
        dnnl_sgemm(p->source_transposed ? 'T' : 'N', p->matrix_transposed ? 'T' : 'N', p->rows, piece->columns,
                   p->depth, 1.0F, piece->source, p->source_transposed ? p->rows : p->depth, piece->matrix,
                   piece->matrix_line, piece->accumulate ? 1.0F : 0.0F, piece->target, piece->line);
    omp_set_num_threads(threads);
    if (status != dnnl_success)
        return vqc_error_set(error, VQC_FAILED, "oneDNN, sgemm: %s", dnnl_status2str(status));
    return VQC_OK;
}

vqc_status vqc_gemm_multiply(const vqc_gemm_operands *operands, vqc_error *error)
{
    const vqc_onednn_product product = {.rows = operands->rows,
                                        .columns = operands->columns,
                                        .depth = operands->depth,
                                        .matrix_transposed = operands->matrix_transposed};
    const gemm_piece piece = {.source = operands->source,
                              .matrix = operands->matrix,
                              .target = operands->target,
                              .columns = operands->columns,
                              .matrix_line = operands->matrix_line,
                              .line = operands->target_line,
                              .accumulate = operands->accumulate};
    return piece_compute(&product, &piece, error);
}

/* target (+)= product + bias, the product being in scratch memory or in the target itself */
static void bias_add(const vqc_gemm *g, const gemm_piece *piece, const float *bias, float *target)
{
    for (int64_t row = 0; row < g->shape.rows; row++) {
        const float *product = piece->target + row * piece->line;
        float *sum = target + row * g->shape.columns;
        for (int64_t c = 0; c < piece->columns; c++)
            sum[c] = g->shape.accumulate ? product[c] + bias[c] + sum[c] : product[c] + bias[c];
    }
}

size_t vqc_gemm_scratchpad(const vqc_gemm *gemm, int64_t columns)
{
    bool apart = gemm->bias != NULL && gemm->shape.accumulate;
    return apart ? ((size_t)(gemm->shape.rows * columns) * sizeof(float) + 63) / 64 * 64 : 0;
}

vqc_status vqc_gemm_execute(const vqc_gemm *gemm, const vqc_onednn_arguments *arguments, int64_t first, int64_t end,
                            vqc_error *error)
{
    const vqc_onednn_product *p = &gemm->shape;
    float *target = (float *)arguments->target + first;
    gemm_piece piece = {.source = arguments->source,
                        .matrix = gemm->constant,
                        .target = target,
                        .columns = end - first,
                        .matrix_line = end - first,
                        .line = p->columns,
                        .accumulate = p->accumulate};
    if (gemm->constant != NULL) {
        piece.matrix += first * p->depth;
    } else {
        piece.matrix = (const float *)arguments->matrix + first * (p->matrix_transposed ? p->depth : 1);
        piece.matrix_line = p->matrix_transposed ? p->depth : p->columns;
    }
    if (vqc_gemm_scratchpad(gemm, piece.columns) > 0) {
        piece.target = arguments->scratchpad;
        piece.line = piece.columns;
        piece.accumulate = false;
    }
    VQC_TRY(piece_compute(p, &piece, error));
    if (gemm->bias != NULL)
        bias_add(gemm, &piece, gemm->bias + first, target);
    return VQC_OK;
}
