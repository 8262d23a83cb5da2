#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <webp/decode.h>

#include "base/memory.h"
#include "image/codec.h"
#include "image/orientation.h"

enum {
    HEAD = 12,      /* "RIFF", a size, "WEBP" */
    CHUNK_HEAD = 8, /* four letters, a size; chunks begin at even places */
    CHANNELS = 4,   /* with opacity */
    DENSEST =
        1 << 16 /* pixels of a byte at most: flat ones take no bits, so that the format has no bound of its own */
};

/* A file being decoded. */
typedef struct webp_reader {
    const vqc_image_file *file;
    uint8_t *bytes;
    size_t size;
    uint8_t *colours; /* (height, width, CHANNELS) */
    vqc_image image;
} webp_reader;

static vqc_status bytes_read(webp_reader *reader, vqc_error *error)
{
    reader->size = (size_t)reader->file->size;
    VQC_TRY(vqc_memory_allocate(reader->size, 1, "a picture's file", &reader->bytes, error));
    if (fread(reader->bytes, 1, reader->size, reader->file->stream) != reader->size)
        return vqc_error_set(error, VQC_BAD_INPUT, "cannot be read: %s",
                             ferror(reader->file->stream) != 0 ? strerror(errno) : "it has become shorter");
    return VQC_OK;
}

static vqc_status damaged(vqc_error *error)
{
    return vqc_error_set(error, VQC_BAD_INPUT, "is a WebP picture that is damaged or cut short");
}

static uint32_t size_at(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

static vqc_status features_check(const webp_reader *reader, WebPBitstreamFeatures *features, vqc_error *error)
{
    if (reader->size < HEAD ||
        size_at(reader->bytes + 4) > reader->size - 8) /* what is cut may be behind the pixels */
        return damaged(error);
    if (WebPGetFeatures(reader->bytes, reader->size, features) != VP8_STATUS_OK || features->width < 1 ||
        features->height < 1)
        return damaged(error);
    if (features->has_animation != 0)
        return vqc_error_set(error, VQC_BAD_INPUT, "expected one picture, found a WebP animation");
    if (reader->file->opacity && features->has_alpha == 0)
        return vqc_image_file_opaque(error);
    if ((int64_t)features->width * features->height / DENSEST > reader->file->size)
        return vqc_image_file_too_small(reader->file, features->height, features->width, error);
    return VQC_OK;
}

/* How the camera was held, by the first chunk of Exif; some programs begin it as JPEG does. */
static int orientation_of(const webp_reader *reader)
{
    static const char head[6] = "Exif\0";
    for (size_t at = HEAD; at + CHUNK_HEAD <= reader->size;) {
        const uint8_t *chunk = reader->bytes + at;
        size_t size = size_at(chunk + 4);
        if (size > reader->size - at - CHUNK_HEAD)
            return 1;
        if (memcmp(chunk, "EXIF", 4) == 0) {
            size_t skipped =
                size > sizeof head && memcmp(chunk + CHUNK_HEAD, head, sizeof head) == 0 ? sizeof head : 0;
            return vqc_exif_orientation(chunk + CHUNK_HEAD + skipped, size - skipped);
        }
        at += CHUNK_HEAD + size + size % 2;
    }
    return 1;
}

static vqc_status pixels_read(webp_reader *reader, vqc_error *error)
{
    WebPBitstreamFeatures features;
    VQC_TRY(bytes_read(reader, error));
    VQC_TRY(features_check(reader, &features, error));
    VQC_TRY(vqc_image_create(features.height, features.width, &reader->image, error));
    const size_t count = (size_t)features.height * (size_t)features.width;
    VQC_TRY(vqc_memory_allocate(count, CHANNELS, "a picture", &reader->colours, error));
    if (WebPDecodeRGBAInto(reader->bytes, reader->size, reader->colours, count * CHANNELS,
                           features.width * CHANNELS) == NULL)
        return damaged(error);
    if (reader->file->opacity)
        vqc_image_take_opacity(reader->colours, &reader->image);
    else
        vqc_image_lay_on_white(reader->colours, &reader->image);
    return vqc_image_orient(&reader->image, orientation_of(reader), error);
}

vqc_status vqc_image_webp_read(vqc_image_file *file, vqc_image *image_out, vqc_error *error)
{
    webp_reader reader = {.file = file};
    vqc_status status = pixels_read(&reader, error);
    if (status == VQC_OK)
        *image_out = reader.image;
    else
        vqc_image_release(&reader.image);
    free(reader.bytes);
    free(reader.colours);
    return status;
}

vqc_status vqc_image_webp_library(vqc_text *text, vqc_error *error)
{
    const unsigned version = (unsigned)WebPGetDecoderVersion(); /* a byte for each of its numbers */
    return vqc_text_append(text, error, "libwebp %u.%u.%u\n", version >> 16, version >> 8 & 255, version & 255);
}
