#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "image/codec.h"
#include "image/image.h"

static vqc_status file_check(int descriptor, int64_t *size_out, vqc_error *error)
{
    struct stat facts;
    if (fstat(descriptor, &facts) != 0)
        return vqc_error_set(error, VQC_BAD_INPUT, "cannot be read: %s", strerror(errno));
    if (!S_ISREG(facts.st_mode))
        return vqc_error_set(error, VQC_BAD_INPUT, "is not a regular file");
    if (facts.st_size <= 0)
        return vqc_error_set(error, VQC_BAD_INPUT, "is empty");
    *size_out = facts.st_size;
    return VQC_OK;
}

vqc_status vqc_image_file_open(const char *path, vqc_image_file *file_out, vqc_error *error)
{
    /* Without O_NONBLOCK the opening of a named pipe would wait for a writer. */
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (descriptor < 0)
        return vqc_error_set(error, VQC_BAD_INPUT, "cannot be opened: %s", strerror(errno));
    vqc_status status = file_check(descriptor, &file_out->size, error);
    if (status == VQC_OK) {
        file_out->stream = fdopen(descriptor, "rb");
        if (file_out->stream == NULL)
            status = vqc_error_set(error, VQC_FAILED, "cannot be read: %s", strerror(errno));
    }
    if (status != VQC_OK)
        (void)close(descriptor);
    return status;
}

void vqc_image_file_close(vqc_image_file *file)
{
    (void)fclose(file->stream);
}

vqc_status vqc_image_file_too_small(const vqc_image_file *file, int64_t height, int64_t width, vqc_error *error)
{
    return vqc_error_set(error, VQC_BAD_INPUT,
                         "expected a picture of %" PRId64 " × %" PRId64 " pixels, found %" PRId64
                         " bytes, which cannot hold that many",
                         width, height, file->size);
}

/* Reads the format that the first bytes tell. */
static vqc_status file_read(vqc_image_file *file, vqc_image *image_out, vqc_error *error)
{
    static const unsigned char png[8] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
    static const unsigned char jpeg[3] = {0xff, 0xd8, 0xff};
    unsigned char first[sizeof png] = {0};
    size_t size = fread(first, 1, sizeof first, file->stream);
    if (ferror(file->stream) != 0 || fseek(file->stream, 0, SEEK_SET) != 0)
        return vqc_error_set(error, VQC_BAD_INPUT, "cannot be read: %s", strerror(errno));
    if (size >= sizeof png && memcmp(first, png, sizeof png) == 0)
        return vqc_image_png_read(file, image_out, error);
    if (size >= sizeof jpeg && memcmp(first, jpeg, sizeof jpeg) == 0)
        return vqc_image_jpeg_read(file, image_out, error);
    return vqc_error_set(error, VQC_BAD_INPUT, "expected a PNG or JPEG picture, found neither");
}

vqc_status vqc_image_read(const char *path, vqc_image *image_out, vqc_error *error)
{
    vqc_image_file file;
    vqc_status status = vqc_image_file_open(path, &file, error);
    if (status == VQC_OK) {
        status = file_read(&file, image_out, error);
        vqc_image_file_close(&file);
    }
    return status == VQC_OK ? VQC_OK : vqc_error_prefix(error, "%s", path);
}
