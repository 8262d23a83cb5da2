#ifndef VQC_CLI_PICTURE_BATCHES_H
#define VQC_CLI_PICTURE_BATCHES_H

#include "cli/compute.h"
#include "cli/ranks.h"
#include "cli/scored.h"
#include "models/clip.h"

/* The embeddings of many pictures, in batches through a perceptor's tower, over the ranks.
 *
 * Batches are of consecutive pictures and of one size, at most VQC_PICTURE_BATCH, that leaves the least of the last
 * one empty, which is filled up with black. Rank r of n takes batch r, r + n, and on; so an embedding's bits do not
 * depend on the ranks. While a device computes a batch, the next one is read and prepared, by as many threads as the
 * device has on the host. */
enum { VQC_PICTURE_BATCH = 32 };

typedef struct vqc_picture_embeddings {
    int64_t width;
    float *rows;                          /* (pictures, width); of pictures that were not ready: nothing */
    char (*sha256)[VQC_DIGEST_TEXT_SIZE]; /* of each picture's pixels; "" of those that were not ready */
    double tower_seconds;                 /* that this rank spent in the tower, waiting for it included */
    double seconds;                       /* and in all */
} vqc_picture_embeddings;

/* Embeds those that are ready. One that is damaged is said on standard error, by the rank that read it, and its state
 * becomes VQC_SCORED_DAMAGED on all ranks. Collective; all ranks have all of the result, and the same one.
 * VQC_STOPPED where the launch was asked to stop. */
VQC_MUST_CHECK vqc_status vqc_picture_embeddings_make(const vqc_ranks *ranks, vqc_compute *compute,
                                                      const vqc_clip *clip, vqc_scored *scored,
                                                      vqc_picture_embeddings *embeddings_out, vqc_error *error);
/* A zeroed one is allowed. */
void vqc_picture_embeddings_release(vqc_picture_embeddings *embeddings);

#endif
