#ifndef VQC_TESTS_IMAGE_TILES_H
#define VQC_TESTS_IMAGE_TILES_H

/* The test picture of tests/oracle/make_resize.py, and its cases. Include it after cmocka.h. */

#include "image/image.h"

typedef struct resize_case {
    int64_t height, width, new_height, new_width;
    vqc_image_filter filter;
    const char *digest;
} resize_case;

typedef struct crop_case {
    int64_t height, width, side;
    const char *digest;
} crop_case;

/* Noise, with every second tile black and white; the caller releases it. */
static inline vqc_image tiles_make(int64_t height, int64_t width)
{
    vqc_error error = {0};
    vqc_image image;
    uint32_t state = (uint32_t)(height * 65536 + width);
    assert_int_equal(vqc_image_create(height, width, &image, &error), VQC_OK);
    for (int64_t y = 0; y < height; y++) {
        for (int64_t x = 0; x < width * 3; x++) {
            state = state * 1664525U + 1013904223U;
            uint8_t value = (uint8_t)(state >> 24);
            bool is_hard = (y / 7 + x / 3 / 5) % 2 == 1;
            image.pixels[y * width * 3 + x] = is_hard ? (value >= 128 ? 255 : 0) : value;
        }
    }
    return image;
}

#endif
