#include "ops/cuda/product.h"

#include <stdlib.h>

#include "base/memory.h"

/* cuBLASLt stores matrices by columns: what it sees are the transposed matrices, and it computes
 * targetᵀ (columns, rows) = rightᵀ · leftᵀ. So its A is `right`, its B is `left`, and its bias, one number for each
 * of its rows, is one for each of our columns. */
struct vqc_cuda_product {
    vqc_cuda_device *device;
    cublasLtMatmulDesc_t operation;
    cublasLtMatrixLayout_t left, right, target;
    cublasLtMatmulAlgo_t algorithm;
    size_t workspace_size;
};

/* Of which the library may use part; more than it recommends for any device. */
#define MAX_WORKSPACE ((size_t)32 << 20)
enum { POINTER_ALIGNMENT = 16, CANDIDATES = 16 /* algorithms to choose from */ };

static cudaDataType_t type_of(vqc_dtype dtype)
{
    return dtype == VQC_DTYPE_BF16 ? CUDA_R_16BF : CUDA_R_32F;
}

#define SET(expression) VQC_TRY(vqc_cuda_cublas_check((expression), "describing a matrix product", error))

/* A matrix of `rows` rows of `columns` elements, which to the library is one of `columns` rows. */
static vqc_status layout_create(vqc_dtype dtype, int64_t rows, int64_t columns, int64_t stride, int64_t batch,
                                int64_t step, cublasLtMatrixLayout_t *layout_out, vqc_error *error)
{
    SET(cublasLtMatrixLayoutCreate(layout_out, type_of(dtype), (uint64_t)columns, (uint64_t)rows, stride));
    if (batch == 1)
        return VQC_OK;
    int32_t count = (int32_t)batch;
    SET(cublasLtMatrixLayoutSetAttribute(*layout_out, CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT, &count, sizeof count));
    SET(cublasLtMatrixLayoutSetAttribute(*layout_out, CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET, &step,
                                         sizeof step));
    return VQC_OK;
}

static vqc_status layouts_create(vqc_cuda_product *product, const vqc_cuda_product_shape *s, vqc_error *error)
{
    int64_t left_rows = s->left_transposed ? s->depth : s->rows;
    int64_t left_columns = s->left_transposed ? s->rows : s->depth;
    int64_t right_rows = s->right_transposed ? s->columns : s->depth;
    int64_t right_columns = s->right_transposed ? s->depth : s->columns;
    VQC_TRY(layout_create(s->dtype, left_rows, left_columns, s->left_stride, s->batch, s->left_step, &product->left,
                          error));
    VQC_TRY(layout_create(s->dtype, right_rows, right_columns, s->right_stride, s->batch, s->right_step,
                          &product->right, error));
    return layout_create(s->target_dtype, s->rows, s->columns, s->target_stride, s->batch, s->target_step,
                         &product->target, error);
}

static vqc_status operation_create(vqc_cuda_product *product, const vqc_cuda_product_shape *s, vqc_error *error)
{
    bool tf32 = product->device->tf32 && s->dtype == VQC_DTYPE_F32;
    SET(cublasLtMatmulDescCreate(&product->operation, tf32 ? CUBLAS_COMPUTE_32F_FAST_TF32 : CUBLAS_COMPUTE_32F,
                                 CUDA_R_32F));
    cublasOperation_t a = s->right_transposed ? CUBLAS_OP_T : CUBLAS_OP_N;
    cublasOperation_t b = s->left_transposed ? CUBLAS_OP_T : CUBLAS_OP_N;
    SET(cublasLtMatmulDescSetAttribute(product->operation, CUBLASLT_MATMUL_DESC_TRANSA, &a, sizeof a));
    SET(cublasLtMatmulDescSetAttribute(product->operation, CUBLASLT_MATMUL_DESC_TRANSB, &b, sizeof b));
    if (s->bias == NULL)
        return VQC_OK;
    cublasLtEpilogue_t epilogue = CUBLASLT_EPILOGUE_BIAS;
    int32_t bias_type = (int32_t)type_of(s->dtype);
    SET(cublasLtMatmulDescSetAttribute(product->operation, CUBLASLT_MATMUL_DESC_EPILOGUE, &epilogue,
                                       sizeof epilogue));
    SET(cublasLtMatmulDescSetAttribute(product->operation, CUBLASLT_MATMUL_DESC_BIAS_DATA_TYPE, &bias_type,
                                       sizeof bias_type));
    SET(cublasLtMatmulDescSetAttribute(product->operation, CUBLASLT_MATMUL_DESC_BIAS_POINTER, &s->bias,
                                       sizeof s->bias));
    return VQC_OK;
}

static vqc_status preference_fill(cublasLtMatmulPreference_t preference, vqc_error *error)
{
    static const cublasLtMatmulPreferenceAttributes_t alignments[] = {
        CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES,
        CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES};
    size_t workspace = MAX_WORKSPACE;
    uint32_t reduction = CUBLASLT_REDUCTION_SCHEME_NONE;
    uint32_t alignment = POINTER_ALIGNMENT;
    SET(cublasLtMatmulPreferenceSetAttribute(preference, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, &workspace,
                                             sizeof workspace));
    SET(cublasLtMatmulPreferenceSetAttribute(preference, CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK, &reduction,
                                             sizeof reduction));
    for (size_t i = 0; i < sizeof alignments / sizeof alignments[0]; i++)
        SET(cublasLtMatmulPreferenceSetAttribute(preference, alignments[i], &alignment, sizeof alignment));
    return VQC_OK;
}

/* Of `count` algorithms, in the library's order, the one to take: the first, unless it leaves nearly all of the
 * device idle, as happens with few rows and a long sum where the library would rather split it; then the first that
 * does not. An algorithm that does not say how much it occupies, 0, is not judged. */
static int algorithm_of(const cublasLtMatmulHeuristicResult_t *found, int count)
{
    const float idle = 1.0F / 16; /* of a wave, which is what fills the device */
    const float enough = 1.0F / 8;
    if (found[0].wavesCount <= 0.0F || found[0].wavesCount >= idle)
        return 0;
    for (int i = 1; i < count; i++)
        if (found[i].state == CUBLAS_STATUS_SUCCESS && found[i].wavesCount >= enough)
            return i;
    return 0;
}

static vqc_status algorithm_choose(vqc_cuda_product *product, cublasLtMatmulPreference_t preference, vqc_error *error)
{
    cublasLtMatmulHeuristicResult_t found[CANDIDATES] = {0};
    int count = 0;
    VQC_TRY(preference_fill(preference, error));
    VQC_TRY(vqc_cuda_cublas_check(
        cublasLtMatmulAlgoGetHeuristic(product->device->cublas, product->operation, product->right, product->left,
                                       product->target, product->target, preference, CANDIDATES, found, &count),
        "choosing an algorithm for a matrix product", error));
    if (count < 1)
        return vqc_error_set(error, VQC_FAILED, "cuda: cuBLAS has no algorithm for this matrix product");
    const cublasLtMatmulHeuristicResult_t *chosen = &found[algorithm_of(found, count)];
    product->algorithm = chosen->algo;
    product->workspace_size = chosen->workspaceSize;
    return vqc_cuda_cublas_check(chosen->state, "choosing an algorithm for a matrix product", error);
}

static vqc_status product_fill(vqc_cuda_product *product, const vqc_cuda_product_shape *shape, vqc_error *error)
{
    VQC_TRY(layouts_create(product, shape, error));
    VQC_TRY(operation_create(product, shape, error));
    cublasLtMatmulPreference_t preference;
    SET(cublasLtMatmulPreferenceCreate(&preference));
    vqc_status status = algorithm_choose(product, preference, error);
    (void)cublasLtMatmulPreferenceDestroy(preference);
    return status;
}

vqc_status vqc_cuda_product_create(vqc_cuda_device *device, const vqc_cuda_product_shape *shape,
                                   vqc_cuda_product **product_out, vqc_error *error)
{
    if (shape->batch > INT32_MAX)
        return vqc_error_set(error, VQC_FAILED, "cuda: too many matrix products at once");
    vqc_cuda_product *product;
    VQC_TRY(vqc_memory_allocate(1, sizeof *product, "a matrix product", &product, error));
    product->device = device;
    vqc_status status = product_fill(product, shape, error);
    if (status != VQC_OK) {
        vqc_cuda_product_destroy(product);
        return status;
    }
    *product_out = product;
    return VQC_OK;
}

void vqc_cuda_product_destroy(vqc_cuda_product *product)
{
    if (product == NULL)
        return;
    if (product->operation != NULL)
        (void)cublasLtMatmulDescDestroy(product->operation);
    cublasLtMatrixLayout_t layouts[] = {product->left, product->right, product->target};
    for (size_t i = 0; i < sizeof layouts / sizeof layouts[0]; i++)
        if (layouts[i] != NULL)
            (void)cublasLtMatrixLayoutDestroy(layouts[i]);
    free(product);
}

size_t vqc_cuda_product_workspace(const vqc_cuda_product *product)
{
    return product->workspace_size;
}

vqc_status vqc_cuda_product_run(const vqc_cuda_product *product, const vqc_cuda_product_operands *o, vqc_error *error)
{
    float factor_of_added = o->added == NULL ? 0.0F : 1.0F;
    const void *added = o->added == NULL ? o->target : o->added;
    return vqc_cuda_cublas_check(cublasLtMatmul(product->device->cublas, product->operation, &o->scale, o->right,
                                                product->right, o->left, product->left, &factor_of_added, added,
                                                product->target, o->target, product->target, &product->algorithm,
                                                o->workspace, product->workspace_size, product->device->stream),
                                 "a matrix product", error);
}
