#ifndef VQC_BASE_DIGEST_H
#define VQC_BASE_DIGEST_H

#include <stddef.h>

#include "base/status.h"

/* SHA-256 as lower-case hexadecimal text, which is how users compare it. */
enum { VQC_DIGEST_TEXT_SIZE = 65 };

/* Digest of bytes in memory. */
VQC_MUST_CHECK vqc_status vqc_digest_bytes(const void *data, size_t size, char text[VQC_DIGEST_TEXT_SIZE],
                                           vqc_error *error);

/* Digest of a file, read in pieces so that memory stays small. One that cannot be opened or read is VQC_BAD_INPUT. */
VQC_MUST_CHECK vqc_status vqc_digest_file(const char *path, char text[VQC_DIGEST_TEXT_SIZE], vqc_error *error);

#endif
