#ifndef VQC_TESTS_WEIGHTS_SCRATCH_FILE_H
#define VQC_TESTS_WEIGHTS_SCRATCH_FILE_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "build_file.h"
#include "weights/weights.h"

/* Writes the bytes to a file whose name ends with .scratch, opens that as a checkpoint and removes the file again. */
static inline vqc_status scratch_open(const build_bytes *bytes, vqc_weights **weights_out, vqc_error *error)
{
    char path[] = "/tmp/vqclip_test_XXXXXX.scratch";
    int file = mkstemps(path, 8);
    ssize_t written = file < 0 ? -1 : write(file, bytes->data, bytes->size);
    if (file < 0 || written != (ssize_t)bytes->size || close(file) != 0)
        abort();
    *weights_out = NULL;
    vqc_status status = vqc_weights_open(path, weights_out, error);
    (void)unlink(path);
    return status;
}

#endif
