#include "base/digest.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"

enum { FILE_PIECE = 1 << 20 };

static vqc_status digest_refused(vqc_error *error)
{
    return vqc_error_set(error, VQC_FAILED, "the cryptographic library refused to compute a SHA-256 digest");
}

static vqc_status digest_finish(EVP_MD_CTX *context, char text[VQC_DIGEST_TEXT_SIZE], vqc_error *error)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned int size = 0;
    if (EVP_DigestFinal_ex(context, digest, &size) != 1 || 2 * size + 1 != VQC_DIGEST_TEXT_SIZE)
        return digest_refused(error);
    for (unsigned int i = 0; i < size; i++)
        (void)snprintf(text + 2 * (size_t)i, 3, "%02x", digest[i]);
    return VQC_OK;
}

/* A started SHA-256 computation, NULL if the library has none. */
static EVP_MD_CTX *digest_start(void)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    if (context != NULL && EVP_DigestInit_ex(context, EVP_sha256(), NULL) != 1) {
        EVP_MD_CTX_free(context);
        return NULL;
    }
    return context;
}

vqc_status vqc_digest_pieces(const vqc_digest_piece *pieces, size_t count, char text[VQC_DIGEST_TEXT_SIZE],
                             vqc_error *error)
{
    EVP_MD_CTX *context = digest_start();
    bool good = context != NULL;
    for (size_t i = 0; i < count && good; i++)
        good = EVP_DigestUpdate(context, pieces[i].data, pieces[i].size) == 1;
    vqc_status status = good ? digest_finish(context, text, error) : digest_refused(error);
    EVP_MD_CTX_free(context);
    return status;
}

vqc_status vqc_digest_bytes(const void *data, size_t size, char text[VQC_DIGEST_TEXT_SIZE], vqc_error *error)
{
    const vqc_digest_piece piece = {.data = data, .size = size};
    return vqc_digest_pieces(&piece, 1, text, error);
}

/* Feeds a part of the file to the computation, through `piece`. */
static vqc_status digest_update_range(EVP_MD_CTX *context, int file, const char *path, const vqc_digest_range *range,
                                      unsigned char *piece, vqc_error *error)
{
    for (uint64_t done = 0; done < range->size;) {
        const uint64_t left = range->size - done;
        const ssize_t size =
            pread(file, piece, left < FILE_PIECE ? (size_t)left : FILE_PIECE, (off_t)(range->offset + done));
        if (size < 0 && errno == EINTR)
            continue;
        if (size < 0)
            return vqc_error_set(error, VQC_BAD_INPUT, "%s: cannot be read: %s", path, strerror(errno));
        if (size == 0)
            return vqc_error_set(error, VQC_BAD_INPUT, "%s: ends at byte %llu, while it is read", path,
                                 (unsigned long long)(range->offset + done));
        if (EVP_DigestUpdate(context, piece, (size_t)size) != 1)
            return digest_refused(error);
        done += (uint64_t)size;
    }
    return VQC_OK;
}

vqc_status vqc_digest_ranges(const vqc_digest_piece *head, int file, const char *path, const vqc_digest_range *ranges,
                             size_t count, char text[VQC_DIGEST_TEXT_SIZE], vqc_error *error)
{
    unsigned char *piece;
    VQC_TRY(vqc_memory_allocate(FILE_PIECE, 1, "reading a file", &piece, error));
    EVP_MD_CTX *context = digest_start();
    vqc_status status = VQC_OK;
    if (context == NULL || EVP_DigestUpdate(context, head->data, head->size) != 1)
        status = digest_refused(error);
    for (size_t i = 0; i < count && status == VQC_OK; i++)
        status = digest_update_range(context, file, path, &ranges[i], piece, error);
    if (status == VQC_OK)
        status = digest_finish(context, text, error);
    EVP_MD_CTX_free(context);
    free(piece);
    return status;
}

/* Feeds the whole file to the computation. */
static vqc_status digest_update_from(EVP_MD_CTX *context, int file, const char *path, uint64_t *size_out,
                                     vqc_error *error)
{
    unsigned char *piece;
    VQC_TRY(vqc_memory_allocate(FILE_PIECE, 1, "reading a file", &piece, error));
    vqc_status status = VQC_OK;
    ssize_t size;
    *size_out = 0;
    while ((size = read(file, piece, FILE_PIECE)) > 0 || (size < 0 && errno == EINTR)) {
        if (size < 0)
            continue;
        *size_out += (uint64_t)size;
        if (EVP_DigestUpdate(context, piece, (size_t)size) != 1) {
            status = digest_refused(error);
            break;
        }
    }
    if (status == VQC_OK && size < 0)
        status = vqc_error_set(error, VQC_BAD_INPUT, "%s: cannot be read: %s", path, strerror(errno));
    free(piece);
    return status;
}

/* Opens a file; what is none is refused before anything waits for it. */
static vqc_status file_open(const char *path, int *file_out, vqc_error *error)
{
    struct stat information;
    int file = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (file < 0 || fstat(file, &information) != 0) {
        vqc_status status = vqc_error_set(error, VQC_BAD_INPUT, "%s: cannot be opened: %s", path, strerror(errno));
        if (file >= 0)
            (void)close(file);
        return status;
    }
    if (S_ISREG(information.st_mode)) {
        *file_out = file;
        return VQC_OK;
    }
    (void)close(file);
    return vqc_error_set(error, VQC_BAD_INPUT, "%s: cannot be read: it is not a file", path);
}

vqc_status vqc_digest_file_sized(const char *path, char text[VQC_DIGEST_TEXT_SIZE], uint64_t *size_out,
                                 vqc_error *error)
{
    int file;
    VQC_TRY(file_open(path, &file, error));
    EVP_MD_CTX *context = digest_start();
    vqc_status status =
        context == NULL ? digest_refused(error) : digest_update_from(context, file, path, size_out, error);
    if (status == VQC_OK)
        status = digest_finish(context, text, error);
    EVP_MD_CTX_free(context);
    (void)close(file);
    return status;
}

vqc_status vqc_digest_file(const char *path, char text[VQC_DIGEST_TEXT_SIZE], vqc_error *error)
{
    uint64_t size;
    return vqc_digest_file_sized(path, text, &size, error);
}
