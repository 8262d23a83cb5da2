#ifndef VQC_BASE_NEW_FILE_H
#define VQC_BASE_NEW_FILE_H

#include <stdio.h>

#include "base/status.h"

/* A file that is written under a temporary name beside its path and takes the path when it is complete, so that the
 * path never holds half a file, whatever happens. */
typedef struct vqc_new_file {
    FILE *stream;
    const char *path; /* belongs to the caller */
    char *temporary;
} vqc_new_file;

/* Opens the stream for writing. A path that is a device, a pipe or a socket, or a link to one, is
 * VQC_BAD_INPUT: taking its name would put a file in its place, /dev/null's even. Other errors here and below are
 * VQC_FAILED; all name the path. */
VQC_MUST_CHECK vqc_status vqc_new_file_open(const char *path, vqc_new_file *file_out, vqc_error *error);
/* Brings what was written to the disk and gives it its name; on failure it is removed. The file is closed. */
VQC_MUST_CHECK vqc_status vqc_new_file_commit(vqc_new_file *file, vqc_error *error);
/* Closes and removes what was written. */
void vqc_new_file_discard(vqc_new_file *file);

#endif
