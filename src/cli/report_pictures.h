#ifndef VQC_CLI_REPORT_PICTURES_H
#define VQC_CLI_REPORT_PICTURES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "archive/archive.h"

/* An archive of a report, and what it held when the report was begun, as a launch may be writing it. */
typedef struct vqc_report_archive {
    const char *path;
    vqc_archive *archive;
    bool *done; /* of each render: it was done then, and has its row in the page's data */
} vqc_report_archive;

/* What of the pictures a page holds, so that it stays of a size that a browser opens at once. */
typedef struct vqc_report_bounds {
    bool full;         /* every picture as it is; else at most view_side pixels wide and high, as JPEG */
    int64_t view_side; /* 0: none but the thumbnails */
    uint32_t frames;   /* snapshots of a render, at most; evenly spread, the last one among them */
} vqc_report_bounds;

enum {
    VQC_REPORT_THUMBNAIL_SIDE = 160, /* pixels of the longer side, as the next one */
    VQC_REPORT_FRAME_SIDE = 128,
    VQC_REPORT_LOSS_ROWS = 500, /* steps of a loss curve, about */
};

/* The bounds of a page of these archives, whose pictures are embedded as they are where all of them together have at
 * most full_bytes bytes of pixels. */
vqc_report_bounds vqc_report_bounds_find(const vqc_report_archive *archives, size_t count, uint64_t full_bytes);

/* Writes what pictures and numbers a page has of an archive's done renders, in their order, as data blocks of HTML
 * that no browser runs: of render N of archive number A
 *
 *     <script type="text/plain" id="tA-N">KIND BASE64</script>       its thumbnail; KIND is png or jpeg
 *     <script type="text/plain" id="dA-N">
 *     picture KIND BASE64            larger; not there where the thumbnail is the picture
 *     losses STRIDE BASE64           f32, little-endian, (rows, loss_count): of every STRIDE-th step from the first
 *                                    on, and of the last
 *     frame INDEX KIND BASE64        snapshot number INDEX, as a thumbnail
 *     </script>
 *
 * What does not have its digest is left out. Reads in this thread, and computes on all that OpenMP gives. */
VQC_MUST_CHECK vqc_status vqc_report_pictures_write(FILE *stream, const vqc_report_archive *archive, size_t number,
                                                    const vqc_report_bounds *bounds, vqc_error *error);

#endif
