#ifndef VQC_TEXT_LIBRARIES_H
#define VQC_TEXT_LIBRARIES_H

#include "base/text.h"

/* The library of Unicode, with the version that runs. Appends a line for each. Fails for want of memory
 * alone. */
VQC_MUST_CHECK vqc_status vqc_text_libraries(vqc_text *text, vqc_error *error);

#endif
