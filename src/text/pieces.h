#ifndef VQC_TEXT_PIECES_H
#define VQC_TEXT_PIECES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

/* The pieces of a vocabulary: texts with ids, found by text in constant time. Initialise with {0}. */
typedef struct vqc_piece {
    size_t offset, size; /* of its bytes */
    uint64_t hash;
    int32_t id;
} vqc_piece;

typedef struct vqc_pieces {
    char *bytes; /* of all pieces, each with a NUL */
    size_t bytes_size, bytes_capacity;
    vqc_piece *items;
    size_t count, capacity;
    uint32_t *slots; /* by hash: 1 + the piece's number, 0 for none; twice the count at least, a power of two */
    size_t slot_count;
    size_t longest; /* bytes of the longest piece */
} vqc_pieces;

enum { VQC_PIECES_NONE = -1 };

void vqc_pieces_release(vqc_pieces *pieces);

/* Adds a piece. Of equal texts the last one is found. Fails for want of memory alone. */
VQC_MUST_CHECK vqc_status vqc_pieces_add(vqc_pieces *pieces, const char *text, size_t size, int32_t id,
                                         vqc_error *error);

/* The id of a text, VQC_PIECES_NONE if it is no piece. */
int32_t vqc_pieces_find(const vqc_pieces *pieces, const char *text, size_t size);

/* The same where the hash of the text is known: that of an empty text, and of a text with one byte more. */
uint64_t vqc_pieces_hash_start(void);
uint64_t vqc_pieces_hash_byte(uint64_t hash, char byte);
int32_t vqc_pieces_find_hashed(const vqc_pieces *pieces, const char *text, size_t size, uint64_t hash);

/* Whether every id from 0 to count - 1 belongs to one piece; *id_out is the first that does not. */
VQC_MUST_CHECK vqc_status vqc_pieces_ids_check(const vqc_pieces *pieces, bool *complete_out, int32_t *id_out,
                                               vqc_error *error);

/* Sorts the pieces by their ids, which must be complete; vqc_pieces_text then gives the text of an id. */
VQC_MUST_CHECK vqc_status vqc_pieces_sort(vqc_pieces *pieces, vqc_error *error);
const char *vqc_pieces_text(const vqc_pieces *pieces, int32_t id);

#endif
