#include "ops/cuda/result.h"

vqc_status vqc_cuda_check(cudaError_t result, const char *what, vqc_error *error)
{
    if (result == cudaSuccess)
        return VQC_OK;
    return vqc_error_set(error, VQC_FAILED, "cuda: %s: %s", what, cudaGetErrorString(result));
}

vqc_status vqc_cuda_cublas_check(cublasStatus_t result, const char *what, vqc_error *error)
{
    if (result == CUBLAS_STATUS_SUCCESS)
        return VQC_OK;
    return vqc_error_set(error, VQC_FAILED, "cuda: %s: cuBLAS: %s", what, cublasLtGetStatusString(result));
}

vqc_status vqc_cuda_cudnn_check(cudnnStatus_t result, const char *what, vqc_error *error)
{
    if (result == CUDNN_STATUS_SUCCESS)
        return VQC_OK;
    return vqc_error_set(error, VQC_FAILED, "cuda: %s: cuDNN: %s", what, cudnnGetErrorString(result));
}
