#ifndef VQC_CLI_AESTHETIC_HEAD_H
#define VQC_CLI_AESTHETIC_HEAD_H

#include <stdint.h>

#include "base/digest.h"
#include "base/status.h"

/* A linear layer on a perceptor's normalised embeddings of pictures, as it is trained on people's ratings of how good
 * pictures look (Schuhmann et al. 2022, LAION-Aesthetics): weight · e / ‖e‖ + bias. */
typedef struct vqc_aesthetic_head {
    const char *path; /* the caller's */
    char sha256[VQC_DIGEST_TEXT_SIZE];
    int64_t width;
    float *weight; /* (width) */
    float bias;
} vqc_aesthetic_head;

/* Reads a weights file with the tensors weight (1, width) and bias (1), and no others: anything else is
 * VQC_BAD_INPUT.
 */
VQC_MUST_CHECK vqc_status vqc_aesthetic_head_read(const char *path, vqc_aesthetic_head *head_out, vqc_error *error);
/* A zeroed one is allowed. */
void vqc_aesthetic_head_release(vqc_aesthetic_head *head);

/* What it gives an embedding of that length. */
double vqc_aesthetic_head_score(const vqc_aesthetic_head *head, const float *row, double length);

#endif
