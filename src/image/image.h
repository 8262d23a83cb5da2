#ifndef VQC_IMAGE_IMAGE_H
#define VQC_IMAGE_IMAGE_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/status.h"

/* Pictures in memory, and PNG, JPEG and WebP files. */

/* 8-bit red, green, blue: pixels (height, width, 3), rows from the top, owned by the image. */
typedef struct vqc_image {
    int64_t height, width;
    uint8_t *pixels;
} vqc_image;

/* The largest picture that is read, made or resized: sides in pixels, and pixels in all. */
enum { VQC_IMAGE_MAX_SIDE = 32768, VQC_IMAGE_MAX_PIXELS = 1 << 28 };

/* A black picture; the caller releases it. Sizes outside 1 to the limits above are VQC_BAD_INPUT. */
VQC_MUST_CHECK vqc_status vqc_image_create(int64_t height, int64_t width, vqc_image *image_out, vqc_error *error);
/* A zeroed image is allowed. */
void vqc_image_release(vqc_image *image);

/* Reads a PNG, JPEG or, in a build with libwebp, WebP file, whichever its contents are, into a new image that the
 * caller releases. Grey, palette, CMYK and 16-bit pictures become 8-bit RGB; transparent ones are laid on white. A
 * picture is turned upright, as its Exif says that the camera was held (JPEG's APP1, PNG's eXIf, WebP's EXIF). Gamma
 * and colour profiles are ignored. A file that is damaged, cut short or beyond the limits is VQC_BAD_INPUT; the
 * message names it. */
VQC_MUST_CHECK vqc_status vqc_image_read(const char *path, vqc_image *image_out, vqc_error *error);

/* The same of a picture's opacity, as grey: 0 where it is transparent. A picture that has none, as all JPEG files and
 * most PNG files, is VQC_BAD_INPUT. */
VQC_MUST_CHECK vqc_status vqc_image_read_opacity(const char *path, vqc_image *image_out, vqc_error *error);

/* One text stored in a PNG file. */
typedef struct vqc_image_text {
    const char *key;   /* 1 to 79 printable ASCII characters; no space first, last or after a space */
    const char *value; /* UTF-8, at most VQC_IMAGE_MAX_TEXT bytes */
} vqc_image_text;

/* Limits on the bytes of one text and on the number of texts in a file. */
enum { VQC_IMAGE_MAX_TEXT = 1 << 22, VQC_IMAGE_MAX_TEXTS = 100 };

/* Writes a PNG file with `count` texts (as uncompressed iTXt chunks, in their order, before the pixels), first under
 * a temporary name beside it, so that the path never holds half a file. The same picture and texts give the same
 * bytes with the same libpng and zlib. A text outside the rules above is VQC_BAD_INPUT; a file that cannot be written
 * is VQC_FAILED and names the path. */
VQC_MUST_CHECK vqc_status vqc_image_write_png(const char *path, const vqc_image *image, const vqc_image_text *texts,
                                              size_t count, vqc_error *error);

/* The same without texts, in a tenth of the time and a fifth larger: for what only shows pictures that have files of
 * their own. */
VQC_MUST_CHECK vqc_status vqc_image_write_png_quickly(const char *path, const vqc_image *image, vqc_error *error);

/* Print a picture into a stream, as a PNG file without texts, or as a JPEG file of that quality, 1 to 100, with
 * colours as fine as the light. The PNG is about as large as that of vqc_image_write_png, in a third of the time, as
 * only runs of a byte are looked for in what the filter leaves. Several threads may print at once, each into a stream
 * of its own. VQC_FAILED: the stream cannot be written. */
VQC_MUST_CHECK vqc_status vqc_image_print_png(FILE *stream, const vqc_image *image, vqc_error *error);
VQC_MUST_CHECK vqc_status vqc_image_print_jpeg(FILE *stream, const vqc_image *image, int quality, vqc_error *error);

/* The texts of a PNG file. */
typedef struct vqc_image_texts {
    size_t count;
    vqc_image_text *items;
    char *storage; /* what the items point to */
} vqc_image_texts;

/* Reads the iTXt chunks that stand before the pixels, in their order; the caller releases them. A file that is not
 * PNG, is damaged before its pixels, or whose text is not UTF-8 is VQC_BAD_INPUT. */
VQC_MUST_CHECK vqc_status vqc_image_texts_read(const char *path, vqc_image_texts *texts_out, vqc_error *error);
/* Zeroed texts are allowed. */
void vqc_image_texts_release(vqc_image_texts *texts);

/* pixels (height, width, 3) = byte / 255 */
void vqc_image_to_float(const vqc_image *image, float *pixels);
/* byte = ⌊255 · x + ½⌋ with x cut to 0 to 1, exactly; NaN gives 0. pixels (height, width, 3) of the image's size. */
void vqc_image_from_float(const float *pixels, vqc_image *image);

/* Keeps the rectangle of that size whose first pixel is (top, left). One that is empty or reaches beyond the picture
 * is VQC_BAD_INPUT and leaves the image as it was. */
VQC_MUST_CHECK vqc_status vqc_image_crop(vqc_image *image, int64_t top, int64_t left, int64_t height, int64_t width,
                                         vqc_error *error);

/* The interpolation kernels of Pillow's Image.resize. */
typedef enum vqc_image_filter {
    VQC_IMAGE_BICUBIC, /* Keys' cubic convolution with a = −1/2 */
    VQC_IMAGE_LANCZOS, /* sinc windowed by its main lobe over 3 */
    VQC_IMAGE_BILINEAR /* a triangle */
} vqc_image_filter;

/* Resizes into a new image that the caller releases. Where an axis shrinks the kernel is widened with it, against
 * aliasing. Every byte is that of Image.resize in Pillow 11, with which models were trained: weights in 22-bit fixed
 * point, first along the rows, then along the columns, both rounded to 8 bits. (Pillow after 12.0 takes the columns
 * first for some tall pictures, which rounds differently.) Errors are those of vqc_image_create. */
VQC_MUST_CHECK vqc_status vqc_image_resize(const vqc_image *source, int64_t height, int64_t width,
                                           vqc_image_filter filter, vqc_image *out, vqc_error *error);

/* What becomes of a picture whose shape is not the one that is asked for. */
typedef enum vqc_image_fit {
    VQC_IMAGE_STRETCH, /* each axis is resized by itself */
    VQC_IMAGE_COVER,   /* its middle of that shape, whole pixels of it, is resized */
    VQC_IMAGE_CONTAIN  /* all of it is resized, into the middle, with black around */
} vqc_image_fit;

/* Makes the picture one of that size. Errors are those of vqc_image_create, and leave the picture as it was. */
VQC_MUST_CHECK vqc_status vqc_image_fit_to(vqc_image *image, int64_t height, int64_t width, vqc_image_fit fit,
                                           vqc_image_filter filter, vqc_error *error);

#endif
