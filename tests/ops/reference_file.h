#ifndef VQC_TESTS_REFERENCE_FILE_H
#define VQC_TESTS_REFERENCE_FILE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "execution.h"
#include "weights/weights.h"

/* The file of that name in the reference folder; skips the test where it is not there. */
static inline vqc_weights *reference_file_open(const char *name)
{
    char path[4096];
    (void)snprintf(path, sizeof path, "%s/reference/%s", VQC_SHARED_DIR, name);
    if (access(path, R_OK) != 0) {
        print_message("%s is not there\n", path);
        skip();
    }
    vqc_error error = {0};
    vqc_weights *file = NULL;
    if (vqc_weights_open(path, &file, &error) != VQC_OK)
        fail_msg("%s", error.message);
    return file;
}

/* A tensor of f32 as doubles, to be freed. */
static inline double *reference_file_read(const vqc_weights *file, const char *name,
                                          const vqc_weights_tensor **tensor)
{
    vqc_error error = {0};
    *tensor = vqc_weights_find(file, name);
    if (*tensor == NULL)
        fail_msg("no tensor %s", name);
    float *narrow = malloc((size_t)(*tensor)->count * sizeof *narrow);
    assert_non_null(narrow);
    if (vqc_weights_read_f32(file, *tensor, narrow, &error) != VQC_OK)
        fail_msg("%s", error.message);
    double *values = execution_doubles((*tensor)->count);
    for (int64_t i = 0; i < (*tensor)->count; i++)
        values[i] = (double)narrow[i];
    free(narrow);
    return values;
}

/* The same of a tensor (batch, channels, height, width), channels last. */
static inline double *reference_file_read_picture(const vqc_weights *file, const char *name,
                                                  const vqc_weights_tensor **tensor)
{
    double *planes = reference_file_read(file, name, tensor);
    assert_int_equal((*tensor)->rank, 4);
    int64_t channels = (*tensor)->shape[1];
    int64_t pixels = (*tensor)->shape[2] * (*tensor)->shape[3];
    double *picture = execution_doubles((*tensor)->count);
    for (int64_t i = 0; i < (*tensor)->count; i++) {
        int64_t plane = i / pixels;
        picture[(plane / channels * pixels + i % pixels) * channels + plane % channels] = planes[i];
    }
    free(planes);
    return picture;
}

#endif
