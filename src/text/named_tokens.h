#ifndef VQC_TEXT_NAMED_TOKENS_H
#define VQC_TEXT_NAMED_TOKENS_H

#include "text/tokenizer_surroundings.h"

/* The tokens that the files beside a tokenizer's own name: tokenizer_config.json, and of transformers 4
 * special_tokens_map.json and added_tokens.json. */

typedef struct vqc_named_token {
    const vqc_json_place *place;
    const char *text;
    /* "eos_token": what a text's end is and what rows are filled up with stands in tokenizer_config.json; such a
     * token is cut out of texts, where the tokenizer's own file does not say so too. */
    bool is_of_config;
    bool is_bare; /* a text, without flags of its own */
    int32_t id;   /* -1: the file does not say it */
} vqc_named_token;

/* Gives every one of them to `take`, those of tokenizer_config.json first, but the ones of its
 * "added_tokens_decoder". VQC_BAD_INPUT names file and key: a token of special_tokens_map.json that is another than
 * tokenizer_config.json has, or than the class has where that has none; what is no token; what `take` refuses. */
VQC_MUST_CHECK vqc_status vqc_named_tokens_each(const vqc_tokenizer_surroundings *surroundings,
                                                vqc_status (*take)(void *context, const vqc_named_token *token,
                                                                   vqc_error *error),
                                                void *context, vqc_error *error);

#endif
