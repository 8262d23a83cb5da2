#ifndef VQC_TEXT_WORDS_H
#define VQC_TEXT_WORDS_H

#include "text/code_points.h"

/* A text in pieces, one after another. Initialise with {0}. */
typedef struct vqc_words {
    vqc_code_points text;
    size_t *ends; /* of each word, in code points of the text */
    size_t count, capacity;
} vqc_words;

void vqc_words_release(vqc_words *words);

/* Appends a word; an empty one is none. */
VQC_MUST_CHECK vqc_status vqc_words_add(vqc_words *words, const int32_t *code_points, size_t count, vqc_error *error);

/* A word as a text that belongs to the words: nothing may be added to it. */
vqc_code_points vqc_words_at(const vqc_words *words, size_t index);

#endif
