#ifndef VQC_OPS_CUDA_RESULT_H
#define VQC_OPS_CUDA_RESULT_H

#include <cublasLt.h>
#include <cuda_runtime_api.h>
#include <cudnn.h>

#include "base/status.h"

/* Turn a result of the CUDA runtime, cuBLAS or cuDNN into a status: VQC_OK, or VQC_FAILED with "cuda: WHAT: the
 * library's words". What an operation does is prefixed with its description by the caller in cuda.c.
 *
 * A kernel is launched by a function of a .cu file that returns cudaGetLastError(); errors inside of a kernel show
 * at a later call, at the latest when results are copied to the host. */
VQC_MUST_CHECK vqc_status vqc_cuda_check(cudaError_t result, const char *what, vqc_error *error);
VQC_MUST_CHECK vqc_status vqc_cuda_cublas_check(cublasStatus_t result, const char *what, vqc_error *error);
VQC_MUST_CHECK vqc_status vqc_cuda_cudnn_check(cudnnStatus_t result, const char *what, vqc_error *error);

#endif
