#ifndef VQC_CLI_SCORING_H
#define VQC_CLI_SCORING_H

#include "cli/score_table.h"

/* Pictures scored by one perceptor after another, over the ranks. */
typedef struct vqc_scoring {
    const vqc_ranks *ranks;
    vqc_compute *compute;
    vqc_scored *scored;
    const char *prefix; /* of texts for CLIPScore */
    bool truncate;
    const char **texts; /* the different texts of the pictures, sorted; text_count of them */
    size_t text_count;
    size_t *own;                          /* (pictures): index of each one's text, or SIZE_MAX */
    char (*sha256)[VQC_DIGEST_TEXT_SIZE]; /* (pictures): of their pixels */
} vqc_scoring;

/* Finds the texts. The members before `texts` are set, and outlive it. */
VQC_MUST_CHECK vqc_status vqc_scoring_begin(vqc_scoring *scoring, vqc_error *error);
/* Also after a failure. */
void vqc_scoring_end(vqc_scoring *scoring);

/* Has the opened perceptor score the pictures that are ready, into new memory. Collective. Errors are those of
 * vqc_picture_embeddings_make, vqc_text_embeddings_make and vqc_scores_make. */
VQC_MUST_CHECK vqc_status vqc_scoring_run(vqc_scoring *scoring, const vqc_clip *clip, vqc_score_perceptor *perceptor,
                                          vqc_error *error);

#endif
