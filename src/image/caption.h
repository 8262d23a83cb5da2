#ifndef VQC_IMAGE_CAPTION_H
#define VQC_IMAGE_CAPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "image/image.h"

/* Words drawn into pictures, in any script: Pango finds fonts for them, orders them and breaks them into lines. What
 * no font has becomes a box. A build without Pango has no captions (caption_none.c). */

/* The fonts of this machine, ready to draw with. Used by one thread at a time. */
typedef struct vqc_captions vqc_captions;

/* Finds the fonts. Where there are none, or the program was built without captions, *captions_out is NULL and
 * *lack_out says why in a few words; else *lack_out is NULL. */
VQC_MUST_CHECK vqc_status vqc_captions_create(vqc_captions **captions_out, const char **lack_out, vqc_error *error);
/* NULL is allowed. */
void vqc_captions_destroy(vqc_captions *captions);

/* How a caption looks. */
typedef struct vqc_caption_style {
    int size;    /* of the letters, pixels to the em */
    bool strong; /* semi-bold */
    bool centred;
    int lines;         /* at most so many; a longer text ends in an ellipsis */
    uint8_t colour[3]; /* of the letters: red, green, blue */
    uint8_t paper[3];  /* of the ground, which is painted */
} vqc_caption_style;

/* Height in pixels of a text broken into lines of at most this width; an empty text has that of one line. Line
 * breaks and control characters in the text count as spaces, bytes that are not UTF-8 as question marks, and what
 * stands behind its first two thousand bytes is left out. */
int64_t vqc_caption_height(const vqc_captions *captions, const char *text, int64_t width,
                           const vqc_caption_style *style);

/* Paints a text into the rectangle whose first pixel is (top, left); `height` may be any, what does not fit is cut
 * off. A rectangle that is empty or reaches beyond the picture is VQC_FAILED, as is lack of memory. */
VQC_MUST_CHECK vqc_status vqc_caption_paint(const vqc_captions *captions, const char *text,
                                            const vqc_caption_style *style, vqc_image *image, int64_t top,
                                            int64_t left, int64_t height, int64_t width, vqc_error *error);

/* Appends lines with the versions of the libraries that paint; nothing in a build without. */
VQC_MUST_CHECK vqc_status vqc_caption_libraries(vqc_text *text, vqc_error *error);

#endif
