#include <stdbool.h>
#include <string.h>

#include "image/image.h"

static int64_t most(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* a · b / c to the nearest whole number, at least 1; all positive, and below 2^16 each. */
static int64_t share(int64_t a, int64_t b, int64_t c)
{
    return most((2 * a * b + c) / (2 * c), 1);
}

/* The part of the picture, in its middle, that has the shape. */
static vqc_status middle_cut(vqc_image *image, int64_t height, int64_t width, vqc_error *error)
{
    const bool taller = image->height * width > image->width * height;
    const int64_t cut_height = taller ? share(image->width, height, width) : image->height;
    const int64_t cut_width = taller ? image->width : share(image->height, width, height);
    return vqc_image_crop(image, (image->height - cut_height) / 2, (image->width - cut_width) / 2, cut_height,
                          cut_width, error);
}

/* The picture becomes the other one. */
static void image_replace(vqc_image *image, const vqc_image *other)
{
    vqc_image_release(image);
    *image = *other;
}

static vqc_status stretch(vqc_image *image, int64_t height, int64_t width, vqc_image_filter filter, vqc_error *error)
{
    vqc_image resized;
    VQC_TRY(vqc_image_resize(image, height, width, filter, &resized, error));
    image_replace(image, &resized);
    return VQC_OK;
}

/* Lays the picture, which is smaller along one axis, into the middle of a black one. */
static vqc_status lay_on_black(vqc_image *image, int64_t height, int64_t width, vqc_error *error)
{
    vqc_image black;
    VQC_TRY(vqc_image_create(height, width, &black, error));
    const int64_t top = (height - image->height) / 2;
    const int64_t left = (width - image->width) / 2;
    for (int64_t y = 0; y < image->height; y++)
        memcpy(black.pixels + 3 * ((top + y) * width + left), image->pixels + 3 * y * image->width,
               (size_t)(3 * image->width));
    image_replace(image, &black);
    return VQC_OK;
}

static vqc_status contain(vqc_image *image, int64_t height, int64_t width, vqc_image_filter filter, vqc_error *error)
{
    const bool taller = image->height * width > image->width * height;
    const int64_t inner_height = taller ? height : share(image->height, width, image->width);
    const int64_t inner_width = taller ? share(image->width, height, image->height) : width;
    VQC_TRY(stretch(image, inner_height, inner_width, filter, error));
    return lay_on_black(image, height, width, error);
}

vqc_status vqc_image_fit_to(vqc_image *image, int64_t height, int64_t width, vqc_image_fit fit,
                            vqc_image_filter filter, vqc_error *error)
{
    switch (fit) {
    case VQC_IMAGE_STRETCH:
        break;
    case VQC_IMAGE_COVER:
        VQC_TRY(middle_cut(image, height, width, error));
        break;
    case VQC_IMAGE_CONTAIN:
        return contain(image, height, width, filter, error);
    }
    return stretch(image, height, width, filter, error);
}
