#ifndef VQC_TEXT_TOKEN_BATCH_H
#define VQC_TEXT_TOKEN_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "text/tokenizer.h"

/* Tokenises texts into one rectangle of ids (count, length) for a text tower: every row a text with its start and
 * end, filled up with 0; length is that of the longest, since what stands behind the end token has no effect.
 * *ids_out is new memory. A text of more than `context` tokens is VQC_BAD_INPUT, or, with `truncate`, cut so that it
 * fits with its end token. */
VQC_MUST_CHECK vqc_status vqc_token_batch_make(const vqc_tokenizer *tokenizer, const char *const *texts, size_t count,
                                               size_t context, bool truncate, int32_t **ids_out, int64_t *length_out,
                                               vqc_error *error);

#endif
