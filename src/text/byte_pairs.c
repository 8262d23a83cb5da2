#include "text/byte_pairs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/utf8.h"

enum { NO_RANK = -1, NOWHERE = -1, LONGEST_CHARACTER = 4 };

/* One entry of the table of merges: open addressing with linear steps. */
typedef struct merge_entry {
    int32_t left, right;
    int32_t rank; /* NO_RANK where there is no entry */
    int32_t result;
} merge_entry;

struct vqc_byte_pairs {
    vqc_byte_pairs_settings settings;
    char suffix[VQC_BYTE_PAIRS_SUFFIX_SIZE];
    int32_t bytes[256];
    merge_entry *merges;
    size_t slots; /* a power of two, at least twice the merges */
    size_t count;
};

/* A symbol of a word under way: a list in both directions. */
typedef struct word_symbol {
    int32_t id;
    int32_t before, after; /* places of its neighbours, NOWHERE at the ends */
    bool gone;             /* merged into the one before it */
} word_symbol;

/* A merge that may be done. */
typedef struct word_merge {
    int32_t rank, place, result;
} word_merge;

typedef struct word_state {
    word_symbol *symbols;
    size_t count, capacity;
    word_merge *heap; /* the most urgent first */
    size_t heap_count, heap_capacity;
} word_state;

static size_t merge_slot(const vqc_byte_pairs *pairs, int32_t left, int32_t right)
{
    uint64_t key = ((uint64_t)(uint32_t)left << 32) | (uint32_t)right;
    key = (key ^ (key >> 30)) * 0xbf58476d1ce4e5b9U;
    key = (key ^ (key >> 27)) * 0x94d049bb133111ebU;
    size_t slot = (key ^ (key >> 31)) & (pairs->slots - 1);
    while (pairs->merges[slot].rank != NO_RANK &&
           (pairs->merges[slot].left != left || pairs->merges[slot].right != right))
        slot = (slot + 1) & (pairs->slots - 1);
    return slot;
}

static vqc_status bytes_find(vqc_byte_pairs *pairs, vqc_error *error)
{
    for (int byte = 0; byte < 256; byte++) {
        char name[8];
        (void)snprintf(name, sizeof name, "<0x%02X>", (unsigned)byte);
        pairs->bytes[byte] = vqc_pieces_find(pairs->settings.pieces, name, strlen(name));
        if (pairs->bytes[byte] == VQC_PIECES_NONE)
            return vqc_error_set(error, VQC_BAD_INPUT, "byte_fallback: the piece %s is missing", name);
    }
    return VQC_OK;
}

static vqc_status pairs_fill(vqc_byte_pairs *pairs, size_t merge_count, vqc_error *error)
{
    if (strlen(pairs->settings.suffix) >= sizeof pairs->suffix)
        return vqc_error_set(error, VQC_BAD_INPUT, "end_of_word_suffix: expected at most %zu bytes",
                             sizeof pairs->suffix - 1);
    strcpy(pairs->suffix, pairs->settings.suffix);
    pairs->slots = 16;
    while (pairs->slots < 2 * merge_count)
        pairs->slots *= 2;
    VQC_TRY(vqc_memory_allocate(pairs->slots, sizeof *pairs->merges, "merges", &pairs->merges, error));
    for (size_t i = 0; i < pairs->slots; i++)
        pairs->merges[i].rank = NO_RANK;
    return pairs->settings.has_bytes ? bytes_find(pairs, error) : VQC_OK;
}

vqc_status vqc_byte_pairs_create(const vqc_byte_pairs_settings *settings, size_t merge_count,
                                 vqc_byte_pairs **pairs_out, vqc_error *error)
{
    vqc_byte_pairs *pairs;
    VQC_TRY(vqc_memory_allocate(1, sizeof *pairs, "byte pairs", &pairs, error));
    pairs->settings = *settings;
    vqc_status status = pairs_fill(pairs, merge_count, error);
    if (status != VQC_OK) {
        vqc_byte_pairs_destroy(pairs);
        return status;
    }
    *pairs_out = pairs;
    return VQC_OK;
}

void vqc_byte_pairs_destroy(vqc_byte_pairs *pairs)
{
    if (pairs == NULL)
        return;
    free(pairs->merges);
    free(pairs);
}

static vqc_status piece_require(const vqc_byte_pairs *pairs, const char *text, size_t size, int32_t *id_out,
                                vqc_error *error)
{
    enum { SHOWN = 64 };
    *id_out = vqc_pieces_find(pairs->settings.pieces, text, size);
    if (*id_out == VQC_PIECES_NONE)
        return vqc_error_set(error, VQC_BAD_INPUT, "expected pieces of the vocabulary, found \"%.*s\"",
                             size > SHOWN ? SHOWN : (int)size, text);
    return VQC_OK;
}

/* The piece that two texts make together. */
static vqc_status joined_require(const vqc_byte_pairs *pairs, const char *left, size_t left_size, const char *right,
                                 size_t right_size, int32_t *id_out, vqc_error *error)
{
    char *joined;
    VQC_TRY(vqc_memory_allocate(left_size + right_size + 1, 1, "a piece", &joined, error));
    memcpy(joined, left, left_size);
    memcpy(joined + left_size, right, right_size);
    vqc_status status = piece_require(pairs, joined, left_size + right_size, id_out, error);
    free(joined);
    return status;
}

vqc_status vqc_byte_pairs_add(vqc_byte_pairs *pairs, const char *left, size_t left_size, const char *right,
                              size_t right_size, vqc_error *error)
{
    merge_entry entry = {.rank = (int32_t)pairs->count};
    VQC_TRY(piece_require(pairs, left, left_size, &entry.left, error));
    VQC_TRY(piece_require(pairs, right, right_size, &entry.right, error));
    VQC_TRY(joined_require(pairs, left, left_size, right, right_size, &entry.result, error));
    pairs->merges[merge_slot(pairs, entry.left, entry.right)] = entry;
    pairs->count++;
    return VQC_OK;
}

/* ---- The heap of merges ---- */

static bool is_before(const word_merge *a, const word_merge *b)
{
    return a->rank != b->rank ? a->rank < b->rank : a->place < b->place;
}

static void swap(word_merge *a, word_merge *b)
{
    word_merge kept = *a;
    *a = *b;
    *b = kept;
}

static vqc_status heap_push(word_state *word, word_merge merge, vqc_error *error)
{
    VQC_TRY(vqc_memory_grow(&word->heap, &word->heap_capacity, word->heap_count + 1, sizeof *word->heap, "a text",
                            error));
    size_t at = word->heap_count++;
    word->heap[at] = merge;
    while (at > 0 && is_before(&word->heap[at], &word->heap[(at - 1) / 2])) {
        swap(&word->heap[at], &word->heap[(at - 1) / 2]);
        at = (at - 1) / 2;
    }
    return VQC_OK;
}

static word_merge heap_pop(word_state *word)
{
    word_merge first = word->heap[0];
    word->heap[0] = word->heap[--word->heap_count];
    for (size_t at = 0;;) {
        size_t child = 2 * at + 1;
        if (child + 1 < word->heap_count && is_before(&word->heap[child + 1], &word->heap[child]))
            child++;
        if (child >= word->heap_count || !is_before(&word->heap[child], &word->heap[at]))
            return first;
        swap(&word->heap[at], &word->heap[child]);
        at = child;
    }
}

/* ---- Words ---- */

static vqc_status symbol_add(word_state *word, int32_t id, vqc_error *error)
{
    VQC_TRY(
        vqc_memory_grow(&word->symbols, &word->capacity, word->count + 1, sizeof *word->symbols, "a text", error));
    int32_t place = (int32_t)word->count++;
    word->symbols[place] = (word_symbol){.id = id, .before = place - 1, .after = NOWHERE};
    if (place > 0)
        word->symbols[place - 1].after = place;
    return VQC_OK;
}

/* The piece of a character, with the suffix where it is the last. */
static int32_t character_find(const vqc_byte_pairs *pairs, const char *text, size_t size, bool is_last)
{
    char joined[LONGEST_CHARACTER + VQC_BYTE_PAIRS_SUFFIX_SIZE];
    size_t suffix = is_last ? strlen(pairs->suffix) : 0;
    memcpy(joined, text, size);
    memcpy(joined + size, pairs->suffix, suffix);
    return vqc_pieces_find(pairs->settings.pieces, joined, size + suffix);
}

/* What stands for a character that is no piece. */
static vqc_status unknown_add(const vqc_byte_pairs *pairs, word_state *word, const char *text, size_t size,
                              bool *unknown_before, vqc_error *error)
{
    if (pairs->settings.has_bytes) {
        for (size_t i = 0; i < size; i++)
            VQC_TRY(symbol_add(word, pairs->bytes[(unsigned char)text[i]], error));
        return VQC_OK;
    }
    bool joins = *unknown_before && pairs->settings.fuses_unknown;
    *unknown_before = true;
    if (pairs->settings.unknown == VQC_PIECES_NONE || joins)
        return VQC_OK;
    return symbol_add(word, pairs->settings.unknown, error);
}

static vqc_status symbols_fill(const vqc_byte_pairs *pairs, const char *text, size_t size, word_state *word,
                               vqc_error *error)
{
    bool unknown_before = false;
    for (size_t at = 0; at < size;) {
        size_t length = vqc_utf8_sequence_size(text + at, size - at);
        if (length == 0)
            return vqc_error_set(error, VQC_BAD_INPUT, "text is not UTF-8: byte %zu", at + 1);
        int32_t id = character_find(pairs, text + at, length, at + length == size);
        if (id == VQC_PIECES_NONE) {
            VQC_TRY(unknown_add(pairs, word, text + at, length, &unknown_before, error));
        } else {
            VQC_TRY(symbol_add(word, id, error));
            unknown_before = false;
        }
        at += length;
    }
    return VQC_OK;
}

/* Notes what the symbol at a place and the one after it become, if they merge. */
static vqc_status merge_note(const vqc_byte_pairs *pairs, word_state *word, int32_t place, vqc_error *error)
{
    if (place == NOWHERE || word->symbols[place].after == NOWHERE)
        return VQC_OK;
    const word_symbol *symbol = &word->symbols[place];
    const merge_entry *entry = &pairs->merges[merge_slot(pairs, symbol->id, word->symbols[symbol->after].id)];
    if (entry->rank == NO_RANK)
        return VQC_OK;
    return heap_push(word, (word_merge){.rank = entry->rank, .place = place, .result = entry->result}, error);
}

/* Does a merge, unless its symbols have become others since it was noted. */
static vqc_status merge_do(const vqc_byte_pairs *pairs, word_state *word, word_merge merge, vqc_error *error)
{
    word_symbol *symbol = &word->symbols[merge.place];
    if (symbol->gone || symbol->after == NOWHERE)
        return VQC_OK;
    word_symbol *right = &word->symbols[symbol->after];
    const merge_entry *entry = &pairs->merges[merge_slot(pairs, symbol->id, right->id)];
    if (entry->rank == NO_RANK || entry->result != merge.result)
        return VQC_OK;
    symbol->id = merge.result;
    symbol->after = right->after;
    right->gone = true;
    if (right->after != NOWHERE)
        word->symbols[right->after].before = merge.place;
    VQC_TRY(merge_note(pairs, word, symbol->before, error));
    return merge_note(pairs, word, merge.place, error);
}

static vqc_status word_encode(const vqc_byte_pairs *pairs, const char *text, size_t size, word_state *word,
                              vqc_token_list *tokens, vqc_error *error)
{
    VQC_TRY(symbols_fill(pairs, text, size, word, error));
    for (size_t i = 0; i < word->count; i++)
        VQC_TRY(merge_note(pairs, word, (int32_t)i, error));
    while (word->heap_count > 0)
        VQC_TRY(merge_do(pairs, word, heap_pop(word), error));
    for (size_t i = 0; i < word->count; i++)
        if (!word->symbols[i].gone)
            VQC_TRY(vqc_token_list_append(tokens, &word->symbols[i].id, 1, error));
    return VQC_OK;
}

vqc_status vqc_byte_pairs_encode(const vqc_byte_pairs *pairs, const char *word, size_t size, vqc_token_list *tokens,
                                 vqc_error *error)
{
    word_state state = {0};
    vqc_status status = word_encode(pairs, word, size, &state, tokens, error);
    free(state.symbols);
    free(state.heap);
    return status;
}
