#ifndef VQC_TEXT_TOKEN_BATCH_H
#define VQC_TEXT_TOKEN_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "text/tokenizer.h"

/* What the rows of ids shall be. */
typedef struct vqc_token_form {
    size_t context; /* the most ids that a text may have, with its start and end */
    bool truncate;  /* texts of more are cut so that they fit with their end; else they are errors */
    bool whole;     /* every row has `context` ids, since the tower looks at what stands behind the text */
} vqc_token_form;

/* Tokenises texts into one rectangle of ids (count, length) for a text tower: every row a text with its start and
 * end. Whole rows are filled up with the tokenizer's padding on the side where it pads; a tokenizer whose files name
 * none is VQC_BAD_INPUT. Else length is that of the longest text and the rest of a row is 0, since what stands behind
 * the end token has no effect. *ids_out is new memory. */
VQC_MUST_CHECK vqc_status vqc_token_batch_make(const vqc_tokenizer *tokenizer, const char *const *texts, size_t count,
                                               const vqc_token_form *form, int32_t **ids_out, int64_t *length_out,
                                               vqc_error *error);

#endif
