#ifndef VQC_CONFIG_LIBRARIES_H
#define VQC_CONFIG_LIBRARIES_H

#include "base/text.h"

/* The libraries of YAML, JSON and tables, with the versions that run; of libcsv, that it was built with. Appends a
 * line for each. Fails for want of memory alone. */
VQC_MUST_CHECK vqc_status vqc_config_libraries(vqc_text *text, vqc_error *error);

#endif
