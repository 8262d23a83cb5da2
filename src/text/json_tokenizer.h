#ifndef VQC_TEXT_JSON_TOKENIZER_H
#define VQC_TEXT_JSON_TOKENIZER_H

#include "config/json_place.h"
#include "text/tokenizer_surroundings.h"
#include "text/tokenizer_type.h"

/* A tokenizer of the library tokenizers, from what a tokenizer.json says, or another file says in its place. These
 * are the functions of vqc_tokenizer_type. */
typedef struct vqc_json_tokenizer vqc_json_tokenizer;

/* `whole` is the file as JSON, which is not needed after the call. */
VQC_MUST_CHECK vqc_status vqc_json_tokenizer_create(const vqc_json_place *whole,
                                                    const vqc_tokenizer_surroundings *surroundings, void **own_out,
                                                    vqc_tokenizer_facts *facts, vqc_error *error);
VQC_MUST_CHECK vqc_status vqc_json_tokenizer_encode(const void *own, const char *text, vqc_token_list *tokens,
                                                    vqc_error *error);
const char *vqc_json_tokenizer_text(const void *own, int32_t id);
void vqc_json_tokenizer_destroy(void *own);

#endif
