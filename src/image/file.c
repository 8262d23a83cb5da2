#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "image/codec.h"

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

vqc_status vqc_image_file_opaque(vqc_error *error)
{
    return vqc_error_set(error, VQC_BAD_INPUT, "expected a picture with an opacity of its own, found one without");
}

vqc_status vqc_image_file_too_small(const vqc_image_file *file, int64_t height, int64_t width, vqc_error *error)
{
    return vqc_error_set(error, VQC_BAD_INPUT,
                         "expected a picture of %" PRId64 " × %" PRId64 " pixels, found %" PRId64
                         " bytes, which cannot hold that many",
                         width, height, file->size);
}
