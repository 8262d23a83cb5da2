#ifndef VQC_ARCHIVE_CREATION_H
#define VQC_ARCHIVE_CREATION_H

#include "archive/copy.h"

/* Makes the archive's file: the whole structure under a temporary name (PATH.partial), its space allocated, filled by
 * `fill` (NULL: with nothing), forced to the disk, renamed to `path`, over what is there. By one process, which holds
 * the lock. On failure nothing is left behind. All failures are VQC_FAILED: the file cannot be made, the disk is
 * full; and those of `fill`. */
VQC_MUST_CHECK vqc_status vqc_archive_create(const char *path, const vqc_archive_outline *outline,
                                             vqc_archive_fill *fill, void *context, vqc_error *error);

/* The temporary name of an archive in the making, PATH.partial; to be freed. */
VQC_MUST_CHECK vqc_status vqc_archive_partial_name(const char *path, char **partial_out, vqc_error *error);

/* Forces a file that is written to the disk, and gives it its name. */
VQC_MUST_CHECK vqc_status vqc_archive_partial_finish(const char *partial, const char *path, vqc_error *error);

/* Removes what a launch that was killed left of an archive in the making, if anything. By who holds the lock. */
VQC_MUST_CHECK vqc_status vqc_archive_partial_remove(const char *path, vqc_error *error);

#endif
