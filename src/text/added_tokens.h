#ifndef VQC_TEXT_ADDED_TOKENS_H
#define VQC_TEXT_ADDED_TOKENS_H

#include "config/json_place.h"
#include "text/normaliser.h"
#include "text/pieces.h"
#include "text/token_list.h"

/* The tokens that a tokenizer.json cuts out of a text where they stand literally, before or after it is normalised,
 * the leftmost first and the longest of those that begin together. Initialise with {0}. */
typedef struct vqc_added_token {
    bool takes_left, takes_right; /* white space beside it */
} vqc_added_token;

typedef struct vqc_added_tokens {
    vqc_pieces plain;       /* those looked for in the text as it is */
    vqc_pieces normalised;  /* those looked for in the normalised text, in their own normalised form */
    vqc_pieces extra;       /* those that the vocabulary does not have, whose ids follow its own */
    vqc_added_token *flags; /* by id */
    size_t flag_count;
} vqc_added_tokens;

/* Reads "added_tokens". Tokens that the vocabulary has must have its ids; the others those that follow, in order.
 * `said`: "added_tokens_decoder" of a configuration, whose "normalized" under a token's id counts more; or without a
 * value. */
VQC_MUST_CHECK vqc_status vqc_added_tokens_init(vqc_added_tokens *tokens, const vqc_json_place *place,
                                                const vqc_normaliser *normaliser, const vqc_pieces *vocabulary,
                                                const vqc_json_place *said, vqc_error *error);
void vqc_added_tokens_release(vqc_added_tokens *tokens);

/* Calls take for every stretch of the text between tokens, and for every token, whose id is not VQC_PIECES_NONE. */
typedef vqc_status vqc_added_take(void *context, const char *text, size_t size, int32_t id, vqc_error *error);
VQC_MUST_CHECK vqc_status vqc_added_tokens_split(const vqc_added_tokens *tokens, const vqc_pieces *searched,
                                                 const char *text, size_t size, vqc_added_take *take, void *context,
                                                 vqc_error *error);

#endif
