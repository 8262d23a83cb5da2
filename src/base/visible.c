#include "base/visible.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

size_t vqc_visible_character(const char *text, size_t size, char shown[VQC_VISIBLE_SIZE])
{
    size_t length = vqc_utf8_sequence_size(text, size);
    unsigned char first = (unsigned char)text[0];
    bool late_control = length == 2 && first == 0xc2 && (unsigned char)text[1] < 0xa0;
    if (length > 0 && first >= 0x20 && first != 0x7f && !late_control) {
        memcpy(shown, text, length);
        shown[length] = '\0';
        return length;
    }
    if (late_control) {
        (void)snprintf(shown, VQC_VISIBLE_SIZE, "\\xc2\\x%02x", (unsigned char)text[1]);
        return 2;
    }
    (void)snprintf(shown, VQC_VISIBLE_SIZE, "\\x%02x", first);
    return 1;
}

/* One conversion of a format: "%-11s". */
typedef struct conversion {
    char text[32]; /* with its percent sign */
    int width;     /* 0: none */
    int precision; /* -1: none */
    bool left;
    int longs; /* l's; 'z' counts as one */
    char kind;
} conversion;

/* Takes the conversion at the format's percent sign; the number of its bytes. */
static size_t conversion_take(const char *format, conversion *taken)
{
    size_t flags = strspn(format + 1, "-+ 0#");
    size_t size = 1 + flags;
    *taken = (conversion){.precision = -1, .left = memchr(format, '-', size) != NULL};
    for (; format[size] >= '0' && format[size] <= '9'; size++)
        taken->width = 10 * taken->width + (format[size] - '0');
    if (format[size] == '.')
        for (taken->precision = 0, size++; format[size] >= '0' && format[size] <= '9'; size++)
            taken->precision = 10 * taken->precision + (format[size] - '0');
    for (; format[size] == 'l' || format[size] == 'z'; size++)
        taken->longs++;
    taken->kind = format[size++];
    memcpy(taken->text, format, size < sizeof taken->text ? size : sizeof taken->text - 1);
    return size;
}

/* How many bytes from the text's start on are characters of ASCII that are shown as they are. */
static size_t plain_bytes(const char *text, size_t size)
{
    size_t count = 0;
    while (count < size && text[count] >= 0x20 && text[count] < 0x7f)
        count++;
    return count;
}

/* The next piece of a text: some plain bytes, which are shown as they are, or one other character, in `shown`. Its
 * bytes are taken off the text. */
static size_t piece_take(const char **text, size_t *size, char shown[VQC_VISIBLE_SIZE], const char **piece_out)
{
    const size_t plain = plain_bytes(*text, *size);
    *piece_out = plain > 0 ? *text : shown;
    const size_t taken = plain > 0 ? plain : vqc_visible_character(*text, *size, shown);
    *text += taken;
    *size -= taken;
    return plain > 0 ? plain : strlen(shown);
}

/* Prints a text of at most so many bytes, padded. */
static void text_print(FILE *stream, const conversion *c, const char *text)
{
    char shown[VQC_VISIBLE_SIZE];
    size_t size = c->precision < 0 ? strlen(text) : strnlen(text, (size_t)c->precision);
    size_t width = 0;
    const char *piece;
    const char *rest = text;
    for (size_t left = size; left > 0;)
        width += piece_take(&rest, &left, shown, &piece);
    int padding = (int)width < c->width ? c->width - (int)width : 0;
    if (!c->left && padding > 0)
        (void)fprintf(stream, "%*s", padding, "");
    while (size > 0) {
        const size_t bytes = piece_take(&text, &size, shown, &piece);
        (void)fwrite(piece, 1, bytes, stream);
    }
    if (c->left && padding > 0)
        (void)fprintf(stream, "%*s", padding, "");
}

void vqc_print(FILE *stream, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    while (*format != '\0') {
        size_t plain = strcspn(format, "%");
        (void)fwrite(format, 1, plain, stream);
        format += plain;
        if (*format == '\0')
            break;
        conversion c;
        format += conversion_take(format, &c);
        if (c.kind == 's')
            text_print(stream, &c, va_arg(arguments, const char *));
        else if (c.kind == '%')
            (void)fputc('%', stream);
        else if (c.kind == 'f' || c.kind == 'e' || c.kind == 'g')
            (void)fprintf(stream, c.text, va_arg(arguments, double));
        else if (c.longs == 2)
            (void)fprintf(stream, c.text, va_arg(arguments, long long));
        else if (c.longs == 1)
            (void)fprintf(stream, c.text, va_arg(arguments, long)); /* size_t too is as long */
        else
            (void)fprintf(stream, c.text, va_arg(arguments, int));
    }
    va_end(arguments);
}
