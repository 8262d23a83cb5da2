#ifndef VQC_MODELS_CLIP_TOKENIZER_H
#define VQC_MODELS_CLIP_TOKENIZER_H

#include "models/clip.h"
#include "text/tokenizer.h"

/* Opens the tokenizer of a model's texts, where model and tokenizer meet: a vocabulary whose number of ids is not
 * that of the token table's rows is VQC_BAD_INPUT with both numbers and both files, as is a model without a text
 * tower that is known. The configuration that counts for the model says which library's rules clean a text, unless
 * the model was opened with another cleaning. */
VQC_MUST_CHECK vqc_status vqc_clip_tokenizer_create(const vqc_clip *clip, const char *vocabulary,
                                                    vqc_tokenizer **tokenizer_out, vqc_error *error);

#endif
