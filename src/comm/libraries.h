#ifndef VQC_COMM_LIBRARIES_H
#define VQC_COMM_LIBRARIES_H

#include "base/text.h"

/* The libraries that connect ranks, with the versions that run: MPI, NCCL, as far as the build has them. Appends a
 * line for each. Fails for want of memory alone. */
VQC_MUST_CHECK vqc_status vqc_comm_libraries(vqc_text *text, vqc_error *error);

#endif
