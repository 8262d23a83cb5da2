#ifndef VQC_OPS_CUDA_KERNELS_H
#define VQC_OPS_CUDA_KERNELS_H

#include <cuda_runtime_api.h>

#include "ops/ops.h"

struct vqc_cuda_plan; /* plan.h */

/* What an operation is on a GPU. Everything puts its work on a stream and returns at once; what is returned is
 * whether the launches were accepted. All pointers are to device memory, aligned to 64 bytes; shapes, layouts and
 * element types are those of operation.h. Nothing is allocated and nothing is read back, so that every call can be
 * recorded in a CUDA graph.
 *
 * The same input gives the same bits: sums are made in a fixed order. Nothing depends on the number of blocks or of
 * multiprocessors. */

#ifdef __cplusplus
extern "C" {
#endif

/* One call of an operation: its description (the parameters in it are not read), where the device holds the
 * parameters, and the stream. */
enum { VQC_CUDA_CALL_PARAMETERS = 2 };
typedef struct vqc_cuda_call {
    const vqc_operation *operation;
    const void *parameter[VQC_CUDA_CALL_PARAMETERS]; /* as prepare has made them */
    cudaStream_t stream;
} vqc_cuda_call;

/* Each stands in the file of its operation, X.cu, or X.c where a library computes. */
typedef struct vqc_cuda_kernels {
    /* Makes the parameters and sets the sizes of what a call leaves and needs, initially 0; NULL where there are
     * none. An operation without `forward` sets the plan's state, run_forward and run_backward; on failure the state
     * is what state_destroy can release, or NULL. */
    vqc_status (*prepare)(struct vqc_cuda_plan *plan, vqc_error *error);
    cudaError_t (*forward)(const vqc_cuda_call *call, const vqc_forward *arguments);
    /* Does nothing where no gradient is wanted. NULL: there is none. */
    cudaError_t (*backward)(const vqc_cuda_call *call, const vqc_backward *arguments);
} vqc_cuda_kernels;

#define VQC_CUDA_KERNELS_DECLARE(KIND, name, ...) extern const vqc_cuda_kernels vqc_cuda_##name##_kernels;
VQC_OPERATIONS(VQC_CUDA_KERNELS_DECLARE)

#ifdef __cplusplus
}
#endif

#endif
