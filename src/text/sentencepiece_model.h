#ifndef VQC_TEXT_SENTENCEPIECE_MODEL_H
#define VQC_TEXT_SENTENCEPIECE_MODEL_H

#include "text/charsmap.h"
#include "text/pieces.h"
#include "text/token_list.h"
#include "text/unigram.h"

/* A model file of sentencepiece (spiece.model): a message of protocol buffers with pieces, scores and the rules by
 * which a text is normalised. Read are Unigram models; of sentencepiece's own format only these few fields matter, so
 * that they are read here instead of with its C++ library, which would bring a second implementation of the same
 * search. Initialise with {0}. */
typedef struct vqc_sentencepiece_model {
    vqc_pieces pieces;
    double *scores; /* by id, single precision; NaN: a piece that no text becomes */
    size_t score_capacity;
    vqc_unigram unigram;
    vqc_charsmap map;    /* no units: none */
    bool adds_prefix;    /* a space before every text */
    bool removes_spaces; /* at the ends, and all but one between */
} vqc_sentencepiece_model;

enum { VQC_SENTENCEPIECE_MAX_FILE = 64 << 20 };

/* Reads the file. VQC_BAD_INPUT names the file and the field: one that is broken, or asks for what is not computed.
 */
VQC_MUST_CHECK vqc_status vqc_sentencepiece_model_init(vqc_sentencepiece_model *model, const char *path,
                                                       vqc_error *error);
void vqc_sentencepiece_model_release(vqc_sentencepiece_model *model);

/* Appends the ids of a text, as sentencepiece's Encode. */
VQC_MUST_CHECK vqc_status vqc_sentencepiece_model_encode(const vqc_sentencepiece_model *model, const char *text,
                                                         size_t size, vqc_token_list *tokens, vqc_error *error);

#endif
