#include "models/picture_input.h"

#include <math.h>
#include <string.h>

/* Half of a difference of sizes: a half is rounded to the even number, as Python's round does, or down. */
static int64_t half_of(int64_t difference, bool down)
{
    int64_t half = difference / 2;
    return half + (!down && difference % 2 == 1 && half % 2 == 1);
}

/* torchvision's Resize(shorter): the longer side is cut to a whole number. */
static vqc_status shorter_side_resize(const vqc_image *source, int64_t shorter, vqc_image_filter filter,
                                      vqc_image *out, vqc_error *error)
{
    int64_t least = source->height < source->width ? source->height : source->width;
    return vqc_image_resize(source, shorter * source->height / least, shorter * source->width / least, filter, out,
                            error);
}

/* open_clip's ResizeKeepRatio(longer, longest=1): both sides are rounded, halves to even. */
static vqc_status longer_side_resize(const vqc_image *source, int64_t longer, vqc_image_filter filter, vqc_image *out,
                                     vqc_error *error)
{
    int64_t most = source->height > source->width ? source->height : source->width;
    double ratio = (double)most / (double)longer;
    double height = rint((double)source->height / ratio);
    double width = rint((double)source->width / ratio);
    return vqc_image_resize(source, (int64_t)fmax(height, 1.0), (int64_t)fmax(width, 1.0), filter, out, error);
}

static vqc_status resize(const vqc_image *source, const vqc_picture_preparation *preparation, int64_t side,
                         vqc_image *out, vqc_error *error)
{
    switch (preparation->resize) {
    case VQC_PICTURE_RESIZE_SHORTER:
        return shorter_side_resize(source, preparation->shorter > 0 ? preparation->shorter : side,
                                   preparation->filter, out, error);
    case VQC_PICTURE_RESIZE_LONGER:
        return longer_side_resize(source, side, preparation->filter, out, error);
    case VQC_PICTURE_RESIZE_SQUASH:
        return vqc_image_resize(source, side, side, preparation->filter, out, error);
    }
    return VQC_OK;
}

/* Puts a picture that is smaller along some axis into the middle of one that is not; the place is rounded down. */
static vqc_status pad(vqc_image *image, int64_t side, uint8_t fill, vqc_error *error)
{
    vqc_image larger;
    int64_t height = image->height > side ? image->height : side;
    int64_t width = image->width > side ? image->width : side;
    int64_t top = (height - image->height) / 2;
    int64_t left = (width - image->width) / 2;
    if (height == image->height && width == image->width)
        return VQC_OK;
    VQC_TRY(vqc_image_create(height, width, &larger, error));
    memset(larger.pixels, fill, (size_t)(3 * height * width));
    for (int64_t y = 0; y < image->height; y++)
        memcpy(larger.pixels + 3 * ((top + y) * width + left), image->pixels + 3 * y * image->width,
               (size_t)(3 * image->width));
    vqc_image_release(image);
    *image = larger;
    return VQC_OK;
}

/* The middle of the picture, at the size that is wanted. */
static vqc_status middle_take(vqc_image *image, const vqc_picture_preparation *preparation, int64_t side,
                              vqc_error *error)
{
    VQC_TRY(pad(image, side, preparation->fill, error));
    return vqc_image_crop(image, half_of(image->height - side, preparation->crop_rounds_down),
                          half_of(image->width - side, preparation->crop_rounds_down), side, side, error);
}

vqc_status vqc_picture_input_from(const vqc_image *picture, const vqc_picture_preparation *preparation, int64_t side,
                                  float *pixels, vqc_error *error)
{
    vqc_image image;
    VQC_TRY(resize(picture, preparation, side, &image, error));
    vqc_status status = middle_take(&image, preparation, side, error);
    if (status == VQC_OK)
        vqc_image_to_float(&image, pixels);
    vqc_image_release(&image);
    return status;
}

vqc_status vqc_picture_input_read(const char *path, const vqc_picture_preparation *preparation, int64_t side,
                                  float *pixels, vqc_error *error)
{
    vqc_image file;
    VQC_TRY(vqc_image_read(path, &file, error));
    vqc_status status = vqc_picture_input_from(&file, preparation, side, pixels, error);
    vqc_image_release(&file);
    return status == VQC_OK ? VQC_OK : vqc_error_prefix(error, "%s", path);
}
