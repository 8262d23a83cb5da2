#ifndef VQC_TEXT_UNIGRAM_H
#define VQC_TEXT_UNIGRAM_H

#include <stdbool.h>

#include "text/pieces.h"
#include "text/token_list.h"

/* A Unigram language model (Kudo 2018): a word becomes those pieces whose scores have the largest sum. A character
 * that is no piece by itself may be one unknown, ten below the smallest score; neighbouring unknowns are one token.
 * The library tokenizers adds the scores in double precision, sentencepiece keeps them in single precision. */
typedef struct vqc_unigram {
    const vqc_pieces *pieces; /* must outlive it */
    const double *scores;     /* by id; NaN: a piece that no text becomes */
    double unknown_score;
    int32_t unknown; /* VQC_PIECES_NONE: a text that needs it is refused */
    bool single;     /* precision */
} vqc_unigram;

/* Appends the ids of a word, size bytes of UTF-8. Takes time in proportion to size × the longest piece. A character
 * that is unknown to a model without an unknown token is VQC_BAD_INPUT. */
VQC_MUST_CHECK vqc_status vqc_unigram_encode(const vqc_unigram *model, const char *word, size_t size,
                                             vqc_token_list *tokens, vqc_error *error);

#endif
