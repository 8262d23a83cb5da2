#include "archive/seal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/text.h"

/* The text: the first line, BLOCK_WORD and BYTES_WORD with a number, WRITTEN_WORD with two for each part, and
 * DIGEST_WORD with the digest. Zeros fill the block. */
static const char first_line[] = "vqclip archive\n";
static const char block_word[] = "block ";
static const char bytes_word[] = "bytes ";
static const char written_word[] = "written ";
static const char digest_word[] = "sha256 ";

enum { DIGEST_DIGITS = VQC_DIGEST_TEXT_SIZE - 1, BLOCK_MINIMUM = 512, LINE_BYTES = 64 };

uint64_t vqc_seal_block_bytes(size_t written)
{
    const uint64_t text = sizeof first_line + 2 * LINE_BYTES + (uint64_t)written * LINE_BYTES + 2 * DIGEST_DIGITS;
    uint64_t bytes = BLOCK_MINIMUM;
    while (bytes < text)
        bytes *= 2;
    return bytes;
}

vqc_status vqc_seal_add(vqc_seal *seal, uint64_t offset, uint64_t size, vqc_error *error)
{
    VQC_TRY(vqc_memory_grow(&seal->written, &seal->capacity, seal->count + 1, sizeof *seal->written,
                            "the archive's seal", error));
    seal->written[seal->count++] = (vqc_digest_range){.offset = offset, .size = size};
    return VQC_OK;
}

void vqc_seal_release(vqc_seal *seal)
{
    free(seal->written);
    *seal = (vqc_seal){0};
}

static int range_order(const void *left, const void *right)
{
    const vqc_digest_range *a = left;
    const vqc_digest_range *b = right;
    return (a->offset > b->offset) - (a->offset < b->offset);
}

/* The digest of the block, with zeros for digits where its digest stands or will stand, and of all behind it that is
 * in no written part; the parts must lie in order within the file. */
static vqc_status digest_compute(const vqc_seal *seal, int file, const char *path, const char *block,
                                 uint64_t block_bytes, uint64_t file_bytes, char digest[VQC_DIGEST_TEXT_SIZE],
                                 vqc_error *error)
{
    vqc_digest_range *gaps;
    uint64_t place = block_bytes;
    VQC_TRY(vqc_memory_allocate(seal->count + 1, sizeof *gaps, "the archive's seal", &gaps, error));
    for (size_t i = 0; i < seal->count; i++) {
        const vqc_digest_range *part = &seal->written[i];
        if (part->offset < place || part->offset > file_bytes || part->size > file_bytes - part->offset) {
            free(gaps);
            return vqc_error_set(error, VQC_BAD_INPUT,
                                 "%s: the seal at its start is damaged: its part %zu is out of "
                                 "order or beyond the file's end",
                                 path, i);
        }
        gaps[i] = (vqc_digest_range){.offset = place, .size = part->offset - place};
        place = part->offset + part->size;
    }
    gaps[seal->count] = (vqc_digest_range){.offset = place, .size = file_bytes - place};
    const vqc_digest_piece head = {.data = block, .size = (size_t)block_bytes};
    vqc_status status = vqc_digest_ranges(&head, file, path, gaps, seal->count + 1, digest, error);
    free(gaps);
    return status;
}

/* --- Writing --- */

/* The block's text, with zeros for the digest; where its digits will stand. */
static vqc_status text_make(const vqc_seal *seal, uint64_t block_bytes, uint64_t file_bytes, vqc_text *text,
                            size_t *digits_out, vqc_error *error)
{
    VQC_TRY(vqc_text_append(text, error, "%s%s%llu\n%s%llu\n", first_line, block_word,
                            (unsigned long long)block_bytes, bytes_word, (unsigned long long)file_bytes));
    for (size_t i = 0; i < seal->count; i++)
        VQC_TRY(vqc_text_append(text, error, "%s%llu %llu\n", written_word,
                                (unsigned long long)seal->written[i].offset,
                                (unsigned long long)seal->written[i].size));
    VQC_TRY(vqc_text_append(text, error, "%s", digest_word));
    *digits_out = text->size;
    return vqc_text_append(text, error, "%0*d\n", DIGEST_DIGITS, 0);
}

static vqc_status block_write(int file, const char *path, const char *block, size_t size, vqc_error *error)
{
    for (size_t done = 0; done < size;) {
        const ssize_t count = pwrite(file, block + done, size - done, (off_t)done);
        if (count < 0 && errno != EINTR)
            return vqc_error_set(error, VQC_FAILED, "%s: cannot be written: %s", path, strerror(errno));
        done += count > 0 ? (size_t)count : 0;
    }
    return VQC_OK;
}

/* Makes the block of this text, computes the digest, and writes the block. */
static vqc_status text_seal(const vqc_seal *seal, int file, const char *path, const vqc_text *text, size_t digits,
                            uint64_t block_bytes, uint64_t file_bytes, vqc_error *error)
{
    char *block;
    char digest[VQC_DIGEST_TEXT_SIZE];
    if (text->size > block_bytes)
        return vqc_error_set(error, VQC_FAILED, "%s: the archive's seal has %zu parts, for which there is no room",
                             path, seal->count);
    VQC_TRY(vqc_memory_allocate((size_t)block_bytes, 1, "the archive's seal", &block, error));
    memcpy(block, text->data, text->size);
    vqc_status status = digest_compute(seal, file, path, block, block_bytes, file_bytes, digest, error);
    if (status == VQC_OK) {
        memcpy(block + digits, digest, DIGEST_DIGITS);
        status = block_write(file, path, block, (size_t)block_bytes, error);
    }
    free(block);
    return status;
}

static vqc_status file_seal(const vqc_seal *seal, int file, const char *path, uint64_t block_bytes,
                            uint64_t file_bytes, vqc_error *error)
{
    vqc_text text = {0};
    size_t digits = 0;
    vqc_status status = text_make(seal, block_bytes, file_bytes, &text, &digits, error);
    if (status == VQC_OK)
        status = text_seal(seal, file, path, &text, digits, block_bytes, file_bytes, error);
    vqc_text_release(&text);
    return status;
}

vqc_status vqc_seal_write(vqc_seal *seal, const char *path, uint64_t block_bytes, vqc_error *error)
{
    struct stat information;
    const int file = open(path, O_RDWR | O_CLOEXEC);
    vqc_status status = VQC_OK;
    if (seal->count > 0)
        qsort(seal->written, seal->count, sizeof *seal->written, range_order);
    if (file < 0 || fstat(file, &information) != 0)
        status = vqc_error_set(error, VQC_FAILED, "%s: cannot be opened: %s", path, strerror(errno));
    if (status == VQC_OK)
        status = file_seal(seal, file, path, block_bytes, (uint64_t)information.st_size, error);
    if (file >= 0)
        (void)close(file);
    return status;
}

/* --- Checking --- */

/* Takes the word and a decimal number behind it; false, and nothing is taken, where they do not stand there. */
static bool number_take(const char **at, const char *word, uint64_t *number_out)
{
    const size_t length = strlen(word);
    char *end;
    if (strncmp(*at, word, length) != 0 || (*at)[length] < '0' || (*at)[length] > '9')
        return false;
    errno = 0;
    *number_out = strtoull(*at + length, &end, 10);
    if (errno != 0)
        return false;
    *at = end;
    return true;
}

static bool word_take(const char **at, const char *word)
{
    const size_t length = strlen(word);
    if (strncmp(*at, word, length) != 0)
        return false;
    *at += length;
    return true;
}

static vqc_status damaged(const char *path, const char *what, vqc_error *error)
{
    return vqc_error_set(error, VQC_BAD_INPUT, "%s: the seal at its start is damaged: %s", path, what);
}

/* Reads exactly this many bytes from the file's start; false where there are fewer. */
static bool start_read(int file, char *bytes, size_t size)
{
    size_t done = 0;
    while (done < size) {
        const ssize_t count = pread(file, bytes + done, size - done, (off_t)done);
        if (count == 0 || (count < 0 && errno != EINTR))
            return false;
        done += count > 0 ? (size_t)count : 0;
    }
    return true;
}

/* Reads the parts of the block's text, which a NUL ends, from `at`; *digits_out is where the digest stands. */
static vqc_status parts_read(vqc_seal *seal, const char *path, const char *at, const char **digits_out,
                             vqc_error *error)
{
    uint64_t offset;
    uint64_t size;
    while (number_take(&at, written_word, &offset)) {
        if (!number_take(&at, " ", &size) || !word_take(&at, "\n"))
            return damaged(path, "a line of it is not whole", error);
        VQC_TRY(vqc_seal_add(seal, offset, size, error));
    }
    if (!word_take(&at, digest_word) || strlen(at) < DIGEST_DIGITS + 1 || at[DIGEST_DIGITS] != '\n')
        return damaged(path, "it has no digest", error);
    *digits_out = at;
    return VQC_OK;
}

/* Compares the file with the seal in its block, whose text goes on at `at` behind its sizes. */
static vqc_status block_check(int file, const char *path, char *block, const char *at, uint64_t block_bytes,
                              uint64_t file_bytes, vqc_error *error)
{
    vqc_seal seal = {0};
    const char *digits = NULL;
    char expected[VQC_DIGEST_TEXT_SIZE] = {0};
    char found[VQC_DIGEST_TEXT_SIZE] = {0};
    vqc_status status = parts_read(&seal, path, at, &digits, error);
    if (status == VQC_OK) {
        memcpy(expected, digits, DIGEST_DIGITS);
        memset(block + (digits - block), '0', DIGEST_DIGITS);
        status = digest_compute(&seal, file, path, block, block_bytes, file_bytes, found, error);
    }
    vqc_seal_release(&seal);
    if (status != VQC_OK || strcmp(expected, found) == 0)
        return status;
    return vqc_error_set(error, VQC_BAD_INPUT,
                         "%s: this archive is damaged: what no launch writes in it, its structure among it, has "
                         "another SHA-256 than when it was made (expected %.12s..., found %.12s...)",
                         path, expected, found);
}

/* Reads the two sizes that the text begins with. */
static vqc_status sizes_read(const char *path, const char **at, uint64_t file_bytes, uint64_t *block_bytes_out,
                             vqc_error *error)
{
    uint64_t bytes;
    *at += sizeof first_line - 1;
    if (!number_take(at, block_word, block_bytes_out) || !word_take(at, "\n") ||
        !number_take(at, bytes_word, &bytes) || !word_take(at, "\n") || *block_bytes_out < BLOCK_MINIMUM)
        return damaged(path, "it does not begin with its size and the file's", error);
    if (bytes != file_bytes || *block_bytes_out > file_bytes)
        return vqc_error_set(error, VQC_BAD_INPUT,
                             "%s: this archive is truncated or damaged: expected %llu bytes, found %llu", path,
                             (unsigned long long)bytes, (unsigned long long)file_bytes);
    return VQC_OK;
}

static vqc_status file_check(int file, const char *path, uint64_t file_bytes, bool *sealed_out, vqc_error *error)
{
    char start[BLOCK_MINIMUM + 1] = {0};
    const char *at = start;
    uint64_t block_bytes;
    char *block;
    *sealed_out = start_read(file, start, BLOCK_MINIMUM) && strncmp(start, first_line, sizeof first_line - 1) == 0;
    if (!*sealed_out)
        return VQC_OK;
    VQC_TRY(sizes_read(path, &at, file_bytes, &block_bytes, error));
    VQC_TRY(vqc_memory_allocate(1, (size_t)block_bytes + 1, "the archive's seal", &block, error));
    vqc_status status = VQC_OK;
    if (!start_read(file, block, (size_t)block_bytes) || memcmp(block, start, BLOCK_MINIMUM) != 0)
        status = vqc_error_set(error, VQC_BAD_INPUT, "%s: cannot be read, or changes while it is read", path);
    if (status == VQC_OK)
        status = block_check(file, path, block, block + (at - start), block_bytes, file_bytes, error);
    free(block);
    return status;
}

vqc_status vqc_seal_check(const char *path, bool *sealed_out, vqc_error *error)
{
    struct stat information;
    vqc_status status;
    const int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file < 0 || fstat(file, &information) != 0)
        status = vqc_error_set(error, VQC_BAD_INPUT, "%s: cannot be opened: %s", path, strerror(errno));
    else if (!S_ISREG(information.st_mode))
        status = vqc_error_set(error, VQC_BAD_INPUT, "%s: is not a file", path);
    else
        status = file_check(file, path, (uint64_t)information.st_size, sealed_out, error);
    if (file >= 0)
        (void)close(file);
    return status;
}
