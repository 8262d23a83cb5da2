#ifndef VQC_TESTS_WEIGHTS_SCRATCH_FILE_H
#define VQC_TESTS_WEIGHTS_SCRATCH_FILE_H

#include <unistd.h>

#include "../support/scratch.h"
#include "build_file.h"
#include "weights/weights.h"

/* Writes the bytes to a file whose name ends with .scratch, opens that as a checkpoint and removes the file again. */
static inline vqc_status scratch_open(const build_bytes *bytes, vqc_weights **weights_out, vqc_error *error)
{
    char path[PATH_SIZE];
    *weights_out = NULL;
    vqc_status status =
        vqc_weights_open(bytes_write(path, "w.scratch", bytes->data, bytes->size), weights_out, error);
    (void)unlink(path);
    return status;
}

#endif
