#include "image/image.h"

#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

enum { CHANNELS = 3 };

vqc_status vqc_image_create(int64_t height, int64_t width, vqc_image *image_out, vqc_error *error)
{
    if (height < 1 || width < 1 || height > VQC_IMAGE_MAX_SIDE || width > VQC_IMAGE_MAX_SIDE ||
        height * width > VQC_IMAGE_MAX_PIXELS)
        return vqc_error_set(error, VQC_BAD_INPUT,
                             "expected a picture with sides of 1 to %d and at most %d pixels in all, "
                             "found a width of %" PRId64 " and a height of %" PRId64,
                             VQC_IMAGE_MAX_SIDE, VQC_IMAGE_MAX_PIXELS, width, height);
    vqc_image image = {.height = height, .width = width};
    VQC_TRY(vqc_memory_allocate((size_t)(height * width), CHANNELS, "a picture", &image.pixels, error));
    *image_out = image;
    return VQC_OK;
}

void vqc_image_release(vqc_image *image)
{
    free(image->pixels);
    *image = (vqc_image){0};
}

static size_t image_bytes(const vqc_image *image)
{
    return (size_t)image->height * (size_t)image->width * CHANNELS;
}

void vqc_image_to_float(const vqc_image *image, float *pixels)
{
    size_t count = image_bytes(image);
    for (size_t i = 0; i < count; i++)
        pixels[i] = (float)image->pixels[i] / 255.0F;
}

/* In double precision the product and the sum of a float are exact. */
static uint8_t byte_from_float(float value)
{
    if (!(value > 0.0F)) /* NaN too */
        return 0;
    if (value >= 1.0F)
        return 255;
    return (uint8_t)floor(255.0 * (double)value + 0.5);
}

void vqc_image_from_float(const float *pixels, vqc_image *image)
{
    size_t count = image_bytes(image);
    for (size_t i = 0; i < count; i++)
        image->pixels[i] = byte_from_float(pixels[i]);
}

/* Whether `size` pixels from `first` lie within `limit`; any numbers are allowed. */
static bool range_is_inside(int64_t first, int64_t size, int64_t limit)
{
    return first >= 0 && size >= 1 && size <= limit && first <= limit - size;
}

vqc_status vqc_image_crop(vqc_image *image, int64_t top, int64_t left, int64_t height, int64_t width,
                          vqc_error *error)
{
    if (!range_is_inside(top, height, image->height) || !range_is_inside(left, width, image->width))
        return vqc_error_set(error, VQC_BAD_INPUT,
                             "expected a rectangle within %" PRId64 " × %" PRId64 " pixels, found %" PRId64
                             " × %" PRId64 " at column %" PRId64 ", row %" PRId64,
                             image->width, image->height, width, height, left, top);
    for (int64_t y = 0; y < height; y++)
        memmove(image->pixels + y * width * CHANNELS, image->pixels + ((top + y) * image->width + left) * CHANNELS,
                (size_t)width * CHANNELS);
    image->height = height;
    image->width = width;
    return VQC_OK;
}
