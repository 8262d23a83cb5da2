#include "image/codec.h"

/* A build without libwebp. */
vqc_status vqc_image_webp_read(vqc_image_file *file, vqc_image *image_out, vqc_error *error)
{
    (void)file;
    (void)image_out;
    return vqc_error_set(
        error, VQC_BAD_INPUT,
        "is a WebP picture, which this build does not read (built without libwebp); convert it to PNG");
}

vqc_status vqc_image_webp_library(vqc_text *text, vqc_error *error)
{
    (void)text, (void)error;
    return VQC_OK;
}
