#ifndef VQC_TEXT_TOKEN_LIST_H
#define VQC_TEXT_TOKEN_LIST_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

/* A growing list of token ids. Initialise with {0}; ids is freed by vqc_token_list_release. */
typedef struct vqc_token_list {
    int32_t *ids;
    size_t count;
    size_t capacity;
} vqc_token_list;

void vqc_token_list_release(vqc_token_list *tokens);

/* Appends count ids. Fails for want of memory alone. */
VQC_MUST_CHECK vqc_status vqc_token_list_append(vqc_token_list *tokens, const int32_t *ids, size_t count,
                                                vqc_error *error);

#endif
