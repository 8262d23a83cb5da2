#include "base/utf8.h"

static bool is_continuation(unsigned char byte, unsigned char low, unsigned char high)
{
    return byte >= low && byte <= high;
}

size_t vqc_utf8_sequence_size(const char *text, size_t size)
{
    const unsigned char *byte = (const unsigned char *)text;
    if (size == 0)
        return 0;
    if (byte[0] < 0x80)
        return 1;
    if (byte[0] < 0xc2 || byte[0] > 0xf4)
        return 0;
    size_t length = byte[0] < 0xe0 ? 2 : byte[0] < 0xf0 ? 3 : 4;
    if (size < length)
        return 0;
    unsigned char low = 0x80;
    unsigned char high = 0xbf;
    if (byte[0] == 0xe0)
        low = 0xa0; /* shorter forms exist below */
    if (byte[0] == 0xed)
        high = 0x9f; /* surrogates above */
    if (byte[0] == 0xf0)
        low = 0x90;
    if (byte[0] == 0xf4)
        high = 0x8f; /* U+10FFFF is the last */
    if (!is_continuation(byte[1], low, high))
        return 0;
    for (size_t i = 2; i < length; i++)
        if (!is_continuation(byte[i], 0x80, 0xbf))
            return 0;
    return length;
}

bool vqc_utf8_is_valid(const char *text, size_t size)
{
    while (size > 0) {
        size_t length = vqc_utf8_sequence_size(text, size);
        if (length == 0)
            return false;
        text += length;
        size -= length;
    }
    return true;
}
