#ifndef VQC_CLI_SCORES_H
#define VQC_CLI_SCORES_H

#include "cli/aesthetic_head.h"
#include "cli/picture_batches.h"
#include "cli/scored.h"
#include "cli/text_batches.h"

/* What a perceptor finds in pictures, from embeddings that are there.
 *
 * cosine: of the angle between a picture and its own text.
 * clipscore: 2.5 · max(cosine with the text behind a prefix, 0) (Hessel et al. 2021, equation 1; the paper's prefix
 * is "A photo depicts "). rank: of its own text among the texts of all the study's pictures, by their cosines with
 * the picture: 1 and how many others are as near or nearer; rank 1 is a hit of R-precision (Xu et al. 2018, Park et
 * al. 2021, with R = 1). margin: its own cosine less the largest of another text's. diversity: the mean of 1 − cosine
 * over all pairs of pictures in its group. aesthetic: vqc_aesthetic_head_score.
 *
 * A number that there is not is NaN, a rank 0: without an own text, another text, another picture, or a head. */
typedef struct vqc_score {
    double cosine, clipscore, margin, diversity, aesthetic;
    size_t rank;
    bool first; /* of its group's pictures that are ready; all of a group have the same diversity */
} vqc_score;

#define VQC_CLIPSCORE_WEIGHT 2.5

typedef struct vqc_scores_input {
    const vqc_scored *scored;
    const vqc_picture_embeddings *pictures;
    const size_t *own;                   /* (pictures): index of each one's own text, or of no text: SIZE_MAX */
    const vqc_text_embeddings *texts;    /* as they are; NULL: there are none */
    const vqc_text_embeddings *prefixed; /* the same behind the prefix */
    const vqc_aesthetic_head *head;      /* NULL: none */
    int threads;
} vqc_scores_input;

/* scores (pictures): those of pictures that are ready. An embedding that is no direction, as it has no length or a
 * number that is not finite, is VQC_FAILED. */
VQC_MUST_CHECK vqc_status vqc_scores_make(const vqc_scores_input *input, vqc_score *scores, vqc_error *error);

/* How many texts are different to the perceptor: those that a rank is among. */
size_t vqc_scores_candidates(const vqc_text_embeddings *texts);

#endif
