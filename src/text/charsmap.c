#include "text/charsmap.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

void vqc_charsmap_release(vqc_charsmap *map)
{
    free(map->units);
    free(map->replacements);
    *map = (vqc_charsmap){0};
}

static uint32_t u32_read(const unsigned char *bytes)
{
    return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

static vqc_status parts_copy(vqc_charsmap *map, const unsigned char *bytes, size_t array, size_t size,
                             vqc_error *error)
{
    map->unit_count = array / 4;
    VQC_TRY(vqc_memory_allocate(map->unit_count, sizeof *map->units, "a map of characters", &map->units, error));
    for (size_t i = 0; i < map->unit_count; i++)
        map->units[i] = u32_read(bytes + 4 + 4 * i);
    map->replacements_size = size - 4 - array;
    VQC_TRY(vqc_memory_allocate(map->replacements_size + 1, 1, "a map of characters", &map->replacements, error));
    memcpy(map->replacements, bytes + 4 + array, map->replacements_size);
    return VQC_OK;
}

vqc_status vqc_charsmap_init(vqc_charsmap *map, const char *name, const unsigned char *bytes, size_t size,
                             vqc_error *error)
{
    *map = (vqc_charsmap){0};
    size_t array = size < 4 ? 0 : u32_read(bytes);
    if (size < 8 || array < 4 || array % 4 != 0 || array > size - 4)
        return vqc_error_set(error, VQC_BAD_INPUT, "%s: expected a map of characters, found %zu bytes that are none",
                             name, size);
    vqc_status status = parts_copy(map, bytes, array, size, error);
    if (status != VQC_OK)
        vqc_charsmap_release(map);
    return status;
}

/* The value of a digit of base64, -1 of anything else. */
static int digit_value(char digit)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *found = digit == '\0' ? NULL : strchr(digits, digit);
    return found == NULL ? -1 : (int)(found - digits);
}

/* Decodes base64; false: the text is none. Bytes has room for three quarters of the text. */
static bool base64_decode(const char *text, size_t size, unsigned char *bytes, size_t *size_out)
{
    uint32_t bits = 0;
    size_t count = 0;
    size_t digits = size;
    while (digits > 0 && size - digits < 2 && text[digits - 1] == '=')
        digits--;
    for (size_t i = 0; i < digits; i++) {
        int value = digit_value(text[i]);
        if (value < 0)
            return false;
        bits = bits << 6 | (uint32_t)value;
        if (i % 4 != 0)
            bytes[count++] = (unsigned char)(bits >> (6 - 2 * (i % 4)));
    }
    *size_out = count;
    return size % 4 == 0;
}

vqc_status vqc_charsmap_init_base64(vqc_charsmap *map, const char *name, const char *text, vqc_error *error)
{
    size_t size = strlen(text);
    size_t count;
    unsigned char *bytes;
    VQC_TRY(vqc_memory_allocate(size / 4 * 3 + 3, 1, "a map of characters", &bytes, error));
    vqc_status status = base64_decode(text, size, bytes, &count)
                            ? vqc_charsmap_init(map, name, bytes, count, error)
                            : vqc_error_set(error, VQC_BAD_INPUT, "%s: expected base64", name);
    free(bytes);
    return status;
}

/* The parts of a unit of the double array. */
static size_t unit_offset(uint32_t unit)
{
    return (size_t)(unit >> 10) << ((unit & 0x200U) >> 6);
}

static bool unit_has_leaf(uint32_t unit)
{
    return (unit >> 8 & 1) != 0;
}

static uint32_t unit_label(uint32_t unit)
{
    return unit & 0x800000ffU;
}

const char *vqc_charsmap_find(const vqc_charsmap *map, const char *text, size_t size, bool longest,
                              size_t *key_size_out)
{
    const char *found = NULL;
    size_t node = unit_offset(map->units[0]);
    for (size_t i = 0; i < size && text[i] != '\0'; i++) {
        node ^= (unsigned char)text[i];
        if (node >= map->unit_count || unit_label(map->units[node]) != (unsigned char)text[i])
            break;
        bool has_leaf = unit_has_leaf(map->units[node]);
        node ^= unit_offset(map->units[node]);
        if (!has_leaf)
            continue;
        size_t value = node < map->unit_count ? map->units[node] & 0x7fffffffU : map->replacements_size;
        if (value >= map->replacements_size)
            break;
        found = map->replacements + value;
        *key_size_out = i + 1;
        if (!longest)
            break;
    }
    return found;
}
