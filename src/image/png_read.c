#include <png.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/utf8.h"
#include "image/codec.h"
#include "image/image.h"
#include "image/orientation.h"

/* deflate makes at most this many bytes from one: a match of 258 bytes takes at least two bits. */
enum { DEFLATE_MAX_RATIO = 1032 };

enum { COLOUR_CHANNELS = 3, ALPHA_CHANNELS = 4 };

enum {
    SIGNATURE_SIZE = 8,
    CHUNK_HEAD_SIZE = 8, /* length of the data, four letters */
    CHECKSUM_SIZE = 4,
    CHUNK_MARGIN = 1024, /* the key and other fields of a text's chunk */
    CACHE_MARGIN = 2     /* libpng keeps two places of its cache free */
};

/* A file being read. All that is allocated on the way hangs here, because libpng leaves by longjmp. */
typedef struct png_reader {
    png_structp png;
    png_infop info;
    vqc_image_file *file;
    vqc_image image;
    png_bytep *rows;      /* (height): where libpng puts each row */
    uint8_t *transparent; /* (height, width, 4), where there is transparency; NULL otherwise */
    vqc_image_texts texts;
    vqc_error *error;
} png_reader;

static void png_failed(png_structp png, png_const_charp message)
{
    png_reader *reader = png_get_error_ptr(png);
    (void)vqc_error_set(reader->error, VQC_BAD_INPUT, "is not a readable PNG file: %s", message);
    png_longjmp(png, 1);
}

/* libpng warns of what it can pass over. */
static void png_warned(png_structp png, png_const_charp message)
{
    (void)png;
    (void)message;
}

static void bytes_read(png_structp png, png_bytep bytes, size_t size)
{
    png_reader *reader = png_get_io_ptr(png);
    if (fread(bytes, 1, size, reader->file->stream) != size)
        png_error(png, "it ends too early");
}

static vqc_status reader_open(png_reader *reader, vqc_error *error)
{
    reader->png = png_create_read_struct(PNG_LIBPNG_VER_STRING, reader, png_failed, png_warned);
    reader->info = reader->png == NULL ? NULL : png_create_info_struct(reader->png);
    if (reader->info == NULL)
        return vqc_error_set(error, VQC_FAILED, "libpng %s cannot be started", png_get_libpng_ver(NULL));
    return VQC_OK;
}

static void reader_close(png_reader *reader)
{
    png_destroy_read_struct(&reader->png, &reader->info, NULL);
    vqc_image_release(&reader->image);
    vqc_image_texts_release(&reader->texts);
    free(reader->rows);
    free(reader->transparent);
}

/* Whether every chunk before the pixels lies within the file: libpng allocates the length that a chunk claims. */
static vqc_status chunks_check(vqc_image_file *file, vqc_error *error)
{
    int64_t position = SIGNATURE_SIZE;
    uint8_t head[CHUNK_HEAD_SIZE];
    if (fread(head, 1, SIGNATURE_SIZE, file->stream) != SIGNATURE_SIZE || png_sig_cmp(head, 0, SIGNATURE_SIZE) != 0)
        return vqc_error_set(error, VQC_BAD_INPUT, "expected a PNG picture");
    for (;;) {
        if (fseek(file->stream, (long)position, SEEK_SET) != 0 ||
            fread(head, 1, sizeof head, file->stream) != sizeof head)
            return vqc_error_set(error, VQC_BAD_INPUT, "is not a readable PNG file: it ends too early");
        if (memcmp(head + 4, "IDAT", 4) == 0)
            break;
        if (png_get_uint_32(head) > file->size - position - CHUNK_HEAD_SIZE)
            return vqc_error_set(error, VQC_BAD_INPUT, "is not a readable PNG file: a chunk reaches beyond its end");
        position += CHUNK_HEAD_SIZE + (int64_t)png_get_uint_32(head) + CHECKSUM_SIZE;
    }
    rewind(file->stream);
    return VQC_OK;
}

/* Reads up to the pixels. Chunks that are not needed are skipped, `wanted` (NULL or one chunk's name) excepted. */
static vqc_status header_read(png_reader *reader, const char *wanted)
{
    VQC_TRY(chunks_check(reader->file, reader->error));
    png_set_read_fn(reader->png, reader, bytes_read);
    /* Our own limits give clearer messages. */
    png_set_user_limits(reader->png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
    png_set_chunk_malloc_max(reader->png, VQC_IMAGE_MAX_TEXT + CHUNK_MARGIN);
    png_set_chunk_cache_max(reader->png, VQC_IMAGE_MAX_TEXTS + CACHE_MARGIN);
    png_set_keep_unknown_chunks(reader->png, PNG_HANDLE_CHUNK_NEVER, NULL, -1);
    if (wanted != NULL)
        png_set_keep_unknown_chunks(reader->png, PNG_HANDLE_CHUNK_AS_DEFAULT, (png_const_bytep)wanted, 1);
    png_read_info(reader->png, reader->info);
    return VQC_OK;
}

/* Whether the file can hold its rows at all, before anything of their size is allocated. */
static vqc_status rows_check(const png_reader *reader)
{
    png_uint_32 height = png_get_image_height(reader->png, reader->info);
    png_uint_32 width = png_get_image_width(reader->png, reader->info);
    int64_t most = reader->file->size / height * DEFLATE_MAX_RATIO + DEFLATE_MAX_RATIO;
    if (png_get_rowbytes(reader->png, reader->info) > (size_t)most)
        return vqc_image_file_too_small(reader->file, height, width, reader->error);
    return VQC_OK;
}

/* Allocates the picture and the rows. With transparency libpng fills a second picture with four channels. */
static vqc_status rows_allocate(png_reader *reader)
{
    vqc_image *image = &reader->image;
    int64_t height = png_get_image_height(reader->png, reader->info);
    int64_t width = png_get_image_width(reader->png, reader->info);
    size_t channels = png_get_channels(reader->png, reader->info);
    if (channels * (size_t)width != png_get_rowbytes(reader->png, reader->info) ||
        (channels != COLOUR_CHANNELS && channels != ALPHA_CHANNELS))
        return vqc_error_set(reader->error, VQC_FAILED, "libpng did not change the pixels to 8-bit RGB");
    VQC_TRY(vqc_image_create(height, width, image, reader->error));
    uint8_t *pixels = image->pixels;
    if (channels == ALPHA_CHANNELS) {
        VQC_TRY(vqc_memory_allocate((size_t)(height * width), channels, "a picture", &reader->transparent,
                                    reader->error));
        pixels = reader->transparent;
    }
    VQC_TRY(vqc_memory_allocate((size_t)height, sizeof *reader->rows, "a picture", &reader->rows, reader->error));
    for (int64_t y = 0; y < height; y++)
        reader->rows[y] = pixels + (size_t)(y * width) * channels;
    return VQC_OK;
}

/* How the camera was held. */
static int orientation_of(const png_reader *reader)
{
    png_uint_32 size = 0;
    png_bytep exif = NULL;
    if (png_get_eXIf_1(reader->png, reader->info, &size, &exif) == 0)
        return 1;
    return vqc_exif_orientation(exif, size);
}

static vqc_status pixels_read(png_reader *reader)
{
    VQC_TRY(header_read(reader, "eXIf"));
    VQC_TRY(rows_check(reader));
    png_set_expand(reader->png);
    png_set_scale_16(reader->png);
    png_set_gray_to_rgb(reader->png);
    (void)png_set_interlace_handling(reader->png);
    png_read_update_info(reader->png, reader->info);
    VQC_TRY(rows_allocate(reader));
    if (reader->file->opacity && reader->transparent == NULL)
        return vqc_image_file_opaque(reader->error);
    png_read_image(reader->png, reader->rows);
    png_read_end(reader->png, reader->info); /* Exif may stand behind the pixels */
    if (reader->file->opacity)
        vqc_image_take_opacity(reader->transparent, &reader->image);
    else if (reader->transparent != NULL)
        vqc_image_lay_on_white(reader->transparent, &reader->image);
    return vqc_image_orient(&reader->image, orientation_of(reader), reader->error);
}

static bool is_international(const png_text *text)
{
    return text->compression == PNG_ITXT_COMPRESSION_NONE || text->compression == PNG_ITXT_COMPRESSION_zTXt;
}

/* Copies a text to the storage, and gives the copy and the place after it. */
static const char *storage_add(char **storage, const char *text)
{
    char *copy = *storage;
    size_t size = strlen(text) + 1;
    memcpy(copy, text, size);
    *storage += size;
    return copy;
}

static vqc_status texts_copy(vqc_image_texts *texts, const png_text *found, size_t count, vqc_error *error)
{
    size_t size = 0;
    for (size_t i = 0; i < count; i++)
        size += strlen(found[i].key) + strlen(found[i].text) + 2;
    VQC_TRY(vqc_memory_allocate(count, sizeof *texts->items, "texts", &texts->items, error));
    VQC_TRY(vqc_memory_allocate(size, 1, "texts", &texts->storage, error));
    char *storage = texts->storage;
    for (size_t i = 0; i < count; i++) {
        if (!is_international(&found[i]))
            continue;
        if (!vqc_utf8_is_valid(found[i].text, strlen(found[i].text)))
            return vqc_error_set(error, VQC_BAD_INPUT, "text %s: expected UTF-8", found[i].key);
        texts->items[texts->count].key = storage_add(&storage, found[i].key);
        texts->items[texts->count].value = storage_add(&storage, found[i].text);
        texts->count++;
    }
    return VQC_OK;
}

static vqc_status texts_read(png_reader *reader)
{
    png_textp found = NULL;
    int count = 0;
    VQC_TRY(header_read(reader, "iTXt"));
    (void)png_get_text(reader->png, reader->info, &found, &count);
    return texts_copy(&reader->texts, found, (size_t)count, reader->error);
}

/* Where libpng's errors arrive. */
static vqc_status reader_run(png_reader *reader, vqc_status (*read)(png_reader *))
{
    if (setjmp(png_jmpbuf(reader->png)) != 0)
        return reader->error->status;
    return read(reader);
}

vqc_status vqc_image_png_read(vqc_image_file *file, vqc_image *image_out, vqc_error *error)
{
    png_reader reader = {.file = file, .error = error};
    vqc_status status = reader_open(&reader, error);
    if (status == VQC_OK)
        status = reader_run(&reader, pixels_read);
    if (status == VQC_OK) {
        *image_out = reader.image;
        reader.image = (vqc_image){0};
    }
    reader_close(&reader);
    return status;
}

static vqc_status png_texts_read(vqc_image_file *file, vqc_image_texts *texts_out, vqc_error *error)
{
    png_reader reader = {.file = file, .error = error};
    vqc_status status = reader_open(&reader, error);
    if (status == VQC_OK)
        status = reader_run(&reader, texts_read);
    if (status == VQC_OK) {
        *texts_out = reader.texts;
        reader.texts = (vqc_image_texts){0};
    }
    reader_close(&reader);
    return status;
}

vqc_status vqc_image_texts_read(const char *path, vqc_image_texts *texts_out, vqc_error *error)
{
    vqc_image_file file;
    vqc_status status = vqc_image_file_open(path, &file, error);
    if (status == VQC_OK) {
        status = png_texts_read(&file, texts_out, error);
        vqc_image_file_close(&file);
    }
    return status == VQC_OK ? VQC_OK : vqc_error_prefix(error, "%s", path);
}

void vqc_image_texts_release(vqc_image_texts *texts)
{
    free(texts->items);
    free(texts->storage);
    *texts = (vqc_image_texts){0};
}
