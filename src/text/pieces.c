#include "text/pieces.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

void vqc_pieces_release(vqc_pieces *pieces)
{
    free(pieces->bytes);
    free(pieces->items);
    free(pieces->slots);
    *pieces = (vqc_pieces){0};
}

/* FNV-1a. */
uint64_t vqc_pieces_hash_start(void)
{
    return 0xcbf29ce484222325U;
}

uint64_t vqc_pieces_hash_byte(uint64_t hash, char byte)
{
    return (hash ^ (unsigned char)byte) * 0x100000001b3U;
}

static uint64_t text_hash(const char *text, size_t size)
{
    uint64_t hash = vqc_pieces_hash_start();
    for (size_t i = 0; i < size; i++)
        hash = vqc_pieces_hash_byte(hash, text[i]);
    return hash;
}

/* The slot of a text: the one that holds it, or the empty one where it belongs. */
static size_t slot_find(const vqc_pieces *pieces, const char *text, size_t size, uint64_t hash)
{
    size_t mask = pieces->slot_count - 1;
    size_t slot = (hash ^ (hash >> 32)) & mask;
    while (pieces->slots[slot] != 0) {
        const vqc_piece *piece = &pieces->items[pieces->slots[slot] - 1];
        if (piece->hash == hash && piece->size == size && memcmp(pieces->bytes + piece->offset, text, size) == 0)
            break;
        slot = (slot + 1) & mask;
    }
    return slot;
}

/* Puts every piece into its slot, in the order of their numbers. */
static void slots_fill(vqc_pieces *pieces)
{
    memset(pieces->slots, 0, pieces->slot_count * sizeof *pieces->slots);
    for (size_t i = 0; i < pieces->count; i++) {
        const vqc_piece *piece = &pieces->items[i];
        pieces->slots[slot_find(pieces, pieces->bytes + piece->offset, piece->size, piece->hash)] = (uint32_t)i + 1;
    }
}

static vqc_status slots_grow(vqc_pieces *pieces, vqc_error *error)
{
    size_t slot_count = pieces->slot_count == 0 ? 1024 : 2 * pieces->slot_count;
    uint32_t *slots;
    VQC_TRY(vqc_memory_allocate(slot_count, sizeof *slots, "a vocabulary", &slots, error));
    free(pieces->slots);
    pieces->slots = slots;
    pieces->slot_count = slot_count;
    slots_fill(pieces);
    return VQC_OK;
}

vqc_status vqc_pieces_add(vqc_pieces *pieces, const char *text, size_t size, int32_t id, vqc_error *error)
{
    const char *what = "a vocabulary";
    if (2 * (pieces->count + 1) > pieces->slot_count)
        VQC_TRY(slots_grow(pieces, error));
    VQC_TRY(
        vqc_memory_grow(&pieces->items, &pieces->capacity, pieces->count + 1, sizeof *pieces->items, what, error));
    VQC_TRY(vqc_memory_grow(&pieces->bytes, &pieces->bytes_capacity, pieces->bytes_size + size + 1, 1, what, error));
    vqc_piece piece = {.offset = pieces->bytes_size, .size = size, .hash = text_hash(text, size), .id = id};
    memcpy(pieces->bytes + piece.offset, text, size);
    pieces->bytes[piece.offset + size] = '\0';
    pieces->bytes_size += size + 1;
    pieces->items[pieces->count++] = piece;
    pieces->slots[slot_find(pieces, text, size, piece.hash)] = (uint32_t)pieces->count;
    if (size > pieces->longest)
        pieces->longest = size;
    return VQC_OK;
}

int32_t vqc_pieces_find_hashed(const vqc_pieces *pieces, const char *text, size_t size, uint64_t hash)
{
    if (pieces->count == 0)
        return VQC_PIECES_NONE;
    uint32_t number = pieces->slots[slot_find(pieces, text, size, hash)];
    return number == 0 ? VQC_PIECES_NONE : pieces->items[number - 1].id;
}

int32_t vqc_pieces_find(const vqc_pieces *pieces, const char *text, size_t size)
{
    return vqc_pieces_find_hashed(pieces, text, size, text_hash(text, size));
}

vqc_status vqc_pieces_ids_check(const vqc_pieces *pieces, bool *complete_out, int32_t *id_out, vqc_error *error)
{
    bool *seen;
    *complete_out = true;
    VQC_TRY(vqc_memory_allocate(pieces->count, sizeof *seen, "token ids", &seen, error));
    for (size_t i = 0; i < pieces->count && *complete_out; i++) {
        int32_t id = pieces->items[i].id;
        if (id < 0 || (size_t)id >= pieces->count || seen[id]) {
            *complete_out = false;
            *id_out = id;
        } else {
            seen[id] = true;
        }
    }
    free(seen);
    return VQC_OK;
}

vqc_status vqc_pieces_sort(vqc_pieces *pieces, vqc_error *error)
{
    vqc_piece *sorted;
    VQC_TRY(vqc_memory_allocate(pieces->count, sizeof *sorted, "a vocabulary", &sorted, error));
    for (size_t i = 0; i < pieces->count; i++)
        sorted[pieces->items[i].id] = pieces->items[i];
    memcpy(pieces->items, sorted, pieces->count * sizeof *sorted);
    free(sorted);
    if (pieces->count > 0)
        slots_fill(pieces);
    return VQC_OK;
}

const char *vqc_pieces_text(const vqc_pieces *pieces, int32_t id)
{
    return pieces->bytes + pieces->items[id].offset;
}
