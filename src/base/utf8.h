#ifndef VQC_BASE_UTF8_H
#define VQC_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* Length in bytes (1 to 4) of the well-formed UTF-8 sequence at the start of text, 0 if there is none: truncated,
 * overlong, a surrogate or beyond U+10FFFF (Unicode Standard, table 3-7). size is the number of bytes there. */
size_t vqc_utf8_sequence_size(const char *text, size_t size);

/* Whether all of the bytes are well-formed UTF-8. A NUL byte counts as well-formed. */
bool vqc_utf8_is_valid(const char *text, size_t size);

#endif
