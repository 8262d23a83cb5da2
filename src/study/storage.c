#include "study/storage.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* Shared bytes. */
typedef struct shared_block {
    const void *bytes; /* NULL: the place is free */
    size_t size;
    uint64_t hash;
} shared_block;

struct vqc_study_storage {
    void **blocks;
    size_t count, capacity;
    shared_block *shared; /* a table by hash, at most half full; places is a power of two, or 0 */
    size_t shared_count, places;
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
    free(storage->shared);
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

/* Eight bytes at a time; equality is found by comparing. */
static uint64_t bytes_hash(const void *bytes, size_t size)
{
    const unsigned char *next = bytes;
    uint64_t hash = size;
    while (size > 0) {
        uint64_t word = 0;
        size_t taken = size < sizeof word ? size : sizeof word;
        memcpy(&word, next, taken);
        hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
        hash ^= hash >> 32;
        next += taken;
        size -= taken;
    }
    return hash;
}

/* Where such bytes are, or else belong. */
static shared_block *shared_find(const vqc_study_storage *storage, const void *bytes, size_t size, uint64_t hash)
{
    size_t place = (size_t)hash & (storage->places - 1);
    for (;; place = (place + 1) & (storage->places - 1)) {
        shared_block *block = &storage->shared[place];
        if (block->bytes == NULL ||
            (block->hash == hash && block->size == size && memcmp(block->bytes, bytes, size) == 0))
            return block;
    }
}

/* Makes room for one more. */
static vqc_status shared_grow(vqc_study_storage *storage, vqc_error *error)
{
    vqc_study_storage larger = {.places = storage->places == 0 ? 64 : 2 * storage->places};
    if (storage->shared_count < storage->places / 2)
        return VQC_OK;
    VQC_TRY(vqc_memory_allocate(larger.places, sizeof *larger.shared, "a study", &larger.shared, error));
    for (size_t i = 0; i < storage->places; i++) {
        const shared_block *block = &storage->shared[i];
        if (block->bytes != NULL)
            *shared_find(&larger, block->bytes, block->size, block->hash) = *block;
    }
    free(storage->shared);
    storage->shared = larger.shared;
    storage->places = larger.places;
    return VQC_OK;
}

vqc_status vqc_study_storage_share(vqc_study_storage *storage, const void *bytes, size_t size, void *pointer_out,
                                   vqc_error *error)
{
    VQC_TRY(shared_grow(storage, error));
    uint64_t hash = bytes_hash(bytes, size);
    shared_block *block = shared_find(storage, bytes, size, hash);
    if (block->bytes == NULL) {
        void *copy;
        VQC_TRY(vqc_study_storage_allocate(storage, size, 1, &copy, error));
        memcpy(copy, bytes, size);
        *block = (shared_block){copy, size, hash};
        storage->shared_count++;
    }
    memcpy(pointer_out, &block->bytes, sizeof(void *));
    return VQC_OK;
}
