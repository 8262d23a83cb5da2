#ifndef VQC_GUIDE_RELEVANCE_H
#define VQC_GUIDE_RELEVANCE_H

#include "models/clip.h"
#include "study/study.h"

/* Where in a picture a perceptor finds what a text says (paper, section 2.5): many random crops, the likeness
 * (cosine) of each to the text less that to a neutral text, spread over the crop and averaged. A crop counts most in
 * its middle and falls off in a straight line along both axes to its edges. The crops are functions of the render's
 * seed, the perceptor and their number, and are added in their order, so that the result is the same whoever computes
 * it. */

/* What is looked at, by whom, for what. */
typedef struct vqc_relevance_view {
    const vqc_study *study;
    size_t perceptor; /* its number in the study */
    const vqc_clip *clip;
    const vqc_mask *mask; /* text, neutral, crops, sizes */
    uint64_t seed;        /* of the render */
    const float *picture; /* (height, width, 3), 0 to 1, in host memory */
    int64_t height, width;
    int64_t rows, columns; /* of the cells, each of as many pixels */
} vqc_relevance_view;

/* The relevance of each cell: relevance (rows, columns). A cell that no crop covers gets the least of the others. The
 * networks for it are made and released. A text that the perceptor cannot take is VQC_BAD_INPUT. */
VQC_MUST_CHECK vqc_status vqc_relevance_compute(const vqc_relevance_view *view, vqc_ops *ops, vqc_dtype precision,
                                                double *relevance, vqc_error *error);

/* The least of the values (count, at least 1) that belongs to the upper of the two classes that Otsu's threshold
 * makes (Otsu 1979: the largest variance between them); where all are equal, that value. */
VQC_MUST_CHECK vqc_status vqc_relevance_threshold(const double *values, size_t count, double *threshold_out,
                                                  vqc_error *error);

#endif
