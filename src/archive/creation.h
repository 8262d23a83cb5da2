#ifndef VQC_ARCHIVE_CREATION_H
#define VQC_ARCHIVE_CREATION_H

#include "archive/archive.h"

/* Makes the archive's file: the whole structure under a temporary name (PATH.partial), its space allocated, forced
 * to the disk, renamed to `path`. By one process, which holds the lock. On failure nothing is left behind. All
 * failures are VQC_FAILED: the file cannot be made, the disk is full. */
VQC_MUST_CHECK vqc_status vqc_archive_create(const char *path, const vqc_archive_outline *outline, vqc_error *error);

#endif
