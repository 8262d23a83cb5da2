#ifndef VQC_TEXT_VOCABULARY_H
#define VQC_TEXT_VOCABULARY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

/* The vocabulary of a byte-pair tokenizer: symbols, and which two neighbours merge into which symbol.
 *
 * Symbols are texts in which every byte is one printable character: '!' to '~', '¡' to '¬' and '®' to 'ÿ' stand for
 * themselves (as Latin-1 bytes), the other bytes in ascending order for U+0100 and up. A symbol at the end of a word
 * ends with "</w>". Their ids in order: 256 single bytes in that order, the same with "</w>", one per merge, the
 * start token, the end token.
 *
 * File: plain or gzip-compressed text in UTF-8, a header line, then one merge "left right" a line, the first the most
 * urgent. CLIP's bpe_simple_vocab_16e6.txt.gz and a Hugging Face merges.txt are such files. */
typedef struct vqc_vocabulary vqc_vocabulary;

enum {
    VQC_VOCABULARY_PUBLIC_MERGES = 48894,       /* of CLIP: its file goes on, but those are not used */
    VQC_VOCABULARY_FIXED = 512 + 2,             /* symbols that are not from merges */
    VQC_VOCABULARY_MAX_FILE = 64 * 1024 * 1024, /* bytes accepted, decompressed */
    VQC_VOCABULARY_NO_MERGE = -1
};

/* Reads a file: all of its merges, at most as many as CLIP has. VQC_BAD_INPUT names file and line: unreadable,
 * truncated or too large, not UTF-8, a line without two symbols, a symbol that no earlier line made, a merge given
 * twice. */
VQC_MUST_CHECK vqc_status vqc_vocabulary_create(const char *path, vqc_vocabulary **vocabulary_out, vqc_error *error);
/* NULL is allowed. */
void vqc_vocabulary_destroy(vqc_vocabulary *vocabulary);

/* Number of symbols; the last two are the start and the end token. */
size_t vqc_vocabulary_size(const vqc_vocabulary *vocabulary);

/* The symbol of a single byte, at the end of a word or not. */
int32_t vqc_vocabulary_byte_symbol(const vqc_vocabulary *vocabulary, uint8_t byte, bool is_last);

/* What neighbours left and right become: the symbol, and in *rank_out how urgent the merge is (0 the most).
 * VQC_VOCABULARY_NO_MERGE if they do not merge. Symbols are numbers from 0 to size - 1. */
int32_t vqc_vocabulary_merge(const vqc_vocabulary *vocabulary, int32_t left, int32_t right, int32_t *rank_out);

/* The token id of a symbol. It is the symbol's own number, except where two merges spell the same symbol: that has
 * the id of the later one. */
int32_t vqc_vocabulary_id(const vqc_vocabulary *vocabulary, int32_t symbol);

/* The text of an id as the file writes it, for people: "astronaut</w>", "<|startoftext|>". NULL beyond the size. */
const char *vqc_vocabulary_text(const vqc_vocabulary *vocabulary, int32_t id);

#endif
