#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "text/code_points.h"
#include "text/tokenizer_surroundings.h"
#include "text/tokenizer_type.h"
#include "text/vocabulary.h"

/* OpenAI's byte pairs: CLIP's vocabulary file and its tokenizer. What it alone knows is its vqc_vocabulary. */

/* A word under way to its symbols. Three arrays of equal length: the symbols, and what each would become with its
 * right neighbour and how urgently. */
typedef struct word_symbols {
    int32_t *symbols;
    int32_t *merged;
    int32_t *ranks;
    size_t count;
} word_symbols;

static vqc_status append_id(vqc_token_list *tokens, int32_t id, vqc_error *error)
{
    return vqc_token_list_append(tokens, &id, 1, error);
}

/* The ids before and after every text. */
static int32_t start_id(const vqc_vocabulary *vocabulary)
{
    return (int32_t)vqc_vocabulary_size(vocabulary) - 2;
}

static int32_t end_id(const vqc_vocabulary *vocabulary)
{
    return (int32_t)vqc_vocabulary_size(vocabulary) - 1;
}

/* Whether the text has the lower-case ASCII word at `start`. Case was removed before, but the long s (U+017F) is a
 * lower-case letter of its own that compares equal to s without case. */
static bool has_word(const vqc_code_points *text, size_t start, const char *lower)
{
    for (size_t i = 0; lower[i] != '\0'; i++) {
        if (start + i >= text->count)
            return false;
        int32_t code_point = text->at[start + i];
        if (code_point != lower[i] && !(code_point == 0x17f && lower[i] == 's'))
            return false;
    }
    return true;
}

/* The end of the special token or of the English contraction at `start`, or `start`. */
static size_t fixed_end(const vqc_code_points *text, size_t start)
{
    static const char *const fixed[] = {
        "<|startoftext|>", "<|endoftext|>", "'s", "'t", "'re", "'ve", "'m", "'ll", "'d"};
    if (text->at[start] != '<' && text->at[start] != '\'')
        return start;
    for (size_t i = 0; i < sizeof fixed / sizeof fixed[0]; i++)
        if (has_word(text, start, fixed[i]))
            return start + strlen(fixed[i]);
    return start;
}

/* Characters between words: white space, and U+0345, a mark whose capital is a letter (Ι), so that CLIP's pattern,
 * which compares without case, takes it neither for a letter nor for anything else. */
static bool is_between_words(int32_t code_point)
{
    return vqc_code_point_is_space(code_point) || code_point == 0x345;
}

static bool is_other(int32_t code_point)
{
    return !is_between_words(code_point) && !vqc_code_point_is_letter(code_point) &&
           !vqc_code_point_is_number(code_point);
}

/* The end of the word at `start`, which is not between words: a fixed word, a run of letters, one number character,
 * or a run of anything else. */
static size_t word_end(const vqc_code_points *text, size_t start)
{
    size_t end = fixed_end(text, start);
    if (end > start)
        return end;
    if (vqc_code_point_is_number(text->at[start]))
        return start + 1;
    bool letters = vqc_code_point_is_letter(text->at[start]);
    end = start + 1;
    while (end < text->count && (letters ? vqc_code_point_is_letter(text->at[end]) : is_other(text->at[end])))
        end++;
    return end;
}

/* Looks up what the symbol at i and its right neighbour become. */
static void find_merge(const vqc_vocabulary *vocabulary, word_symbols *word, size_t i)
{
    word->merged[i] = VQC_VOCABULARY_NO_MERGE;
    word->ranks[i] = INT32_MAX;
    if (i + 1 < word->count)
        word->merged[i] = vqc_vocabulary_merge(vocabulary, word->symbols[i], word->symbols[i + 1], &word->ranks[i]);
}

/* The most urgent rank among the neighbours, INT32_MAX if none merge. */
static int32_t most_urgent(const word_symbols *word)
{
    int32_t rank = INT32_MAX;
    for (size_t i = 0; i + 1 < word->count; i++)
        if (word->ranks[i] < rank)
            rank = word->ranks[i];
    return rank;
}

/* Merges every pair of that rank, from left to right, and looks up the pairs that this made. */
static void merge_all(const vqc_vocabulary *vocabulary, word_symbols *word, int32_t rank)
{
    enum { NOT_KNOWN = -1 };
    size_t kept = 0;
    for (size_t i = 0; i < word->count; kept++) {
        bool merges = i + 1 < word->count && word->ranks[i] == rank;
        word->symbols[kept] = merges ? word->merged[i] : word->symbols[i];
        word->merged[kept] = word->merged[i];
        word->ranks[kept] = merges ? NOT_KNOWN : word->ranks[i];
        if (merges && kept > 0)
            word->ranks[kept - 1] = NOT_KNOWN;
        i += merges ? 2 : 1;
    }
    word->count = kept;
    for (size_t i = 0; i < word->count; i++)
        if (word->ranks[i] == NOT_KNOWN)
            find_merge(vocabulary, word, i);
}

/* Byte-pair encoding (Sennrich et al. 2016): as long as neighbours merge, the most urgent merge is done wherever it
 * applies. */
static void merge_word(const vqc_vocabulary *vocabulary, word_symbols *word)
{
    for (size_t i = 0; i < word->count; i++)
        find_merge(vocabulary, word, i);
    for (int32_t rank = most_urgent(word); rank != INT32_MAX; rank = most_urgent(word))
        merge_all(vocabulary, word, rank);
}

/* Appends the ids of a word of size UTF-8 bytes; memory has room for three times as many numbers. */
static vqc_status encode_word(const vqc_vocabulary *vocabulary, const char *utf8, size_t size, int32_t *memory,
                              vqc_token_list *tokens, vqc_error *error)
{
    if (size == strlen("<|startoftext|>") && memcmp(utf8, "<|startoftext|>", size) == 0)
        return append_id(tokens, start_id(vocabulary), error);
    if (size == strlen("<|endoftext|>") && memcmp(utf8, "<|endoftext|>", size) == 0)
        return append_id(tokens, end_id(vocabulary), error);
    word_symbols word = {.symbols = memory, .merged = memory + size, .ranks = memory + 2 * size, .count = size};
    for (size_t i = 0; i < size; i++)
        word.symbols[i] = vqc_vocabulary_byte_symbol(vocabulary, (uint8_t)utf8[i], i + 1 == size);
    merge_word(vocabulary, &word);
    for (size_t i = 0; i < word.count; i++)
        VQC_TRY(append_id(tokens, vqc_vocabulary_id(vocabulary, word.symbols[i]), error));
    return VQC_OK;
}

/* Appends the ids of all words of a clean text, which is given in both forms. */
static vqc_status encode_words(const vqc_vocabulary *vocabulary, const char *utf8, const vqc_code_points *text,
                               int32_t *memory, vqc_token_list *tokens, vqc_error *error)
{
    size_t byte = 0;
    for (size_t start = 0; start < text->count;) {
        size_t end = is_between_words(text->at[start]) ? start + 1 : word_end(text, start);
        size_t size = 0;
        char ignored[4];
        for (size_t i = start; i < end; i++)
            size += vqc_code_point_to_utf8(text->at[i], ignored);
        if (!is_between_words(text->at[start]))
            VQC_TRY(encode_word(vocabulary, utf8 + byte, size, memory, tokens, error));
        byte += size;
        start = end;
    }
    return VQC_OK;
}

static vqc_status encode_clean(const vqc_vocabulary *vocabulary, const char *utf8, vqc_code_points *text,
                               vqc_token_list *tokens, vqc_error *error)
{
    size_t size = strlen(utf8);
    VQC_TRY(vqc_code_points_append_utf8(text, utf8, size, error));
    int32_t *memory;
    VQC_TRY(vqc_memory_allocate(3 * size, sizeof *memory, "a text", &memory, error));
    vqc_status status = append_id(tokens, start_id(vocabulary), error);
    if (status == VQC_OK)
        status = encode_words(vocabulary, utf8, text, memory, tokens, error);
    free(memory);
    VQC_TRY(status);
    return append_id(tokens, end_id(vocabulary), error);
}

static vqc_status openai_encode(const void *own, const char *text, vqc_token_list *tokens, vqc_error *error)
{
    vqc_code_points code_points = {0};
    vqc_status status = encode_clean(own, text, &code_points, tokens, error);
    vqc_code_points_release(&code_points);
    return status;
}

/* Whatever no other kind knows: a file of merges has no mark of its own. */
static bool openai_recognise(const vqc_tokenizer_file *file)
{
    (void)file;
    return true;
}

static vqc_status openai_read(const vqc_tokenizer_file *file, vqc_tokenizer_surroundings *surroundings,
                              void **own_out, vqc_tokenizer_facts *facts, vqc_error *error)
{
    vqc_vocabulary *vocabulary;
    VQC_TRY(vqc_vocabulary_create(file->path, &vocabulary, error));
    *own_out = vocabulary;
    facts->size = vqc_vocabulary_size(vocabulary);
    facts->after = 1;
    facts->padding = 0;
    facts->cleaning = VQC_CLEANING_LOWER;
    (void)snprintf(facts->rules, sizeof facts->rules, "OpenAI's byte pairs, with its ids%s",
                   strcmp(file->name, "merges.txt") == 0 ? " (assumed: no vocab.json beside it)" : "");
    return vqc_tokenizer_surroundings_cleaning(surroundings, true, &facts->cleaning, error);
}

static const char *openai_token_text(const void *own, int32_t id)
{
    return vqc_vocabulary_text(own, id);
}

static void openai_destroy(void *own)
{
    vqc_vocabulary_destroy(own);
}

const vqc_tokenizer_type vqc_tokenizer_openai = {
    .name = "OpenAI's byte pairs",
    .recognise = openai_recognise,
    .read = openai_read,
    .encode = openai_encode,
    .token_text = openai_token_text,
    .destroy = openai_destroy,
};
