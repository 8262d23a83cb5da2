#ifndef VQC_BASE_LIBRARIES_H
#define VQC_BASE_LIBRARIES_H

#include "base/text.h"

/* The library of digests, with the version that runs. Appends a line for each. Fails for want of memory
 * alone. */
VQC_MUST_CHECK vqc_status vqc_base_libraries(vqc_text *text, vqc_error *error);

#endif
