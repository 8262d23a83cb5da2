#include "base/text_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/utf8.h"

static const char *kind_of(mode_t mode)
{
    if (S_ISDIR(mode))
        return "a folder";
    if (S_ISFIFO(mode))
        return "a pipe";
    if (S_ISSOCK(mode))
        return "a socket";
    return S_ISCHR(mode) || S_ISBLK(mode) ? "a device" : "something else";
}

static vqc_status read_failed(const char *path, vqc_error *error)
{
    return vqc_error_set(error, VQC_BAD_INPUT, "%s: cannot read: %s", path, strerror(errno));
}

/* Reads until the file ends, at most one byte more than `maximum`. */
static vqc_status bytes_read(int file, const char *path, size_t expected, size_t maximum, vqc_text *text,
                             vqc_error *error)
{
    for (;;) {
        size_t room = text->size < expected ? expected + 2 : text->size + 2; /* one to see the end, one for the NUL */
        VQC_TRY(vqc_memory_grow(&text->data, &text->capacity, room, 1, "a text", error));
        size_t wanted = text->capacity - 1 - text->size;
        ssize_t got = read(file, text->data + text->size, wanted);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return read_failed(path, error);
        text->size += (size_t)got;
        text->data[text->size] = '\0';
        if (text->size > maximum)
            return vqc_error_set(error, VQC_BAD_INPUT, "%s: expected at most %zu bytes, found more", path, maximum);
        if (got == 0)
            return VQC_OK;
    }
}

static bool is_same(const struct stat *a, const struct stat *b, size_t size)
{
    return (size_t)a->st_size == size && a->st_size == b->st_size && a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
           a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

static vqc_status file_read(int file, const char *path, size_t maximum, vqc_text *text, vqc_error *error)
{
    struct stat before;
    struct stat after;
    if (fstat(file, &before) != 0)
        return read_failed(path, error);
    if (!S_ISREG(before.st_mode))
        return vqc_error_set(error, VQC_BAD_INPUT, "%s: expected a regular file, found %s", path,
                             kind_of(before.st_mode));
    size_t size = (size_t)before.st_size < maximum ? (size_t)before.st_size : maximum;
    VQC_TRY(bytes_read(file, path, size, maximum, text, error));
    if (fstat(file, &after) != 0)
        return read_failed(path, error);
    if (!is_same(&before, &after, text->size))
        return vqc_error_set(error, VQC_BAD_INPUT, "%s: changed while it was read", path);
    return VQC_OK;
}

vqc_status vqc_text_file_read(const char *path, size_t maximum, vqc_text *text_out, vqc_error *error)
{
    vqc_text text = {0};
    /* Without O_NONBLOCK the opening of a named pipe would wait for a writer. */
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file < 0)
        return vqc_error_set(error, VQC_BAD_INPUT, "%s: cannot open: %s", path, strerror(errno));
    vqc_status status = file_read(file, path, maximum, &text, error);
    (void)close(file);
    if (status != VQC_OK) {
        vqc_text_release(&text);
        return status;
    }
    *text_out = text;
    return VQC_OK;
}

/* "NAME:LINE:COLUMN: MESSAGE" for a place in the text. */
static vqc_status place_error(const char *name, const char *text, size_t offset, const char *message,
                              vqc_error *error)
{
    size_t line = 1;
    size_t column = 1;
    for (size_t i = 0; i < offset; i++) {
        unsigned char byte = (unsigned char)text[i];
        if (byte == '\n')
            column = 1;
        else if (byte < 0x80 || byte >= 0xc0)
            column++;
        line += byte == '\n';
    }
    return vqc_error_set(error, VQC_BAD_INPUT, "%s:%zu:%zu: %s", name, line, column, message);
}

typedef struct mark {
    const char *bytes;
    size_t size;
    const char *message;
} mark;

/* Marks of encodings that are not UTF-8; that of UTF-32 begins like that of UTF-16. */
static const mark marks[] = {
    {"\xff\xfe\0\0", 4, "not UTF-8: found UTF-32, by its byte-order mark"},
    {"\0\0\xfe\xff", 4, "not UTF-8: found UTF-32, by its byte-order mark"},
    {"\xff\xfe", 2, "not UTF-8: found UTF-16, by its byte-order mark"},
    {"\xfe\xff", 2, "not UTF-8: found UTF-16, by its byte-order mark"},
    {"\x1f\x8b", 2, "not UTF-8: found a gzip file"},
    {"PK\x03\x04", 4, "not a text: found a zip file, as spreadsheets and documents are"},
};

vqc_status vqc_text_check(const char *name, const char *bytes, size_t size, size_t *start_out, vqc_error *error)
{
    static const char byte_order_mark[3] = "\xef\xbb\xbf";
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++)
        if (size >= marks[i].size && memcmp(bytes, marks[i].bytes, marks[i].size) == 0)
            return place_error(name, bytes, 0, marks[i].message, error);
    size_t start = size >= 3 && memcmp(bytes, byte_order_mark, 3) == 0 ? 3 : 0;
    for (size_t i = start; i < size;) {
        size_t length = vqc_utf8_sequence_size(bytes + i, size - i);
        if (bytes[i] == '\0')
            return place_error(name, bytes + start, i - start,
                               "found a NUL byte, which no text has (UTF-16 without a mark has many)", error);
        if (length == 0)
            return place_error(name, bytes + start, i - start, "not UTF-8: perhaps Latin-1 or Windows-1252", error);
        i += length;
    }
    *start_out = start;
    return VQC_OK;
}
