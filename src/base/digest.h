#ifndef VQC_BASE_DIGEST_H
#define VQC_BASE_DIGEST_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

/* SHA-256 as lower-case hexadecimal text, which is how users compare it. */
enum { VQC_DIGEST_TEXT_SIZE = 65 };

/* Digest of bytes in memory. */
VQC_MUST_CHECK vqc_status vqc_digest_bytes(const void *data, size_t size, char text[VQC_DIGEST_TEXT_SIZE],
                                           vqc_error *error);

/* Digest of several pieces of memory as if they lay one behind the other. */
typedef struct vqc_digest_piece {
    const void *data;
    size_t size;
} vqc_digest_piece;
VQC_MUST_CHECK vqc_status vqc_digest_pieces(const vqc_digest_piece *pieces, size_t count,
                                            char text[VQC_DIGEST_TEXT_SIZE], vqc_error *error);

/* A part of a file. */
typedef struct vqc_digest_range {
    uint64_t offset, size;
} vqc_digest_range;

/* Digest of bytes in memory and, as if they lay behind them one after the other, of parts of a file that is open;
 * read in pieces. The path is for errors alone. A file that ends before a part does is VQC_BAD_INPUT. */
VQC_MUST_CHECK vqc_status vqc_digest_ranges(const vqc_digest_piece *head, int file, const char *path,
                                            const vqc_digest_range *ranges, size_t count,
                                            char text[VQC_DIGEST_TEXT_SIZE], vqc_error *error);

/* Digest of a file, read in pieces so that memory stays small. One that cannot be opened or read is VQC_BAD_INPUT,
 * and so is what is no file: a device or a pipe might have no end. */
VQC_MUST_CHECK vqc_status vqc_digest_file(const char *path, char text[VQC_DIGEST_TEXT_SIZE], vqc_error *error);
/* The same, and the number of bytes that it is the digest of. */
VQC_MUST_CHECK vqc_status vqc_digest_file_sized(const char *path, char text[VQC_DIGEST_TEXT_SIZE], uint64_t *size_out,
                                                vqc_error *error);

#endif
