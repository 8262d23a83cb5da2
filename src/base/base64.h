#ifndef VQC_BASE_BASE64_H
#define VQC_BASE_BASE64_H

#include <stddef.h>
#include <stdio.h>

/* Writes bytes as Base64 (RFC 4648, section 4: A to Z, a to z, 0 to 9, +, /, and = to a multiple of four), on one
 * line without an end. What could not be written shows in the stream, as after fwrite. */
void vqc_base64_write(FILE *stream, const void *bytes, size_t size);

#endif
