#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

vqc_status vqc_text_append(vqc_text *text, vqc_error *error, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int size = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (size < 0)
        return vqc_error_set(error, VQC_FAILED, "a text cannot be formatted");
    VQC_TRY(vqc_memory_grow(&text->data, &text->capacity, text->size + (size_t)size + 1, 1, "a text", error));
    va_start(arguments, format);
    (void)vsnprintf(text->data + text->size, (size_t)size + 1, format, arguments);
    va_end(arguments);
    text->size += (size_t)size;
    return VQC_OK;
}

void vqc_text_release(vqc_text *text)
{
    free(text->data);
    *text = (vqc_text){0};
}

const char *vqc_text_article(const char *name)
{
    return name[0] != '\0' && strchr("AEIOaeio", name[0]) != NULL ? "an" : "a";
}
