#ifndef VQC_OPS_CUDA_PRODUCT_H
#define VQC_OPS_CUDA_PRODUCT_H

#include <stdint.h>

#include "base/dtype.h"
#include "ops/cuda/cuda.h"

/* Matrix products by cuBLASLt, planned once. All matrices are stored by rows; sums are in f32.
 *
 *     target (rows, columns) = scale · left (rows, depth) · right (depth, columns) + bias (columns) + added
 *
 * A transposed factor is stored the other way round: left (depth, rows), right (columns, depth). A stride is the
 * distance between a matrix's rows as stored, a step that between the matrices of a batch, both in elements.
 *
 * The algorithm is the first that the library proposes for the shape, among those which do not split the sum over
 * `depth` and, where it proposes one, do not leave nearly all of the device idle: a function of the shape, the
 * library and the kind of device, never of timing. */
typedef struct vqc_cuda_product_shape {
    int64_t batch; /* number of products */
    int64_t rows, columns, depth;
    bool left_transposed, right_transposed;
    int64_t left_stride, right_stride, target_stride;
    int64_t left_step, right_step, target_step; /* not used for a batch of 1 */
    vqc_dtype dtype;                            /* of the factors and the bias */
    vqc_dtype target_dtype;                     /* of the target and what is added: dtype or f32 */
    const void *bias;                           /* in device memory, lives as long as the product; or NULL */
} vqc_cuda_product_shape;

typedef struct vqc_cuda_product vqc_cuda_product;

VQC_MUST_CHECK vqc_status vqc_cuda_product_create(vqc_cuda_device *device, const vqc_cuda_product_shape *shape,
                                                  vqc_cuda_product **product_out, vqc_error *error);
/* NULL is allowed. */
void vqc_cuda_product_destroy(vqc_cuda_product *product);

/* Bytes of workspace, aligned to VQC_CUDA_ALIGNMENT, that running it takes. */
size_t vqc_cuda_product_workspace(const vqc_cuda_product *product);

typedef struct vqc_cuda_product_operands {
    const void *left, *right;
    const void *added; /* shaped and strided as the target; may be the target itself, or NULL */
    void *target;
    void *workspace;
    float scale;
} vqc_cuda_product_operands;

/* Computes on the device's stream. All pointers are aligned to 16 bytes. */
VQC_MUST_CHECK vqc_status vqc_cuda_product_run(const vqc_cuda_product *product,
                                               const vqc_cuda_product_operands *operands, vqc_error *error);

#endif
