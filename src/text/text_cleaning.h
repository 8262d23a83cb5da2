#ifndef VQC_TEXT_TEXT_CLEANING_H
#define VQC_TEXT_TEXT_CLEANING_H

#include <stddef.h>

#include "base/status.h"

/* What CLIP's tokenizer does to a prompt before splitting it, as OpenAI's simple_tokenizer does it with the Python
 * packages ftfy (version 6) and html:
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

/* Cleans size bytes of UTF-8. *clean_out is a new NUL-terminated UTF-8 text without U+0000; the caller frees it. Text
 * that is not UTF-8 or too long is VQC_BAD_INPUT. */
VQC_MUST_CHECK vqc_status vqc_text_clean(const char *text, size_t size, char **clean_out, vqc_error *error);

#endif
