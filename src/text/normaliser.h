#ifndef VQC_TEXT_NORMALISER_H
#define VQC_TEXT_NORMALISER_H

#include "config/json_place.h"
#include "text/code_points.h"

/* The normaliser of a tokenizer.json: steps that change a text before it is split. Known are Sequence, NFC,
 * Lowercase, Replace (of a text, or of an expression of text/patterns.h), Strip, Prepend and Precompiled, as the
 * library tokenizers computes them. */
typedef struct vqc_normaliser vqc_normaliser;

/* Reads "normalizer"; a place without a value has no steps. What is not known is VQC_BAD_INPUT with its way. */
VQC_MUST_CHECK vqc_status vqc_normaliser_create(const vqc_json_place *place, vqc_normaliser **normaliser_out,
                                                vqc_error *error);
/* NULL is allowed. */
void vqc_normaliser_destroy(vqc_normaliser *normaliser);

/* What a class of transformers makes of it: letters to lower case first; nothing but the map of characters. */
VQC_MUST_CHECK vqc_status vqc_normaliser_lower_first(vqc_normaliser *normaliser, vqc_error *error);
void vqc_normaliser_keep_map(vqc_normaliser *normaliser);

/* Replaces the text by what the steps make of it. */
VQC_MUST_CHECK vqc_status vqc_normaliser_run(const vqc_normaliser *normaliser, vqc_code_points *text,
                                             vqc_error *error);

#endif
