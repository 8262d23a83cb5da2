#include "models/picture_input.h"

/* Half of a difference of sizes, a half rounded to the even number, as Python's round does. */
static int64_t half_to_even(int64_t difference)
{
    int64_t half = difference / 2;
    return half + (difference % 2 == 1 && half % 2 == 1);
}

/* torchvision's Resize(side): the longer side is cut to a whole number. */
static vqc_status shorter_side_resize(const vqc_image *source, int64_t side, vqc_image *out, vqc_error *error)
{
    int64_t shorter = source->height < source->width ? source->height : source->width;
    return vqc_image_resize(source, side * source->height / shorter, side * source->width / shorter,
                            VQC_IMAGE_BICUBIC, out, error);
}

/* torchvision's CenterCrop(side) of a picture that is not smaller. */
static vqc_status middle_crop(vqc_image *image, int64_t side, vqc_error *error)
{
    return vqc_image_crop(image, half_to_even(image->height - side), half_to_even(image->width - side), side, side,
                          error);
}

vqc_status vqc_picture_input_from(const vqc_image *picture, int64_t side, float *pixels, vqc_error *error)
{
    vqc_image image;
    VQC_TRY(shorter_side_resize(picture, side, &image, error));
    vqc_status status = middle_crop(&image, side, error);
    if (status == VQC_OK)
        vqc_image_to_float(&image, pixels);
    vqc_image_release(&image);
    return status;
}

vqc_status vqc_picture_input_read(const char *path, int64_t side, float *pixels, vqc_error *error)
{
    vqc_image file;
    VQC_TRY(vqc_image_read(path, &file, error));
    vqc_status status = vqc_picture_input_from(&file, side, pixels, error);
    vqc_image_release(&file);
    return status == VQC_OK ? VQC_OK : vqc_error_prefix(error, "%s", path);
}
