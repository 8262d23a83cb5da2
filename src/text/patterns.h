#ifndef VQC_TEXT_PATTERNS_H
#define VQC_TEXT_PATTERNS_H

#include <stddef.h>

#include "text/code_points.h"

/* The regular expressions that tokenizer files name, each written out: a table, not an engine. */
typedef struct vqc_pattern {
    const char *regex;
    /* The end of the match that begins at this place, the place itself where none does. */
    size_t (*match)(const vqc_code_points *text, size_t at);
} vqc_pattern;

/* The pattern of an expression, NULL if it is none of those known. */
const vqc_pattern *vqc_pattern_find(const char *regex);

/* GPT-2's words, which byte-level tokenizers use without naming the expression. */
size_t vqc_pattern_gpt2(const vqc_code_points *text, size_t at);

#endif
