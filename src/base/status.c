#include "base/status.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

/* Copies text into the message, showing what would break the line or the terminal as \xNN. */
static void message_sanitise(char *message, const char *text)
{
    size_t length = strlen(text);
    size_t out = 0;
    for (size_t in = 0; in < length;) {
        size_t size = vqc_utf8_sequence_size(text + in, length - in);
        unsigned char byte = (unsigned char)text[in];
        bool printable = size > 0 && byte >= 0x20 && byte != 0x7f;
        size_t needed = printable ? size : 4;
        if (out + needed >= VQC_ERROR_MESSAGE_SIZE)
            break;
        if (printable) {
            memcpy(message + out, text + in, size);
            in += size;
        } else {
            (void)snprintf(message + out, 5, "\\x%02x", byte);
            in += 1;
        }
        out += needed;
    }
    message[out] = '\0';
}

void vqc_error_fill(vqc_error *error, vqc_status status, const char *format, ...)
{
    char text[VQC_ERROR_MESSAGE_SIZE];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    error->status = status;
    message_sanitise(error->message, text);
}

vqc_status vqc_error_prefix(vqc_error *error, const char *format, ...)
{
    char prefix[VQC_ERROR_MESSAGE_SIZE];
    char text[2 * VQC_ERROR_MESSAGE_SIZE + 2];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(prefix, sizeof prefix, format, arguments);
    va_end(arguments);
    (void)snprintf(text, sizeof text, "%s: %s", prefix, error->message);
    message_sanitise(error->message, text);
    return error->status;
}
