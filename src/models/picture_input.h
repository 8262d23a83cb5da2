#ifndef VQC_MODELS_PICTURE_INPUT_H
#define VQC_MODELS_PICTURE_INPUT_H

#include <stdint.h>

#include "base/status.h"
#include "image/image.h"

/* A picture as CLIP sees it (OpenAI's preprocessing): the shorter side resized to `side` with bicubic interpolation,
 * the middle cut out. pixels (side, side, 3), 0 to 1, before mean and deviation. A file that is no picture is
 * VQC_BAD_INPUT. */
VQC_MUST_CHECK vqc_status vqc_picture_input_from(const vqc_image *picture, int64_t side, float *pixels,
                                                 vqc_error *error);

/* The same of a picture file. */
VQC_MUST_CHECK vqc_status vqc_picture_input_read(const char *path, int64_t side, float *pixels, vqc_error *error);

#endif
