#include "base/base64.h"

#include <stdint.h>

static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

enum { GROUPS = 1024 }; /* of three bytes, written at once */

void vqc_base64_write(FILE *stream, const void *bytes, size_t size)
{
    const uint8_t *from = bytes;
    char out[4 * GROUPS];
    size_t used = 0;
    for (size_t at = 0; at < size; at += 3) {
        const size_t left = size - at;
        const uint32_t group = (uint32_t)from[at] << 16 | (left > 1 ? (uint32_t)from[at + 1] << 8 : 0) |
                               (left > 2 ? (uint32_t)from[at + 2] : 0);
        out[used++] = letters[group >> 18];
        out[used++] = letters[group >> 12 & 63];
        out[used++] = '=';
        out[used++] = '=';
        if (left > 1)
            out[used - 2] = letters[group >> 6 & 63];
        if (left > 2)
            out[used - 1] = letters[group & 63];
        if (used == sizeof out) {
            (void)fwrite(out, 1, used, stream);
            used = 0;
        }
    }
    (void)fwrite(out, 1, used, stream);
}
