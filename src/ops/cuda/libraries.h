#ifndef VQC_OPS_CUDA_LIBRARIES_H
#define VQC_OPS_CUDA_LIBRARIES_H

#include "base/text.h"

/* CUDA's runtime, cuBLAS and cuDNN, with the versions that run, whether or not there is a GPU: appends a line for
 * each. Fails for want of memory alone. */
VQC_MUST_CHECK vqc_status vqc_cuda_libraries(vqc_text *text, vqc_error *error);

#endif
