#ifndef VQC_MODELS_PICTURE_INPUT_H
#define VQC_MODELS_PICTURE_INPUT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "image/image.h"

/* How the sides of a picture file become those that a perceptor sees. */
typedef enum vqc_picture_resize {
    VQC_PICTURE_RESIZE_SHORTER, /* the shorter side is given, and the middle cut out */
    VQC_PICTURE_RESIZE_LONGER,  /* the longer side is given, and the rest filled with `fill` */
    VQC_PICTURE_RESIZE_SQUASH   /* both sides are given, whatever becomes of the shape */
} vqc_picture_resize;

/* What is done to picture files; all zero is OpenAI's way: the shorter side resized with bicubic interpolation, the
 * middle cut out. */
typedef struct vqc_picture_preparation {
    vqc_picture_resize resize;
    vqc_image_filter filter;
    int64_t shorter;       /* what the shorter side becomes before the middle is cut out; 0: the perceptor's side */
    bool crop_rounds_down; /* where the middle lies between two pixels: transformers; else to an even number */
    uint8_t fill;          /* all three channels of what is beyond the picture */
} vqc_picture_preparation;

/* A picture as a perceptor of that side sees it: pixels (side, side, 3), 0 to 1, before mean and deviation. A file
 * that is no picture is VQC_BAD_INPUT. */
VQC_MUST_CHECK vqc_status vqc_picture_input_from(const vqc_image *picture, const vqc_picture_preparation *preparation,
                                                 int64_t side, float *pixels, vqc_error *error);

/* The same of a picture file. */
VQC_MUST_CHECK vqc_status vqc_picture_input_read(const char *path, const vqc_picture_preparation *preparation,
                                                 int64_t side, float *pixels, vqc_error *error);

#endif
