#include <cstdint>
#include <cstring>

#include "base/dtype.h"
#include "cublasLt.h"
#include "emulation.hpp"

/* cuBLASLt's matrix products as plain loops over matrices stored by columns, with its rules on sizes and alignment.
 */

struct emulated_cublas {
    int unused;
};

struct emulated_preference {
    std::uint32_t reduction;
    std::uint64_t workspace;
};

struct emulated_matrix {
    cudaDataType_t type;
    std::int64_t rows, columns, leading;
    std::int32_t batch;
    std::int64_t step;
};

struct emulated_matmul {
    cublasOperation_t a, b;
    cublasLtEpilogue_t epilogue;
    std::int32_t bias_type;
    const void *bias;
};

enum { WORKSPACE_SIZE = 1000, WORKSPACE_ALIGNMENT = 256, POINTER_ALIGNMENT = 16 };

static float element(cudaDataType_t type, const void *matrix, std::int64_t index)
{
    if (type == CUDA_R_16BF)
        return vqc_f32_from_bf16(((const std::uint16_t *)matrix)[index]);
    return ((const float *)matrix)[index];
}

static void element_set(cudaDataType_t type, void *matrix, std::int64_t index, float value)
{
    if (type == CUDA_R_16BF)
        ((std::uint16_t *)matrix)[index] = vqc_bf16_from_f32(value);
    else
        ((float *)matrix)[index] = value;
}

static bool is_aligned(const void *pointer, std::uintptr_t alignment)
{
    return (std::uintptr_t)pointer % alignment == 0;
}

/* The index of op(matrix)'s element (row, column) in the batch's matrix `which`. */
static std::int64_t index_of(const emulated_matrix &m, cublasOperation_t operation, std::int64_t which,
                             std::int64_t row, std::int64_t column)
{
    std::int64_t stored_row = operation == CUBLAS_OP_T ? column : row;
    std::int64_t stored_column = operation == CUBLAS_OP_T ? row : column;
    return which * m.step + stored_column * m.leading + stored_row;
}

static bool layouts_fit(const emulated_matmul &o, const emulated_matrix &a, const emulated_matrix &b,
                        const emulated_matrix &c, const emulated_matrix &d)
{
    std::int64_t rows = o.a == CUBLAS_OP_T ? a.columns : a.rows;
    std::int64_t depth = o.a == CUBLAS_OP_T ? a.rows : a.columns;
    std::int64_t b_depth = o.b == CUBLAS_OP_T ? b.columns : b.rows;
    std::int64_t columns = o.b == CUBLAS_OP_T ? b.rows : b.columns;
    for (const emulated_matrix *m : {&a, &b, &c, &d})
        if (m->leading < m->rows || m->batch != d.batch || m->rows < 1 || m->columns < 1)
            return false;
    bool types_fit = a.type == b.type && c.type == d.type && (d.type == a.type || d.type == CUDA_R_32F);
    return types_fit && depth == b_depth && d.rows == rows && d.columns == columns && c.rows == rows &&
           c.columns == columns && c.leading == d.leading;
}

const char *cublasLtGetStatusString(cublasStatus_t status)
{
    return status == CUBLAS_STATUS_SUCCESS ? "success" : "invalid value";
}

size_t cublasLtGetVersion(void)
{
    return 0;
}

cublasStatus_t cublasLtCreate(cublasLtHandle_t *handle)
{
    *handle = new emulated_cublas{};
    return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtDestroy(cublasLtHandle_t handle)
{
    delete handle;
    return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatrixLayoutCreate(cublasLtMatrixLayout_t *layout, cudaDataType_t type, std::uint64_t rows,
                                          std::uint64_t columns, std::int64_t leading)
{
    *layout = new emulated_matrix{type, (std::int64_t)rows, (std::int64_t)columns, leading, 1, 0};
    return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatrixLayoutSetAttribute(cublasLtMatrixLayout_t layout,
                                                cublasLtMatrixLayoutAttribute_t attribute, const void *value,
                                                size_t size)
{
    bool count = attribute == CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT;
    if (size != (count ? sizeof layout->batch : sizeof layout->step))
        return CUBLAS_STATUS_INVALID_VALUE;
    if (count)
        std::memcpy(&layout->batch, value, size);
    else
        std::memcpy(&layout->step, value, size);
    return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatrixLayoutDestroy(cublasLtMatrixLayout_t layout)
{
    delete layout;
    return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmulDescCreate(cublasLtMatmulDesc_t *operation, cublasComputeType_t, cudaDataType_t scale)
{
    *operation = new emulated_matmul{};
    return scale == CUDA_R_32F ? CUBLAS_STATUS_SUCCESS : CUBLAS_STATUS_INVALID_VALUE;
}

cublasStatus_t cublasLtMatmulDescSetAttribute(cublasLtMatmulDesc_t operation,
                                              cublasLtMatmulDescAttributes_t attribute, const void *value,
                                              size_t size)
{
    void *target = attribute == CUBLASLT_MATMUL_DESC_TRANSA           ? (void *)&operation->a
                   : attribute == CUBLASLT_MATMUL_DESC_TRANSB         ? (void *)&operation->b
                   : attribute == CUBLASLT_MATMUL_DESC_EPILOGUE       ? (void *)&operation->epilogue
                   : attribute == CUBLASLT_MATMUL_DESC_BIAS_DATA_TYPE ? (void *)&operation->bias_type
                                                                      : (void *)&operation->bias;
    if (size != (attribute == CUBLASLT_MATMUL_DESC_BIAS_POINTER ? sizeof(void *) : sizeof(std::int32_t)))
        return CUBLAS_STATUS_INVALID_VALUE;
    std::memcpy(target, value, size);
    return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmulDescDestroy(cublasLtMatmulDesc_t operation)
{
    delete operation;
    return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmulPreferenceCreate(cublasLtMatmulPreference_t *preference)
{
    *preference = new emulated_preference{7, 0};
    return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmulPreferenceSetAttribute(cublasLtMatmulPreference_t preference,
                                                    cublasLtMatmulPreferenceAttributes_t attribute, const void *value,
                                                    size_t size)
{
    bool workspace = attribute == CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES;
    if (size != (workspace ? sizeof(std::uint64_t) : sizeof(std::uint32_t)))
        return CUBLAS_STATUS_INVALID_VALUE;
    if (workspace)
        std::memcpy(&preference->workspace, value, size);
    else if (attribute == CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK)
        std::memcpy(&preference->reduction, value, size);
    return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmulPreferenceDestroy(cublasLtMatmulPreference_t preference)
{
    delete preference;
    return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmulAlgoGetHeuristic(cublasLtHandle_t, cublasLtMatmulDesc_t operation,
                                              cublasLtMatrixLayout_t a, cublasLtMatrixLayout_t b,
                                              cublasLtMatrixLayout_t c, cublasLtMatrixLayout_t d,
                                              cublasLtMatmulPreference_t preference, int wanted,
                                              cublasLtMatmulHeuristicResult_t *results, int *found)
{
    *found = 0;
    if (wanted < 1 || preference->reduction != CUBLASLT_REDUCTION_SCHEME_NONE ||
        !layouts_fit(*operation, *a, *b, *c, *d))
        return CUBLAS_STATUS_INVALID_VALUE;
    /* The first leaves the device idle and, so that it shows when it is taken, does not run. */
    const float waves[] = {0.02F, 0.5F};
    for (*found = 0; *found < wanted && *found < 2; ++*found)
        results[*found] = {{*found}, WORKSPACE_SIZE, CUBLAS_STATUS_SUCCESS, waves[*found]};
    return preference->workspace >= WORKSPACE_SIZE ? CUBLAS_STATUS_SUCCESS : CUBLAS_STATUS_INVALID_VALUE;
}

static void matmul(const emulated_matmul &o, float alpha, const void *a, const emulated_matrix &a_layout,
                   const void *b, const emulated_matrix &b_layout, float beta, const void *c,
                   const emulated_matrix &c_layout, void *d, const emulated_matrix &d_layout)
{
    std::int64_t depth = o.a == CUBLAS_OP_T ? a_layout.rows : a_layout.columns;
    for (std::int64_t which = 0; which < d_layout.batch; which++) {
        for (std::int64_t column = 0; column < d_layout.columns; column++) {
            for (std::int64_t row = 0; row < d_layout.rows; row++) {
                double sum = 0.0;
                for (std::int64_t i = 0; i < depth; i++)
                    sum += (double)element(a_layout.type, a, index_of(a_layout, o.a, which, row, i)) *
                           (double)element(b_layout.type, b, index_of(b_layout, o.b, which, i, column));
                std::int64_t index = index_of(d_layout, CUBLAS_OP_N, which, row, column);
                float value = alpha * (float)sum;
                if (beta != 0.0F)
                    value += beta * element(c_layout.type, c, index_of(c_layout, CUBLAS_OP_N, which, row, column));
                if (o.epilogue == CUBLASLT_EPILOGUE_BIAS)
                    value += element((cudaDataType_t)o.bias_type, o.bias, row);
                element_set(d_layout.type, d, index, value);
            }
        }
    }
}

cublasStatus_t cublasLtMatmul(cublasLtHandle_t, cublasLtMatmulDesc_t operation, const void *alpha, const void *a,
                              cublasLtMatrixLayout_t a_layout, const void *b, cublasLtMatrixLayout_t b_layout,
                              const void *beta, const void *c, cublasLtMatrixLayout_t c_layout, void *d,
                              cublasLtMatrixLayout_t d_layout, const cublasLtMatmulAlgo_t *algorithm, void *workspace,
                              size_t workspace_size, cudaStream_t stream)
{
    bool aligned = is_aligned(workspace, WORKSPACE_ALIGNMENT);
    for (const void *pointer : {a, b, c, (const void *)d})
        aligned = aligned && is_aligned(pointer, POINTER_ALIGNMENT);
    if (!aligned || algorithm->number != 1 || workspace_size != WORKSPACE_SIZE ||
        !layouts_fit(*operation, *a_layout, *b_layout, *c_layout, *d_layout))
        return CUBLAS_STATUS_INVALID_VALUE;
    float alpha_value = *(const float *)alpha;
    float beta_value = *(const float *)beta;
    emulated_matmul o = *operation;
    emulated_matrix la = *a_layout, lb = *b_layout, lc = *c_layout, ld = *d_layout;
    emulation::submit(stream, [=] {
        std::memset(workspace, 0xff, workspace_size);
        matmul(o, alpha_value, a, la, b, lb, beta_value, c, lc, d, ld);
    });
    return CUBLAS_STATUS_SUCCESS;
}
