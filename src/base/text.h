#ifndef VQC_BASE_TEXT_H
#define VQC_BASE_TEXT_H

#include <stddef.h>

#include "base/status.h"

/* A text that grows. Initialise with {0}; after the first append `data` is NUL-terminated, before it NULL. */
typedef struct vqc_text {
    char *data;
    size_t size, capacity; /* size without the NUL */
} vqc_text;

/* Appends as printf does. Fails for want of memory alone. */
VQC_MUST_CHECK vqc_status vqc_text_append(vqc_text *text, vqc_error *error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

void vqc_text_release(vqc_text *text);

/* "an" before a name that begins with a vowel, else "a". */
const char *vqc_text_article(const char *name);

#endif
