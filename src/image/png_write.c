#include <errno.h>
#include <png.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/memory.h"
#include "base/new_file.h"
#include "base/utf8.h"
#include "image/image.h"

enum {
    CHANNELS = 3,
    COMPRESSION_LEVEL = 6, /* fixed, like the filter, so that equal pictures give equal files */
    QUICK_LEVEL = 1,       /* of zlib's levels the one that takes least */
    MAX_KEY_SIZE = 79      /* PNG specification, 11.3.4.2 */
};

/* A picture being written. */
typedef struct png_writer {
    png_structp png;
    png_infop info;
    const vqc_image *image;
    png_text *texts;
    size_t text_count;
    int level;
    bool runs; /* deflate looks for runs of a byte alone */
    FILE *stream;
    const char *name; /* of the file, for errors */
    vqc_error *error;
} png_writer;

static void png_failed(png_structp png, png_const_charp message)
{
    png_writer *writer = png_get_error_ptr(png);
    bool stream_failed = ferror(writer->stream) != 0;
    (void)vqc_error_set(writer->error, VQC_FAILED, "%s: cannot be written: %s", writer->name,
                        stream_failed ? strerror(errno) : message);
    png_longjmp(png, 1);
}

static void png_warned(png_structp png, png_const_charp message)
{
    (void)png;
    (void)message;
}

/* A keyword as the PNG specification wants it, of the ASCII characters only. */
static bool key_is_valid(const char *key)
{
    size_t size = strlen(key);
    if (size < 1 || size > MAX_KEY_SIZE || key[0] == ' ' || key[size - 1] == ' ' || strstr(key, "  ") != NULL)
        return false;
    for (size_t i = 0; i < size; i++)
        if (key[i] < ' ' || key[i] > '~')
            return false;
    return true;
}

static vqc_status text_check(const vqc_image_text *text, vqc_error *error)
{
    size_t size = strlen(text->value);
    if (!key_is_valid(text->key))
        return vqc_error_set(error, VQC_BAD_INPUT,
                             "text key %s: expected 1 to %d printable ASCII characters, single spaces within",
                             text->key, MAX_KEY_SIZE);
    if (size > VQC_IMAGE_MAX_TEXT)
        return vqc_error_set(error, VQC_BAD_INPUT, "text %s: expected at most %d bytes, found %zu", text->key,
                             VQC_IMAGE_MAX_TEXT, size);
    if (!vqc_utf8_is_valid(text->value, size))
        return vqc_error_set(error, VQC_BAD_INPUT, "text %s: expected UTF-8", text->key);
    return VQC_OK;
}

/* The texts as libpng takes them; the caller frees the list. */
static vqc_status texts_prepare(const vqc_image_text *texts, size_t count, png_text **list_out, vqc_error *error)
{
    if (count > VQC_IMAGE_MAX_TEXTS)
        return vqc_error_set(error, VQC_BAD_INPUT, "expected at most %d texts, found %zu", VQC_IMAGE_MAX_TEXTS,
                             count);
    for (size_t i = 0; i < count; i++)
        VQC_TRY(text_check(&texts[i], error));
    png_text *list;
    VQC_TRY(vqc_memory_allocate(count, sizeof *list, "texts", &list, error));
    for (size_t i = 0; i < count; i++) {
        list[i].compression = PNG_ITXT_COMPRESSION_NONE;
        list[i].key = (png_charp)texts[i].key; /* libpng only reads it */
        list[i].text = (png_charp)texts[i].value;
    }
    *list_out = list;
    return VQC_OK;
}

static void picture_write(const png_writer *writer)
{
    const vqc_image *image = writer->image;
    png_init_io(writer->png, writer->stream);
    png_set_compression_level(writer->png, writer->level);
    if (writer->runs)
        png_set_compression_strategy(writer->png, Z_RLE);
    png_set_filter(writer->png, PNG_FILTER_TYPE_BASE, PNG_FILTER_PAETH);
    png_set_IHDR(writer->png, writer->info, (png_uint_32)image->width, (png_uint_32)image->height, 8,
                 PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_set_text(writer->png, writer->info, writer->texts, (int)writer->text_count);
    png_write_info(writer->png, writer->info);
    for (int64_t y = 0; y < image->height; y++)
        png_write_row(writer->png, image->pixels + y * image->width * CHANNELS);
    png_write_end(writer->png, NULL);
}

/* Where libpng's errors arrive. */
static vqc_status writer_run(png_writer *writer)
{
    if (setjmp(png_jmpbuf(writer->png)) != 0)
        return writer->error->status;
    picture_write(writer);
    return VQC_OK;
}

static vqc_status stream_write(png_writer *writer)
{
    writer->png = png_create_write_struct(PNG_LIBPNG_VER_STRING, writer, png_failed, png_warned);
    writer->info = writer->png == NULL ? NULL : png_create_info_struct(writer->png);
    vqc_status status = VQC_OK;
    if (writer->info == NULL)
        status = vqc_error_set(writer->error, VQC_FAILED, "%s: libpng %s cannot be started", writer->name,
                               png_get_libpng_ver(NULL));
    else
        status = writer_run(writer);
    png_destroy_write_struct(&writer->png, &writer->info);
    return status;
}

static vqc_status file_write(png_writer *writer)
{
    vqc_new_file file;
    VQC_TRY(vqc_new_file_open(writer->name, &file, writer->error));
    writer->stream = file.stream;
    vqc_status status = stream_write(writer);
    if (status == VQC_OK)
        return vqc_new_file_commit(&file, writer->error);
    vqc_new_file_discard(&file);
    return status;
}

vqc_status vqc_image_write_png(const char *path, const vqc_image *image, const vqc_image_text *texts, size_t count,
                               vqc_error *error)
{
    png_writer writer = {
        .image = image, .text_count = count, .level = COMPRESSION_LEVEL, .name = path, .error = error};
    vqc_status status = texts_prepare(texts, count, &writer.texts, error);
    if (status != VQC_OK)
        return vqc_error_prefix(error, "%s", path);
    status = file_write(&writer);
    free(writer.texts);
    return status;
}

vqc_status vqc_image_write_png_quickly(const char *path, const vqc_image *image, vqc_error *error)
{
    png_writer writer = {.image = image, .level = QUICK_LEVEL, .name = path, .error = error};
    return file_write(&writer);
}

vqc_status vqc_image_print_png(FILE *stream, const vqc_image *image, vqc_error *error)
{
    png_writer writer = {.image = image,
                         .level = COMPRESSION_LEVEL,
                         .runs = true,
                         .stream = stream,
                         .name = "a picture",
                         .error = error};
    return stream_write(&writer);
}
