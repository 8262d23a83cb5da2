#include <errno.h>
#include <string.h>

#include "image/codec.h"
#include "image/image.h"

/* Reads the format that the first bytes tell. */
static vqc_status file_read(vqc_image_file *file, vqc_image *image_out, vqc_error *error)
{
    static const unsigned char png[8] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
    static const unsigned char jpeg[3] = {0xff, 0xd8, 0xff};
    unsigned char first[12] = {0};
    size_t size = fread(first, 1, sizeof first, file->stream);
    if (ferror(file->stream) != 0 || fseek(file->stream, 0, SEEK_SET) != 0)
        return vqc_error_set(error, VQC_BAD_INPUT, "cannot be read: %s", strerror(errno));
    if (size >= sizeof png && memcmp(first, png, sizeof png) == 0)
        return vqc_image_png_read(file, image_out, error);
    if (size >= sizeof jpeg && memcmp(first, jpeg, sizeof jpeg) == 0)
        return file->opacity ? vqc_image_file_opaque(error) : vqc_image_jpeg_read(file, image_out, error);
    if (size == sizeof first && memcmp(first, "RIFF", 4) == 0 && memcmp(first + 8, "WEBP", 4) == 0)
        return vqc_image_webp_read(file, image_out, error);
    return vqc_error_set(error, VQC_BAD_INPUT, "expected a PNG, JPEG or WebP picture, found none of them");
}

static vqc_status image_read(const char *path, bool opacity, vqc_image *image_out, vqc_error *error)
{
    vqc_image_file file = {.opacity = opacity};
    vqc_status status = vqc_image_file_open(path, &file, error);
    if (status == VQC_OK) {
        status = file_read(&file, image_out, error);
        vqc_image_file_close(&file);
    }
    return status == VQC_OK ? VQC_OK : vqc_error_prefix(error, "%s", path);
}

vqc_status vqc_image_read(const char *path, vqc_image *image_out, vqc_error *error)
{
    return image_read(path, false, image_out, error);
}

vqc_status vqc_image_read_opacity(const char *path, vqc_image *image_out, vqc_error *error)
{
    return image_read(path, true, image_out, error);
}
