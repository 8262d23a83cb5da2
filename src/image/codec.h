#ifndef VQC_IMAGE_CODEC_H
#define VQC_IMAGE_CODEC_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/text.h"
#include "image/image.h"

/* What the readers of the formats share. Their errors do not name the file yet. A file that is not such a picture,
 * or damaged, is VQC_BAD_INPUT. */

/* A picture file open for reading, at its first byte. */
typedef struct vqc_image_file {
    FILE *stream;
    int64_t size; /* bytes; at least 1 */
    bool opacity; /* the opacity is wanted, as grey, not the colours; a format without any is VQC_BAD_INPUT */
} vqc_image_file;

/* Opens a regular file that is not empty. */
VQC_MUST_CHECK vqc_status vqc_image_file_open(const char *path, vqc_image_file *file_out, vqc_error *error);
void vqc_image_file_close(vqc_image_file *file);

/* Decode a file of that format into a new image. No picture is allocated that the file's size could not hold. */
VQC_MUST_CHECK vqc_status vqc_image_png_read(vqc_image_file *file, vqc_image *image_out, vqc_error *error);
VQC_MUST_CHECK vqc_status vqc_image_jpeg_read(vqc_image_file *file, vqc_image *image_out, vqc_error *error);
/* Without libwebp every file is refused. */
VQC_MUST_CHECK vqc_status vqc_image_webp_read(vqc_image_file *file, vqc_image *image_out, vqc_error *error);

/* Of colours with opacity a of 255, (height, width, 4) as the image: laid on white, (c · a + 255 · (255 − a)) / 255,
 * rounded; the opacity alone, as grey. */
void vqc_image_lay_on_white(const uint8_t *transparent, vqc_image *image);
void vqc_image_take_opacity(const uint8_t *transparent, vqc_image *image);

/* The error for a picture whose opacity is wanted, and which has none. */
vqc_status vqc_image_file_opaque(vqc_error *error);

/* The error for a picture that the file is too small for. */
vqc_status vqc_image_file_too_small(const vqc_image_file *file, int64_t height, int64_t width, vqc_error *error);

/* Appends a line with libwebp's version; nothing in a build without. */
VQC_MUST_CHECK vqc_status vqc_image_webp_library(vqc_text *text, vqc_error *error);

#endif
