#ifndef VQC_WEIGHTS_LIBRARIES_H
#define VQC_WEIGHTS_LIBRARIES_H

#include "base/text.h"

/* The libraries of zip files, with the versions that run. Appends a line for each. Fails for want of memory
 * alone. */
VQC_MUST_CHECK vqc_status vqc_weights_libraries(vqc_text *text, vqc_error *error);

#endif
