#include "ops/libraries.h"

#include "ops/cpu/onednn.h"
#ifdef VQC_WITH_CUDA
#include "ops/cuda/libraries.h"
#endif

vqc_status vqc_ops_libraries(vqc_text *text, vqc_error *error)
{
    vqc_ops_description cpu;
    vqc_onednn_describe(&cpu);
    VQC_TRY(vqc_text_append(text, error, "%s, %s\n", cpu.library, cpu.instruction_set));
#ifdef VQC_WITH_CUDA
    VQC_TRY(vqc_cuda_libraries(text, error));
#endif
    return VQC_OK;
}
