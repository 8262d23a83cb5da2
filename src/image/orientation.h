#ifndef VQC_IMAGE_ORIENTATION_H
#define VQC_IMAGE_ORIENTATION_H

#include <stddef.h>
#include <stdint.h>

#include "image/image.h"

/* How a camera was held, as it notes it in Exif (CIPA DC-008, tag 0x0112): 1 is upright; 2 to 4 are that mirrored,
 * turned by half and both; 5 to 8 have rows for columns. */

/* The orientation in Exif's bytes, which begin as a TIFF file. 1 where there is none, or they are damaged: notes are
 * no reason to refuse a picture. */
int vqc_exif_orientation(const uint8_t *exif, size_t size);

/* Turns and mirrors the picture of that orientation, so that it is upright. Fails for want of memory alone, and
 * leaves the image as it was. */
VQC_MUST_CHECK vqc_status vqc_image_orient(vqc_image *image, int orientation, vqc_error *error);

#endif
