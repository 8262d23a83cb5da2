#include "base/status.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/visible.h"

/* Copies text into the message, showing what would break the line or the terminal as \xNN. */
static void message_sanitise(char *message, const char *text)
{
    char shown[VQC_VISIBLE_SIZE];
    size_t length = strlen(text);
    size_t out = 0;
    for (size_t used; length > 0; text += used, length -= used) {
        used = vqc_visible_character(text, length, shown);
        size_t needed = strlen(shown);
        if (out + needed >= VQC_ERROR_MESSAGE_SIZE)
            break;
        memcpy(message + out, shown, needed);
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
