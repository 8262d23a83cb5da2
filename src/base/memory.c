#include "base/memory.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

static vqc_status memory_refused(size_t count, size_t size, const char *what, vqc_error *error)
{
    return vqc_error_set(error, VQC_FAILED, "out of memory: %zu × %zu bytes for %s", count, size, what);
}

vqc_status vqc_memory_allocate(size_t count, size_t size, const char *what, void *pointer_out, vqc_error *error)
{
    /* calloc checks the product; one byte at least keeps NULL for failure alone. */
    void *pointer = count == 0 || size == 0 ? calloc(1, 1) : calloc(count, size);
    if (pointer == NULL)
        return memory_refused(count, size, what, error);
    memcpy(pointer_out, &pointer, sizeof pointer);
    return VQC_OK;
}

vqc_status vqc_memory_grow(void *array_inout, size_t *capacity, size_t needed, size_t size, const char *what,
                           vqc_error *error)
{
    if (needed <= *capacity)
        return VQC_OK;
    size_t grown = *capacity < 8 ? 8 : *capacity;
    while (grown < needed) {
        if (grown > SIZE_MAX / 2)
            return memory_refused(needed, size, what, error);
        grown *= 2;
    }
    void *array;
    memcpy(&array, array_inout, sizeof array);
    void *larger = reallocarray(array, grown, size);
    if (larger == NULL)
        return memory_refused(grown, size, what, error);
    memcpy(array_inout, &larger, sizeof larger);
    *capacity = grown;
    return VQC_OK;
}

vqc_status vqc_memory_copy_text(const char *text, char **copy_out, vqc_error *error)
{
    size_t size = strlen(text) + 1;
    VQC_TRY(vqc_memory_allocate(size, 1, "a text", copy_out, error));
    memcpy(*copy_out, text, size);
    return VQC_OK;
}

size_t vqc_memory_peak(void)
{
    struct rusage usage;
    if (getrusage(RUSAGE_SELF, &usage) != 0)
        return 0;
    return (size_t)usage.ru_maxrss * 1024; /* Linux counts in KiB */
}
