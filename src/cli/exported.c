#include "cli/exported.h"

#include <stdio.h>
#include <string.h>

void vqc_exported_name(size_t number, char name[VQC_EXPORTED_NAME_SIZE])
{
    (void)snprintf(name, VQC_EXPORTED_NAME_SIZE, "%05zu.png", number);
}

bool vqc_exported_is_picture(const char *name)
{
    size_t digits = strspn(name, "0123456789");
    return digits >= 5 && strcmp(name + digits, ".png") == 0;
}

const char *vqc_exported_text(const vqc_image_texts *texts, const char *key)
{
    for (size_t i = 0; i < texts->count; i++)
        if (strcmp(texts->items[i].key, key) == 0)
            return texts->items[i].value;
    return NULL;
}
