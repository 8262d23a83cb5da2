#ifndef VQC_TEXT_TEXT_CLEANING_H
#define VQC_TEXT_TEXT_CLEANING_H

#include <stddef.h>

#include "base/status.h"

/* What a library does to a prompt before it splits it into tokens. The first three are open_clip's, by its words; the
 * first is OpenAI's simple_tokenizer too, with the Python packages ftfy (version 6) and html:
 *
 *     lower         steps 1 to 4
 *     whitespace    steps 1 to 3
 *     canonicalize  steps 1 and 2; each _ to a space, the other ASCII punctuation removed; lower case; step 3. As
 *                   SigLIP was trained
 *     none          nothing; transformers' tokenizers have the steps that their files name
 *
 * 1. ftfy's repairs, line by line, again and again until nothing changes:
 *    - HTML references with their semicolon, unless this line or one before it has a literal <
 *    - C1 control characters taken as windows-1252
 *    - Latin ligatures and digraphs taken apart; full-width and half-width forms to their usual width
 *    - curly quotes to straight ones
 *    - terminal escape sequences and control characters without meaning removed
 *    - normalisation form C
 * 2. every HTML reference replaced, twice
 * 3. runs of white space, of every kind of space and line break, to one space, none at the ends
 * 4. lower case
 *
 * One repair of ftfy is not here: guessing that a text was decoded with the wrong encoding ("mojibake", cafÃ© for
 * café) and decoding it again. Such text is taken as it stands, so that its tokens differ from the Python package's.
 * Surrogates, which ftfy joins, cannot occur in UTF-8. The version of Unicode is that of the installed utf8proc. */

/* Longest text accepted, in bytes. A prompt of 77 tokens is far shorter. */
enum { VQC_TEXT_CLEANING_MAX_SIZE = 8192 };

typedef enum vqc_cleaning {
    VQC_CLEANING_NONE,
    VQC_CLEANING_LOWER,
    VQC_CLEANING_WHITESPACE,
    VQC_CLEANING_CANONICALIZE,
    VQC_CLEANING_COUNT
} vqc_cleaning;

/* The word of a cleaning, and the cleaning of a word; another word is VQC_BAD_INPUT. */
const char *vqc_cleaning_word(vqc_cleaning cleaning);
VQC_MUST_CHECK vqc_status vqc_cleaning_parse(const char *word, vqc_cleaning *cleaning_out, vqc_error *error);

/* Cleans size bytes of UTF-8. *clean_out is a new NUL-terminated UTF-8 text without U+0000; the caller frees it. Text
 * that is not UTF-8 or too long is VQC_BAD_INPUT. */
VQC_MUST_CHECK vqc_status vqc_text_clean(vqc_cleaning cleaning, const char *text, size_t size, char **clean_out,
                                         vqc_error *error);

#endif
