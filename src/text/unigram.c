#include "text/unigram.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/utf8.h"

/* The best way to a place of the word: the piece that ends there, and the sum of the scores. */
typedef struct path_node {
    double score;
    size_t start; /* of the piece; NOWHERE: no way is known */
    int32_t id;
} path_node;

#define NOWHERE SIZE_MAX

/* Offers a way to a place: the best one before it, and the score of the piece that goes on. Of equal ones the first
 * stays. */
static void node_offer(const vqc_unigram *model, path_node *node, double best, double score, size_t start, int32_t id)
{
    double sum = model->single ? (double)((float)best + (float)score) : best + score;
    if (node->start == NOWHERE || sum > node->score)
        *node = (path_node){.score = sum, .start = start, .id = id};
}

/* Offers every piece that begins at a place to the places where they end. */
static void pieces_offer(const vqc_unigram *model, const char *word, size_t size, size_t start, path_node *nodes)
{
    size_t first = vqc_utf8_sequence_size(word + start, size - start);
    size_t longest = size - start < model->pieces->longest ? size - start : model->pieces->longest;
    uint64_t hash = vqc_pieces_hash_start();
    bool has_single = false;
    for (size_t length = 1; length <= longest; length++) {
        hash = vqc_pieces_hash_byte(hash, word[start + length - 1]);
        int32_t id = vqc_pieces_find_hashed(model->pieces, word + start, length, hash);
        if (id == VQC_PIECES_NONE || isnan(model->scores[id]))
            continue;
        node_offer(model, &nodes[start + length], nodes[start].score, model->scores[id], start, id);
        has_single = has_single || length == first;
    }
    if (!has_single)
        node_offer(model, &nodes[start + first], nodes[start].score, model->unknown_score, start, model->unknown);
}

static vqc_status nodes_fill(const vqc_unigram *model, const char *word, size_t size, path_node *nodes,
                             vqc_error *error)
{
    for (size_t i = 0; i <= size; i++)
        nodes[i] = (path_node){.start = NOWHERE};
    for (size_t at = 0; at < size;) {
        size_t length = vqc_utf8_sequence_size(word + at, size - at);
        if (length == 0)
            return vqc_error_set(error, VQC_BAD_INPUT, "text is not UTF-8: byte %zu", at + 1);
        pieces_offer(model, word, size, at, nodes);
        at += length;
    }
    return VQC_OK;
}

/* What a stretch of the word becomes that the best path has as one piece, or as unknowns side by side. */
static vqc_status stretch_append(const vqc_unigram *model, const char *word, size_t start, size_t end,
                                 vqc_token_list *tokens, vqc_error *error)
{
    int32_t id = vqc_pieces_find(model->pieces, word + start, end - start);
    if (id == VQC_PIECES_NONE)
        id = model->unknown;
    if (id == VQC_PIECES_NONE)
        return vqc_error_set(error, VQC_BAD_INPUT, "\"%.*s\": not in the vocabulary, which has no unknown token",
                             (int)(end - start), word + start);
    return vqc_token_list_append(tokens, &id, 1, error);
}

/* Goes the best path back, which leaves the pieces' ends in the nodes, then forth. */
static vqc_status path_append(const vqc_unigram *model, const char *word, size_t size, path_node *nodes, size_t *ends,
                              vqc_token_list *tokens, vqc_error *error)
{
    size_t count = 0;
    for (size_t end = size; end > 0; end = nodes[end].start)
        ends[count++] = end;
    size_t start = 0;
    for (size_t i = count; i > 0; i--) {
        size_t end = ends[i - 1];
        bool joins = nodes[end].id == model->unknown && i > 1 && nodes[ends[i - 2]].id == model->unknown;
        if (joins)
            continue;
        VQC_TRY(stretch_append(model, word, start, end, tokens, error));
        start = end;
    }
    return VQC_OK;
}

vqc_status vqc_unigram_encode(const vqc_unigram *model, const char *word, size_t size, vqc_token_list *tokens,
                              vqc_error *error)
{
    path_node *nodes;
    size_t *ends;
    VQC_TRY(vqc_memory_allocate(size + 1, sizeof *nodes, "a text", &nodes, error));
    vqc_status status = vqc_memory_allocate(size + 1, sizeof *ends, "a text", &ends, error);
    if (status == VQC_OK) {
        status = nodes_fill(model, word, size, nodes, error);
        if (status == VQC_OK)
            status = path_append(model, word, size, nodes, ends, tokens, error);
        free(ends);
    }
    free(nodes);
    return status;
}
