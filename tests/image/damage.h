#ifndef VQC_TESTS_IMAGE_DAMAGE_H
#define VQC_TESTS_IMAGE_DAMAGE_H

/* Damaged picture files, in memory because there are thousands. Include ../fuzz/memory_file.h first, this after
 * cmocka.h. */

#include "scratch.h"

static inline void assert_beginning_refused(const uint8_t *bytes, size_t size)
{
    memory_file file;
    memory_file_open(&file, bytes, size);
    assert_refused(file.path, "");
    memory_file_close(&file);
}

static inline void assert_picture_or_error(const uint8_t *bytes, size_t size)
{
    memory_file file;
    vqc_error error = {0};
    vqc_image image = {0};
    memory_file_open(&file, bytes, size);
    if (vqc_image_read(file.path, &image, &error) == VQC_OK)
        vqc_image_release(&image);
    else
        assert_int_equal(error.status, VQC_BAD_INPUT);
    memory_file_close(&file);
}

/* Checks that every beginning of the file is refused, and that no changed byte leads to more than an error. */
static inline void assert_survives_damage(const char *path)
{
    size_t size;
    uint8_t *bytes = file_bytes(path, &size);
    for (size_t cut = 0; cut < size; cut++)
        assert_beginning_refused(bytes, cut);
    for (size_t i = 0; i < size; i++) {
        bytes[i] ^= 0x55;
        assert_picture_or_error(bytes, size);
        bytes[i] ^= 0x55;
    }
    free(bytes);
}

#endif
