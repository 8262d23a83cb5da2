#include "ops/cpu/gemm.h"

#include <stdlib.h>
#include <string.h>

#include <omp.h>
#include <oneapi/dnnl/dnnl.h>
#include <oneapi/dnnl/dnnl_debug.h>

#include "base/memory.h"

/* sgemm has two ways. Large products it copies to packed panels, of DEPTH_AT_ONCE rows of the matrix, and adds panel
 * after panel to the target; a sum goes through the depth of a panel in order. Smaller ones it computes in place,
 * with another division of the depth from 2 * DEPTH_AT_ONCE on, in blocks of ROWS_OF_A_BLOCK rows of the source (one
 * and a part are halved) and ROWS_AT_ONCE rows at a time; where a block leaves 1 to 3 rows over, even and odd places
 * of the depth are summed apart. Whole groups of COLUMNS_AT_ONCE columns do not matter to a sum in either way. So a
 * piece that is computed in place, of a product that would be packed, has the same bits if it is computed in parts of
 * that depth and of rows that leave no such rest.
 *
 * That was found by comparing bits with AVX2 (2.6.3); test_threads compares pieces to the whole. Which way is taken
 * is oneDNN's own rule for AVX2. */
enum { DEPTH_AT_ONCE = 192, ROWS_AT_ONCE = 6, ROWS_OF_A_BLOCK = 48, COLUMNS_AT_ONCE = 16 };
#define PACKED_BELOW 0.0038

struct vqc_gemm {
    vqc_onednn_product shape; /* its constants must not be read */
    float *constant;          /* (depth, columns); NULL: the matrix is an argument */
    float *bias;              /* (columns); NULL: none */
    bool packs_large;         /* the rule above is known for the processor */
    bool turned;              /* a transposed source is turned first: in place its depth is divided otherwise */
};

/* A piece: columns of the target, and where they are computed: there, or in scratch memory. */
typedef struct gemm_piece {
    const float *source, *matrix;
    float *target;
    int64_t columns, line;
    bool accumulate;
} gemm_piece;

/* A part of a piece. */
typedef struct gemm_part {
    int64_t row, rows, depth_first, depth;
} gemm_part;

static vqc_status constants_copy(vqc_gemm *g, const vqc_onednn_product *p, vqc_error *error)
{
    if (p->bias != NULL) {
        VQC_TRY(vqc_memory_allocate((size_t)p->columns, sizeof *g->bias, "a bias", &g->bias, error));
        memcpy(g->bias, p->bias, (size_t)p->columns * sizeof *g->bias);
    }
    if (p->constant == NULL)
        return VQC_OK;
    VQC_TRY(
        vqc_memory_allocate((size_t)(p->depth * p->columns), sizeof *g->constant, "weights", &g->constant, error));
#pragma omp parallel for schedule(static)
    for (int64_t i = 0; i < p->depth; i++)
        for (int64_t c = 0; c < p->columns; c++)
            g->constant[i * p->columns + c] =
                p->constant[p->matrix_transposed ? c * p->depth + i : i * p->columns + c];
    g->shape.matrix_transposed = false;
    return VQC_OK;
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

/* The rule is that of AVX2, with VNNI or without. */
static bool packs_large(void)
{
    return strstr(dnnl_cpu_isa2str(dnnl_get_effective_cpu_isa()), "avx2") != NULL;
}

static bool is_packed(const vqc_gemm *g, int64_t columns)
{
    return g->packs_large && 1.0 / (double)g->shape.rows + 1.0 / (double)columns < PACKED_BELOW;
}

bool vqc_gemm_can_be_cut(const vqc_onednn_product *product)
{
    const vqc_gemm whole = {.shape = *product, .packs_large = packs_large()};
    return product->columns % COLUMNS_AT_ONCE == 0 || !is_packed(&whole, product->columns);
}

vqc_status vqc_gemm_create(const vqc_onednn_product *product, bool cut, vqc_gemm **gemm_out, vqc_error *error)
{
    vqc_gemm *g;
    VQC_TRY(vqc_memory_allocate(1, sizeof *g, "a product", &g, error));
    g->shape = *product;
    g->packs_large = packs_large();
    g->turned = cut && product->source_transposed && is_packed(g, product->columns);
    g->shape.source_transposed = product->source_transposed && !g->turned;
    vqc_status status = constants_copy(g, product, error);
    if (status != VQC_OK) {
        vqc_gemm_destroy(g);
        return status;
    }
    *gemm_out = g;
    return VQC_OK;
}

static vqc_status part_compute(const vqc_gemm *g, const gemm_piece *piece, gemm_part part, vqc_error *error)
{
    const vqc_onednn_product *p = &g->shape;
    const float *source = piece->source + (p->source_transposed ? part.depth_first * p->rows + part.row
                                                                : part.row * p->depth + part.depth_first);
    const float *matrix = piece->matrix + part.depth_first * (p->matrix_transposed ? 1 : p->columns);
    dnnl_status_t status = dnnl_sgemm(
        p->source_transposed ? 'T' : 'N', p->matrix_transposed ? 'T' : 'N', part.rows, piece->columns, part.depth,
        1.0F, source, p->source_transposed ? p->rows : p->depth, matrix, p->matrix_transposed ? p->depth : p->columns,
        piece->accumulate || part.depth_first > 0 ? 1.0F : 0.0F, piece->target + part.row * piece->line, piece->line);
    if (status != dnnl_success)
        return vqc_error_set(error, VQC_FAILED, "oneDNN, sgemm: %s", dnnl_status2str(status));
    return VQC_OK;
}

/* The next rows of a piece that is computed in parts: whole blocks, then sixes, or fours and fives at the end where 1
 * to 3 would be left over. */
static int64_t rows_take(int64_t rest)
{
    int64_t over = rest % ROWS_AT_ONCE;
    int64_t tail = over == 1 ? 13 : over == 2 ? 8 : over == 3 ? 9 : 0;
    int64_t body = rest - tail;
    if (body <= 0)
        return rest == 8 || rest == 4 ? 4 : 5;
    return body >= ROWS_OF_A_BLOCK ? body / ROWS_OF_A_BLOCK * ROWS_OF_A_BLOCK : body;
}

static vqc_status parts_compute(const vqc_gemm *g, const gemm_piece *piece, vqc_error *error)
{
    const vqc_onednn_product *p = &g->shape;
    int64_t most = p->depth < 2 * DEPTH_AT_ONCE ? p->depth : DEPTH_AT_ONCE;
    gemm_part part = {0};
    for (; part.row < p->rows; part.row += part.rows) {
        part.rows = rows_take(p->rows - part.row);
        for (part.depth_first = 0; part.depth_first < p->depth; part.depth_first += part.depth) {
            int64_t rest = p->depth - part.depth_first;
            part.depth = rest < most ? rest : most;
            VQC_TRY(part_compute(g, piece, part, error));
        }
    }
    return VQC_OK;
}

static vqc_status piece_compute(const vqc_gemm *g, const gemm_piece *piece, vqc_error *error)
{
    const gemm_part all = {.rows = g->shape.rows, .depth = g->shape.depth};
    bool in_parts = is_packed(g, g->shape.columns) && !is_packed(g, piece->columns);
    int threads = omp_get_max_threads();
    omp_set_num_threads(1);
    vqc_status status = in_parts ? parts_compute(g, piece, error) : part_compute(g, piece, all, error);
    omp_set_num_threads(threads);
    return status;
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

size_t vqc_gemm_turned(const vqc_gemm *gemm)
{
    return gemm->turned ? ((size_t)(gemm->shape.rows * gemm->shape.depth) * sizeof(float) + 63) / 64 * 64 : 0;
}

void vqc_gemm_turn(const vqc_gemm *gemm, const float *source, float *turned, int64_t first, int64_t end)
{
    const vqc_onednn_product *p = &gemm->shape;
    for (int64_t i = 0; i < p->depth; i++)
        for (int64_t row = first; row < end; row++)
            turned[row * p->depth + i] = source[i * p->rows + row];
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
    const float *matrix = gemm->constant != NULL ? gemm->constant : arguments->matrix;
    float *target = (float *)arguments->target + first;
    gemm_piece piece = {.source = arguments->source,
                        .matrix = matrix + first * (p->matrix_transposed ? p->depth : 1),
                        .target = target,
                        .columns = end - first,
                        .line = p->columns,
                        .accumulate = p->accumulate};
    if (vqc_gemm_scratchpad(gemm, piece.columns) > 0) {
        piece.target = arguments->scratchpad;
        piece.line = piece.columns;
        piece.accumulate = false;
    }
    VQC_TRY(piece_compute(gemm, &piece, error));
    if (gemm->bias != NULL)
        bias_add(gemm, &piece, gemm->bias + first, target);
    return VQC_OK;
}
