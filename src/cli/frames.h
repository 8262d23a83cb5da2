#ifndef VQC_CLI_FRAMES_H
#define VQC_CLI_FRAMES_H

#include "archive/archive.h"
#include "image/caption.h"
#include "study/study.h"

/* The snapshots of an archive's renders as pictures of their own, in the order of their steps. With captions a frame
 * is a snapshot on white, enlarged by a whole factor where it is small, and below it what the render was told at that
 * step, and the step; all frames of a render have the same size. */
typedef struct vqc_frames {
    const vqc_archive *archive;
    const vqc_study *study;       /* the archive's */
    const vqc_captions *captions; /* NULL: the snapshots as they are */
} vqc_frames;

/* Writes a finished render's as FOLDER/00000.png and on; the folder is made. Their number may be 0; then there is no
 * folder. A snapshot that does not have its digest, or is not there, is VQC_BAD_INPUT. */
VQC_MUST_CHECK vqc_status vqc_frames_write(const vqc_frames *frames, size_t render, const char *folder,
                                           size_t *count_out, vqc_error *error);

#endif
