#include "study/storage.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

struct vqc_study_storage {
    void **blocks;
    size_t count, capacity;
};

vqc_status vqc_study_storage_create(vqc_study_storage **storage_out, vqc_error *error)
{
    return vqc_memory_allocate(1, sizeof **storage_out, "a study", storage_out, error);
}

void vqc_study_storage_destroy(vqc_study_storage *storage)
{
    if (storage == NULL)
        return;
    for (size_t i = 0; i < storage->count; i++)
        free(storage->blocks[i]);
    free(storage->blocks);
    free(storage);
}

vqc_status vqc_study_storage_allocate(vqc_study_storage *storage, size_t count, size_t size, void *pointer_out,
                                      vqc_error *error)
{
    VQC_TRY(
        vqc_memory_grow(&storage->blocks, &storage->capacity, storage->count + 1, sizeof(void *), "a study", error));
    VQC_TRY(vqc_memory_allocate(count, size, "a study", &storage->blocks[storage->count], error));
    memcpy(pointer_out, &storage->blocks[storage->count], sizeof(void *));
    storage->count++;
    return VQC_OK;
}

vqc_status vqc_study_storage_text(vqc_study_storage *storage, const char **text_out, vqc_error *error,
                                  const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int size = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (size < 0)
        return vqc_error_set(error, VQC_FAILED, "a text cannot be formatted");
    char *text;
    VQC_TRY(vqc_study_storage_allocate(storage, (size_t)size + 1, 1, &text, error));
    va_start(arguments, format);
    (void)vsnprintf(text, (size_t)size + 1, format, arguments);
    va_end(arguments);
    *text_out = text;
    return VQC_OK;
}
