#ifndef VQC_TEXT_BYTE_PAIRS_H
#define VQC_TEXT_BYTE_PAIRS_H

#include <stdbool.h>

#include "text/pieces.h"
#include "text/token_list.h"

/* Byte-pair encoding (Sennrich et al. 2016) as the library tokenizers has it: a word begins as its characters, the
 * last with the suffix of a word's end; then neighbours merge, the lowest rank first and the leftmost of equal ones,
 * until none do. A character that is no piece becomes the pieces of its bytes, "<0x41>", where there are such, else
 * the unknown token, neighbours of which may be one. */
typedef struct vqc_byte_pairs vqc_byte_pairs;

enum { VQC_BYTE_PAIRS_SUFFIX_SIZE = 16 }; /* bytes, with the NUL */

typedef struct vqc_byte_pairs_settings {
    const vqc_pieces *pieces; /* must outlive the pairs */
    const char *suffix;       /* of the end of a word; "" for none; is copied */
    int32_t unknown;          /* VQC_PIECES_NONE: what is unknown vanishes */
    bool fuses_unknown;
    bool has_bytes; /* all of "<0x00>" to "<0xFF>" must be pieces */
} vqc_byte_pairs_settings;

/* Room for so many merges. VQC_BAD_INPUT names a byte that is no piece. */
VQC_MUST_CHECK vqc_status vqc_byte_pairs_create(const vqc_byte_pairs_settings *settings, size_t merge_count,
                                                vqc_byte_pairs **pairs_out, vqc_error *error);
/* NULL is allowed. */
void vqc_byte_pairs_destroy(vqc_byte_pairs *pairs);

/* Adds the merge of two pieces, of the next rank; of equal pairs the last counts. A text that is no piece, or two
 * that make none, is VQC_BAD_INPUT. */
VQC_MUST_CHECK vqc_status vqc_byte_pairs_add(vqc_byte_pairs *pairs, const char *left, size_t left_size,
                                             const char *right, size_t right_size, vqc_error *error);

/* Appends the ids of a word, size bytes of UTF-8. Takes time in proportion to size × log(size). */
VQC_MUST_CHECK vqc_status vqc_byte_pairs_encode(const vqc_byte_pairs *pairs, const char *word, size_t size,
                                                vqc_token_list *tokens, vqc_error *error);

#endif
