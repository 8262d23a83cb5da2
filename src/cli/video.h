#ifndef VQC_CLI_VIDEO_H
#define VQC_CLI_VIDEO_H

#include <stddef.h>

#include "base/status.h"

/* A video of pictures, which ffmpeg makes. */
typedef struct vqc_video {
    const char *path;   /* its ending says the kind: mp4, mov, mkv, webm, gif */
    const char *folder; /* of the pictures, 00000.png and on, all of one size */
    size_t count;       /* of pictures, at least 1 */
    long rate;          /* pictures of a second, at least 1 */
} vqc_video;

/* A path with another ending is VQC_BAD_INPUT; so that it is known before there are pictures. */
VQC_MUST_CHECK vqc_status vqc_video_path_check(const char *path, vqc_error *error);

/* Runs ffmpeg, and prints what was made; the path never holds half a video. Where there is no ffmpeg on PATH it
 * prints the command that would make it. */
VQC_MUST_CHECK vqc_status vqc_video_make(const vqc_video *video, vqc_error *error);

#endif
