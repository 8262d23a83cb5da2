#ifndef VQC_TEXT_PRE_TOKENIZER_H
#define VQC_TEXT_PRE_TOKENIZER_H

#include "config/json_place.h"
#include "text/words.h"

/* The pre-tokenizer of a tokenizer.json: steps that split a normalised text into words. Known are Sequence,
 * WhitespaceSplit, Metaspace, Split and ByteLevel, as the library tokenizers computes them. */
typedef struct vqc_pre_tokenizer vqc_pre_tokenizer;

/* Reads "pre_tokenizer"; a place without a value has no steps. What is not known is VQC_BAD_INPUT with its way. */
VQC_MUST_CHECK vqc_status vqc_pre_tokenizer_create(const vqc_json_place *place, vqc_pre_tokenizer **pre_tokenizer_out,
                                                   vqc_error *error);
/* NULL is allowed. */
void vqc_pre_tokenizer_destroy(vqc_pre_tokenizer *pre_tokenizer);

/* Splits a text; words is empty before. */
VQC_MUST_CHECK vqc_status vqc_pre_tokenizer_run(const vqc_pre_tokenizer *pre_tokenizer, const vqc_code_points *text,
                                                vqc_words *words, vqc_error *error);

#endif
