/* PNG files: any bytes are a picture and texts, or one-line errors that name the file. An input that begins with Z is
 * a PNG file whose checksums are made good first, as they stop most changes at once; any other input is the file. */

#include "memory_file.h"

#include <string.h>
#include <zlib.h>

#include "base/utf8.h"
#include "fuzz.h"
#include "image/image.h"

enum { SIGNATURE_SIZE = 8, CHUNK_HEAD_SIZE = 8, CHECKSUM_SIZE = 4 };

static uint32_t word_read(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static void word_write(uint8_t *bytes, uint32_t word)
{
    for (int i = 0; i < 4; i++)
        bytes[i] = (uint8_t)(word >> (24 - 8 * i));
}

/* Every chunk: length, four letters, data, checksum of letters and data. */
static void checksums_write(uint8_t *bytes, size_t size)
{
    size_t position = SIGNATURE_SIZE;
    while (position + CHUNK_HEAD_SIZE + CHECKSUM_SIZE <= size) {
        uint32_t length = word_read(bytes + position);
        if (length > size - position - CHUNK_HEAD_SIZE - CHECKSUM_SIZE)
            return;
        uint32_t checksum = (uint32_t)crc32(0, bytes + position + 4, length + 4);
        word_write(bytes + position + CHUNK_HEAD_SIZE + length, checksum);
        position += CHUNK_HEAD_SIZE + length + CHECKSUM_SIZE;
    }
}

static void check_error(const char *path, const vqc_error *error)
{
    if (strncmp(error->message, path, strlen(path)) != 0)
        abort();
}

static void picture_read(const char *path)
{
    vqc_error error = {0};
    vqc_image image = {0};
    if (vqc_image_read(path, &image, &error) != VQC_OK)
        check_error(path, &error);
    else if (image.height < 1 || image.width < 1)
        abort();
    vqc_image_release(&image);
}

static void texts_read(const char *path)
{
    vqc_error error = {0};
    vqc_image_texts texts = {0};
    if (vqc_image_texts_read(path, &texts, &error) != VQC_OK)
        check_error(path, &error);
    for (size_t i = 0; i < texts.count; i++)
        if (!vqc_utf8_is_valid(texts.items[i].value, strlen(texts.items[i].value)))
            abort();
    vqc_image_texts_release(&texts);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    memory_file file;
    if (size > 0 && data[0] == 'Z') {
        uint8_t *bytes = malloc(size);
        memcpy(bytes, data + 1, size - 1);
        checksums_write(bytes, size - 1);
        memory_file_open(&file, bytes, size - 1);
        free(bytes);
    } else {
        memory_file_open(&file, data, size);
    }
    picture_read(file.path);
    texts_read(file.path);
    memory_file_close(&file);
    return 0;
}
