#ifndef VQC_TESTS_IMAGE_SCRATCH_H
#define VQC_TESTS_IMAGE_SCRATCH_H

/* A temporary folder with one picture file, and files as bytes. Include it after cmocka.h. */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../support/scratch.h"
#include "image/image.h"

typedef struct scratch {
    char folder[64];
    char path[128];
} scratch;

static inline int scratch_setup(void **state)
{
    scratch *fixture = calloc(1, sizeof *fixture);
    if (fixture == NULL)
        return -1;
    folder_make(fixture->folder, sizeof fixture->folder);
    (void)snprintf(fixture->path, sizeof fixture->path, "%s/picture", fixture->folder);
    *state = fixture;
    return 0;
}

static inline int scratch_teardown(void **state)
{
    scratch *fixture = *state;
    (void)unlink(fixture->path);
    int result = rmdir(fixture->folder); /* fails where another file was left */
    free(fixture);
    return result;
}

static inline void scratch_write(const scratch *fixture, const void *bytes, size_t size)
{
    bytes_put(fixture->path, bytes, size);
}

/* The bytes of a small file; the caller frees them. */
static inline uint8_t *file_bytes(const char *path, size_t *size_out)
{
    enum { MOST = 1 << 16 };
    uint8_t *bytes = malloc(MOST);
    FILE *stream = fopen(path, "rb");
    assert_non_null(bytes);
    assert_non_null(stream);
    *size_out = fread(bytes, 1, MOST, stream);
    assert_true(*size_out < MOST);
    (void)fclose(stream);
    return bytes;
}

/* The picture in the file; the caller releases it. */
static inline vqc_image picture_read(const char *path)
{
    vqc_error error = {0};
    vqc_image image = {0};
    if (vqc_image_read(path, &image, &error) != VQC_OK)
        fail_msg("%s", error.message);
    return image;
}

/* Checks that the file is refused with "PATH: MESSAGE...", on one line. */
static inline void assert_refused(const char *path, const char *message)
{
    vqc_error error = {0};
    vqc_image image = {0};
    assert_int_equal(vqc_image_read(path, &image, &error), VQC_BAD_INPUT);
    assert_null(image.pixels);
    char expected[VQC_ERROR_MESSAGE_SIZE];
    (void)snprintf(expected, sizeof expected, "%s: %s", path, message);
    if (strncmp(error.message, expected, strlen(expected)) != 0)
        fail_msg("expected \"%s...\", found \"%s\"", expected, error.message);
    assert_null(strchr(error.message, '\n'));
}

#endif
