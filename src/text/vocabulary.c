#include "text/vocabulary.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <zlib.h>

#include "base/memory.h"
#include "base/utf8.h"
#include "text/code_points.h"

enum { EMPTY = -1 };

/* One entry of the merge table: open addressing with linear steps. */
typedef struct merge_entry {
    int32_t left;
    int32_t right;
    int32_t rank; /* EMPTY where there is no entry */
    int32_t result;
} merge_entry;

struct vqc_vocabulary {
    size_t size;
    int32_t byte_symbols[256]; /* of single bytes that are not at the end of a word */
    char *texts;               /* of all ids, each with a NUL */
    size_t texts_size;
    size_t texts_capacity;
    size_t *text_offsets; /* [size], by id */
    int32_t *ids;         /* [size], by symbol: the last id with the symbol's text */
    size_t slots;         /* of both tables, a power of two, at least twice the size */
    int32_t *symbols;     /* [slots], symbols by text; EMPTY where there is none */
    merge_entry *merges;  /* [slots], merges by left and right */
};

/* A vocabulary file in memory, and where reading is. */
typedef struct vocabulary_file {
    const char *path;
    char *bytes;
    size_t size;
    size_t capacity;
    size_t position;
    size_t line; /* number of the line that was read last */
} vocabulary_file;

/* Whether a byte stands for itself in a symbol. */
static bool is_printable_byte(unsigned byte)
{
    return (byte >= '!' && byte <= '~') || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
}

static uint64_t mix(uint64_t value)
{
    value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9U;
    value = (value ^ (value >> 27)) * 0x94d049bb133111ebU;
    return value ^ (value >> 31);
}

static uint64_t hash_text(const char *text, size_t size)
{
    uint64_t hash = 0xcbf29ce484222325U; /* FNV-1a */
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ (unsigned char)text[i]) * 0x100000001b3U;
    return mix(hash);
}

/* The slot of a text: the one that holds it, or the empty one where it belongs. */
static size_t text_slot(const vqc_vocabulary *vocabulary, const char *text, size_t size)
{
    size_t slot = hash_text(text, size) & (vocabulary->slots - 1);
    while (vocabulary->symbols[slot] != EMPTY) {
        const char *other = vocabulary->texts + vocabulary->text_offsets[vocabulary->symbols[slot]];
        if (strncmp(other, text, size) == 0 && other[size] == '\0')
            break;
        slot = (slot + 1) & (vocabulary->slots - 1);
    }
    return slot;
}

static size_t merge_slot(const vqc_vocabulary *vocabulary, int32_t left, int32_t right)
{
    uint64_t key = ((uint64_t)(uint32_t)left << 32) | (uint32_t)right;
    size_t slot = mix(key) & (vocabulary->slots - 1);
    while (vocabulary->merges[slot].rank != EMPTY &&
           (vocabulary->merges[slot].left != left || vocabulary->merges[slot].right != right))
        slot = (slot + 1) & (vocabulary->slots - 1);
    return slot;
}

/* Stores a text for the next id and gives the symbol that spells it. */
static vqc_status add_text(vqc_vocabulary *vocabulary, size_t id, const char *text, size_t size, int32_t *symbol_out,
                           vqc_error *error)
{
    VQC_TRY(vqc_memory_grow(&vocabulary->texts, &vocabulary->texts_capacity, vocabulary->texts_size + size + 1, 1,
                            "the vocabulary", error));
    memcpy(vocabulary->texts + vocabulary->texts_size, text, size);
    vocabulary->texts[vocabulary->texts_size + size] = '\0';
    vocabulary->text_offsets[id] = vocabulary->texts_size;
    size_t slot = text_slot(vocabulary, text, size);
    if (vocabulary->symbols[slot] == EMPTY)
        vocabulary->symbols[slot] = (int32_t)id;
    vocabulary->texts_size += size + 1;
    int32_t symbol = vocabulary->symbols[slot];
    vocabulary->ids[symbol] = (int32_t)id;
    *symbol_out = symbol;
    return VQC_OK;
}

/* Adds the 256 symbols of single bytes, the printable bytes first. */
static vqc_status add_bytes(vqc_vocabulary *vocabulary, const char *ending, size_t first_id, vqc_error *error)
{
    size_t id = first_id;
    int32_t substitute = 0x100;
    for (int printable = 1; printable >= 0; printable--) {
        for (unsigned byte = 0; byte < 256; byte++) {
            if (is_printable_byte(byte) != printable)
                continue;
            char text[8];
            size_t size = vqc_code_point_to_utf8(printable ? (int32_t)byte : substitute++, text);
            memcpy(text + size, ending, strlen(ending));
            vocabulary->byte_symbols[byte] = (int32_t)(id - first_id);
            int32_t symbol;
            VQC_TRY(add_text(vocabulary, id, text, size + strlen(ending), &symbol, error));
            id++;
        }
    }
    return VQC_OK;
}

/* Reads the whole file, decompressed, into memory. */
static vqc_status read_all(vocabulary_file *file, gzFile stream, vqc_error *error)
{
    enum { PIECE = 1 << 16 };
    for (;;) {
        VQC_TRY(vqc_memory_grow(&file->bytes, &file->capacity, file->size + PIECE, 1, "a vocabulary file", error));
        int got = gzread(stream, file->bytes + file->size, PIECE);
        int code;
        const char *message = gzerror(stream, &code);
        if (got < 0 || code == Z_BUF_ERROR) /* the latter: the compressed data ends too early */
            return vqc_error_set(error, VQC_BAD_INPUT, "%s: cannot read the vocabulary: %s", file->path,
                                 code == Z_ERRNO ? strerror(errno) : message);
        if (got == 0)
            return VQC_OK;
        file->size += (size_t)got;
        if (file->size > VQC_VOCABULARY_MAX_FILE)
            return vqc_error_set(error, VQC_BAD_INPUT, "%s: vocabulary is larger than %d bytes", file->path,
                                 VQC_VOCABULARY_MAX_FILE);
    }
}

static vqc_status open_and_read(vocabulary_file *file, vqc_error *error)
{
    struct stat information;
    if (stat(file->path, &information) != 0)
        return vqc_error_set(error, VQC_BAD_INPUT, "%s: cannot open the vocabulary: %s", file->path, strerror(errno));
    if (!S_ISREG(information.st_mode))
        return vqc_error_set(error, VQC_BAD_INPUT, "%s: expected a vocabulary file, found no regular file",
                             file->path);
    gzFile stream = gzopen(file->path, "rb");
    if (stream == NULL)
        return vqc_error_set(error, VQC_BAD_INPUT, "%s: cannot open the vocabulary: %s", file->path, strerror(errno));
    vqc_status status = read_all(file, stream, error);
    (void)gzclose(stream);
    return status;
}

/* Number of lines; the last may lack its newline. */
static size_t count_lines(const vocabulary_file *file)
{
    size_t lines = 0;
    for (size_t i = 0; i < file->size; i++)
        lines += file->bytes[i] == '\n';
    return lines + (file->size > 0 && file->bytes[file->size - 1] != '\n');
}

/* The next line without its end; there must be one. */
static const char *next_line(vocabulary_file *file, size_t *size_out)
{
    const char *line = file->bytes + file->position;
    const char *end = memchr(line, '\n', file->size - file->position);
    size_t size = end == NULL ? file->size - file->position : (size_t)(end - line);
    file->position += size + (end != NULL);
    file->line++;
    if (size > 0 && line[size - 1] == '\r')
        size--;
    *size_out = size;
    return line;
}

static vqc_status line_error(const vocabulary_file *file, const char *problem, vqc_error *error)
{
    return vqc_error_set(error, VQC_BAD_INPUT, "%s: line %zu: %s", file->path, file->line, problem);
}

/* Finds the symbol of a text of the file. */
static vqc_status find_symbol(const vqc_vocabulary *vocabulary, const vocabulary_file *file, const char *text,
                              size_t size, int32_t *symbol_out, vqc_error *error)
{
    enum { SHOWN = 64 };
    *symbol_out = vocabulary->symbols[text_slot(vocabulary, text, size)];
    if (*symbol_out == EMPTY)
        return vqc_error_set(error, VQC_BAD_INPUT,
                             "%s: line %zu: expected symbols made by earlier lines, found \"%.*s\"", file->path,
                             file->line, size > SHOWN ? SHOWN : (int)size, text);
    return VQC_OK;
}

/* Reads the next line as the merge of the given rank. */
static vqc_status read_merge(vqc_vocabulary *vocabulary, vocabulary_file *file, size_t rank, vqc_error *error)
{
    size_t size;
    const char *line = next_line(file, &size);
    if (!vqc_utf8_is_valid(line, size))
        return line_error(file, "not UTF-8", error);
    if (memchr(line, '\0', size) != NULL)
        return line_error(file, "holds a NUL byte", error);
    const char *space = memchr(line, ' ', size);
    size_t left_size = space == NULL ? size : (size_t)(space - line);
    if (left_size == 0 || left_size + 1 >= size || memchr(space + 1, ' ', size - left_size - 1) != NULL)
        return line_error(file, "expected two symbols with one space between them", error);
    int32_t left;
    int32_t right;
    VQC_TRY(find_symbol(vocabulary, file, line, left_size, &left, error));
    VQC_TRY(find_symbol(vocabulary, file, space + 1, size - left_size - 1, &right, error));
    size_t slot = merge_slot(vocabulary, left, right);
    if (vocabulary->merges[slot].rank != EMPTY)
        return vqc_error_set(error, VQC_BAD_INPUT, "%s: line %zu: the same merge as line %d", file->path, file->line,
                             vocabulary->merges[slot].rank + 2);
    vocabulary->merges[slot] = (merge_entry){.left = left, .right = right, .rank = (int32_t)rank};
    char *joined;
    VQC_TRY(vqc_memory_allocate(size, 1, "a symbol", &joined, error));
    memcpy(joined, line, left_size);
    memcpy(joined + left_size, space + 1, size - left_size - 1);
    vqc_status status = add_text(vocabulary, 512 + rank, joined, size - 1, &vocabulary->merges[slot].result, error);
    free(joined);
    return status;
}

static vqc_status read_merges(vqc_vocabulary *vocabulary, vocabulary_file *file, vqc_error *error)
{
    size_t header_size;
    (void)next_line(file, &header_size);
    for (size_t rank = 0; rank < vocabulary->size - VQC_VOCABULARY_FIXED; rank++)
        VQC_TRY(read_merge(vocabulary, file, rank, error));
    return VQC_OK;
}

/* How many symbols the file gives. */
static vqc_status decide_size(const vocabulary_file *file, size_t *size_out, vqc_error *error)
{
    size_t lines = count_lines(file);
    size_t merges = lines == 0 ? 0 : lines - 1;
    if (merges == 0)
        return vqc_error_set(error, VQC_BAD_INPUT, "%s: expected a header line and merges, found %zu lines",
                             file->path, lines);
    *size_out =
        VQC_VOCABULARY_FIXED + (merges < VQC_VOCABULARY_PUBLIC_MERGES ? merges : VQC_VOCABULARY_PUBLIC_MERGES);
    return VQC_OK;
}

static vqc_status allocate_tables(vqc_vocabulary *vocabulary, vqc_error *error)
{
    vocabulary->slots = 1024;
    while (vocabulary->slots < 2 * vocabulary->size)
        vocabulary->slots *= 2;
    const char *what = "the vocabulary";
    VQC_TRY(vqc_memory_allocate(vocabulary->size, sizeof(size_t), what, &vocabulary->text_offsets, error));
    VQC_TRY(vqc_memory_allocate(vocabulary->size, sizeof(int32_t), what, &vocabulary->ids, error));
    VQC_TRY(vqc_memory_allocate(vocabulary->slots, sizeof(int32_t), what, &vocabulary->symbols, error));
    VQC_TRY(vqc_memory_allocate(vocabulary->slots, sizeof(merge_entry), what, &vocabulary->merges, error));
    for (size_t slot = 0; slot < vocabulary->slots; slot++) {
        vocabulary->symbols[slot] = EMPTY;
        vocabulary->merges[slot].rank = EMPTY;
    }
    return VQC_OK;
}

static vqc_status fill(vqc_vocabulary *vocabulary, vocabulary_file *file, vqc_error *error)
{
    VQC_TRY(open_and_read(file, error));
    VQC_TRY(decide_size(file, &vocabulary->size, error));
    VQC_TRY(allocate_tables(vocabulary, error));
    VQC_TRY(add_bytes(vocabulary, "</w>", 256, error));
    VQC_TRY(add_bytes(vocabulary, "", 0, error));
    VQC_TRY(read_merges(vocabulary, file, error));
    static const char *const ends[2] = {"<|startoftext|>", "<|endoftext|>"};
    for (size_t i = 0; i < 2; i++) {
        int32_t symbol;
        VQC_TRY(add_text(vocabulary, vocabulary->size - 2 + i, ends[i], strlen(ends[i]), &symbol, error));
    }
    return VQC_OK;
}

vqc_status vqc_vocabulary_create(const char *path, vqc_vocabulary **vocabulary_out, vqc_error *error)
{
    vqc_vocabulary *vocabulary;
    VQC_TRY(vqc_memory_allocate(1, sizeof *vocabulary, "the vocabulary", &vocabulary, error));
    vocabulary_file file = {.path = path};
    vqc_status status = fill(vocabulary, &file, error);
    free(file.bytes);
    if (status != VQC_OK) {
        vqc_vocabulary_destroy(vocabulary);
        return status;
    }
    *vocabulary_out = vocabulary;
    return VQC_OK;
}

void vqc_vocabulary_destroy(vqc_vocabulary *vocabulary)
{
    if (vocabulary == NULL)
        return;
    free(vocabulary->texts);
    free(vocabulary->text_offsets);
    free(vocabulary->ids);
    free(vocabulary->symbols);
    free(vocabulary->merges);
    free(vocabulary);
}

size_t vqc_vocabulary_size(const vqc_vocabulary *vocabulary)
{
    return vocabulary->size;
}

int32_t vqc_vocabulary_byte_symbol(const vqc_vocabulary *vocabulary, uint8_t byte, bool is_last)
{
    return vocabulary->byte_symbols[byte] + (is_last ? 256 : 0);
}

int32_t vqc_vocabulary_merge(const vqc_vocabulary *vocabulary, int32_t left, int32_t right, int32_t *rank_out)
{
    const merge_entry *entry = &vocabulary->merges[merge_slot(vocabulary, left, right)];
    if (entry->rank == EMPTY)
        return VQC_VOCABULARY_NO_MERGE;
    *rank_out = entry->rank;
    return entry->result;
}

int32_t vqc_vocabulary_id(const vqc_vocabulary *vocabulary, int32_t symbol)
{
    return vocabulary->ids[symbol];
}

const char *vqc_vocabulary_text(const vqc_vocabulary *vocabulary, int32_t id)
{
    if (id < 0 || (size_t)id >= vocabulary->size)
        return NULL;
    return vocabulary->texts + vocabulary->text_offsets[id];
}
