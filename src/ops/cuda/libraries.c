#include "ops/cuda/libraries.h"

#include "ops/cuda/cuda.h"

vqc_status vqc_cuda_libraries(vqc_text *text, vqc_error *error)
{
    int runtime = 0;
    (void)cudaRuntimeGetVersion(&runtime);
    const size_t cublas = cublasLtGetVersion();
    const size_t cudnn = cudnnGetVersion();
    VQC_TRY(vqc_text_append(text, error, "CUDA %d.%d\n", runtime / 1000, runtime % 1000 / 10)); /* 13020 is 13.2 */
    VQC_TRY(vqc_text_append(text, error, "cuBLAS %zu.%zu.%zu\n", cublas / 10000, cublas / 100 % 100, cublas % 100));
    return vqc_text_append(text, error, "cuDNN %zu.%zu.%zu\n", cudnn / 10000, cudnn / 100 % 100, cudnn % 100);
}
