#ifndef VQC_BASE_VISIBLE_H
#define VQC_BASE_VISIBLE_H

#include <stddef.h>
#include <stdio.h>

/* Texts of files as people may see them: control characters (those of a terminal, line ends, U+0080 to U+009F) and
 * bytes that are not UTF-8 become \xNN, so that no name or prompt moves a cursor, forges a line or rings a bell. */

enum { VQC_VISIBLE_SIZE = 9 };

/* Shows the first character of the text, of size bytes and not empty, as it is or escaped, with a NUL behind it.
 * Returns how many bytes of the text it was. */
size_t vqc_visible_character(const char *text, size_t size, char shown[VQC_VISIBLE_SIZE]);

/* Prints as printf does, with every %s so. Conversions are s, c, d, i, u, x, f, e and g, with flags, width and
 * precision, and the lengths l, ll and z of whole numbers; the width of a text counts bytes of what is shown. */
void vqc_print(FILE *stream, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
