#ifndef VQC_CLI_VERSION_H
#define VQC_CLI_VERSION_H

#include <stdio.h>

#include "base/status.h"

/* What --version prints: the program, then each library that it was built with and the version that runs, a line
 * each. Fails for want of memory alone. */
VQC_MUST_CHECK vqc_status vqc_version_write(FILE *stream, vqc_error *error);

#endif
