#ifndef VQC_TEXT_TOKENIZER_H
#define VQC_TEXT_TOKENIZER_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

/* CLIP's byte-pair tokenizer: text -> token ids. */
typedef struct vqc_tokenizer vqc_tokenizer;

/* A growing list of token ids. Initialise with {0}; ids is freed by vqc_token_list_release. */
typedef struct vqc_token_list {
    int32_t *ids;
    size_t count;
    size_t capacity;
} vqc_token_list;

void vqc_token_list_release(vqc_token_list *tokens);

/* Reads the vocabulary file at path (text/vocabulary.h says which formats). vocabulary_size is the number of rows
 * of the model's token embedding and decides how many of the file's merges count; 0 is the public rule, all of them
 * but at most 48894. VQC_BAD_INPUT names the file and the line. */
VQC_MUST_CHECK vqc_status vqc_tokenizer_create(const char *path, size_t vocabulary_size,
                                               vqc_tokenizer **tokenizer_out, vqc_error *error);
/* NULL is allowed. */
void vqc_tokenizer_destroy(vqc_tokenizer *tokenizer);

/* Number of ids: 49408 for CLIP. */
size_t vqc_tokenizer_vocabulary_size(const vqc_tokenizer *tokenizer);
/* The ids before and after every text: size - 2 and size - 1. */
int32_t vqc_tokenizer_start_id(const vqc_tokenizer *tokenizer);
int32_t vqc_tokenizer_end_id(const vqc_tokenizer *tokenizer);

/* The ids of a NUL-terminated UTF-8 text: start, those of the text, end. The list is replaced, not appended to, and
 * may be of any length: fitting it to a model's context is the caller's. The text is cleaned first
 * (text/text_cleaning.h); one that is not UTF-8 or too long is VQC_BAD_INPUT. */
VQC_MUST_CHECK vqc_status vqc_tokenizer_encode(const vqc_tokenizer *tokenizer, const char *text,
                                               vqc_token_list *tokens, vqc_error *error);

/* The token as the vocabulary writes it, for people: "astronaut</w>". NULL if there is no such id. Belongs to the
 * tokenizer. */
const char *vqc_tokenizer_token_text(const vqc_tokenizer *tokenizer, int32_t id);

#endif
