#ifndef VQC_IMAGE_SHEET_H
#define VQC_IMAGE_SHEET_H

#include <stddef.h>
#include <stdint.h>

#include "image/caption.h"
#include "image/image.h"

/* A contact sheet: pictures in a grid, each with its caption, on white.
 *
 *     margin
 *     title
 *     subtitle
 *     ┌─────┐ gap ┌─────┐     every box has the same size; a picture that does not fill it stands in its middle
 *     │     │     │     │
 *     └─────┘     └─────┘
 *     caption     caption     up to three lines
 *     detail      detail      smaller, grey, up to two lines
 *
 * A picture is shown at most 384 pixels wide and high: a larger one is reduced, a small one enlarged by a whole
 * factor with its pixels as squares, so that the largest of a sheet has a side of 192 to 384. The number of columns
 * makes the sheet about 4 to 3 with few empty places. */
typedef struct vqc_sheet vqc_sheet;

/* One picture of a sheet. */
typedef struct vqc_sheet_cell {
    int64_t height, width; /* of the picture, within the limits of image.h */
    const char *caption;   /* UTF-8, as the next one */
    const char *detail;
} vqc_sheet_cell;

typedef struct vqc_sheet_arrangement {
    const char *title;
    const char *subtitle;
    const vqc_sheet_cell *cells; /* in reading order */
    size_t count;                /* at least 1; a sheet of more than VQC_SHEET_MAX_CELLS is VQC_FAILED */
} vqc_sheet_arrangement;

enum { VQC_SHEET_MAX_CELLS = 100 };

/* Lays a sheet out and draws its words; the boxes are grey. `captions` may be NULL: a sheet without words. The
 * arrangement is not needed afterwards, the captions are until the sheet is destroyed. */
VQC_MUST_CHECK vqc_status vqc_sheet_create(const vqc_sheet_arrangement *arrangement, const vqc_captions *captions,
                                           vqc_sheet **sheet_out, vqc_error *error);
/* NULL is allowed. */
void vqc_sheet_destroy(vqc_sheet *sheet);

/* Puts a picture, of the size that the arrangement says, into cell number `cell`. */
VQC_MUST_CHECK vqc_status vqc_sheet_picture_place(vqc_sheet *sheet, size_t cell, const vqc_image *image,
                                                  vqc_error *error);

/* Writes into the box of cell number `cell`, which stays grey, why there is no picture. */
VQC_MUST_CHECK vqc_status vqc_sheet_note_place(vqc_sheet *sheet, size_t cell, const char *note, vqc_error *error);

/* The sheet as it is now; belongs to it. */
const vqc_image *vqc_sheet_image(const vqc_sheet *sheet);

#endif
