#ifndef VQC_TESTS_DEVICE_ABSENT_H
#define VQC_TESTS_DEVICE_ABSENT_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/status.h"

enum { TEST_SKIPPED = 77 };

/* Ends a test program whose device could not be opened: as skipped, which it says, where that is a GPU and this build
 * or machine has none; else as failed. tests/gpu/run.sh, which is for machines with a GPU, counts the former as a
 * failure there. */
static inline void device_absent_exit(const vqc_error *error)
{
    if (strstr(error->message, "cuda: no CUDA device is available") != NULL ||
        strstr(error->message, "cuda: this build has no CUDA support") != NULL) {
        (void)printf("skipped: no CUDA device (%s)\n", error->message);
        exit(TEST_SKIPPED);
    }
    (void)fprintf(stderr, "%s\n", error->message);
    exit(1);
}

#endif
