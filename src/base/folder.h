#ifndef VQC_BASE_FOLDER_H
#define VQC_BASE_FOLDER_H

#include "base/status.h"

/* Makes the folder at `path`, and those that it lies in, unless they are there. VQC_FAILED, naming what could not be
 * made: what is there and is no folder among it. Several processes may make one at the same time. */
VQC_MUST_CHECK vqc_status vqc_folder_make(const char *path, vqc_error *error);

#endif
