#include "image/orientation.h"

#include <stdbool.h>
#include <string.h>

enum { TAG_ORIENTATION = 0x0112, TYPE_SHORT = 3, ENTRY_SIZE = 12, CHANNELS = 3 };

/* Bytes of a TIFF file, in its order. */
typedef struct tiff {
    const uint8_t *bytes;
    size_t size;
    bool big; /* the most significant byte first */
} tiff;

/* A whole number of so many bytes; the caller knows that they are there. */
static uint32_t number_at(const tiff *file, size_t offset, size_t count)
{
    uint32_t value = 0;
    for (size_t i = 0; i < count; i++)
        value = value << 8 | file->bytes[offset + (file->big ? i : count - 1 - i)];
    return value;
}

int vqc_exif_orientation(const uint8_t *exif, size_t size)
{
    if (size < 8 || (memcmp(exif, "II*\0", 4) != 0 && memcmp(exif, "MM\0*", 4) != 0))
        return 1;
    const tiff file = {exif, size, exif[0] == 'M'};
    size_t directory = number_at(&file, 4, 4);
    if (directory > size - 2)
        return 1;
    size_t count = number_at(&file, directory, 2);
    for (size_t i = 0, entry = directory + 2; i < count && entry + ENTRY_SIZE <= size; i++, entry += ENTRY_SIZE) {
        if (number_at(&file, entry, 2) != TAG_ORIENTATION || number_at(&file, entry + 2, 2) != TYPE_SHORT)
            continue;
        uint32_t orientation = number_at(&file, entry + 8, 2);
        return orientation >= 1 && orientation <= 8 ? (int)orientation : 1;
    }
    return 1;
}

vqc_status vqc_image_orient(vqc_image *image, int orientation, vqc_error *error)
{
    bool swapped = orientation >= 5;
    bool from_below = orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
    bool from_right = orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
    if (orientation == 1)
        return VQC_OK;
    vqc_image upright;
    VQC_TRY(vqc_image_create(swapped ? image->width : image->height, swapped ? image->height : image->width, &upright,
                             error));
    for (int64_t y = 0; y < upright.height; y++) {
        for (int64_t x = 0; x < upright.width; x++) {
            int64_t row = swapped ? x : y;
            int64_t column = swapped ? y : x;
            row = from_below ? image->height - 1 - row : row;
            column = from_right ? image->width - 1 - column : column;
            memcpy(upright.pixels + (y * upright.width + x) * CHANNELS,
                   image->pixels + (row * image->width + column) * CHANNELS, CHANNELS);
        }
    }
    vqc_image_release(image);
    *image = upright;
    return VQC_OK;
}
