#include "weights/arena.h"

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

enum { ARENA_BLOCK_SIZE = 16 << 10, ARENA_ALIGNMENT = alignof(max_align_t) };

struct vqc_arena_block {
    struct vqc_arena_block *older;
    size_t used;
    size_t size;
    alignas(max_align_t) unsigned char bytes[];
};

static vqc_status arena_add_block(vqc_arena *arena, size_t needed, vqc_error *error)
{
    size_t size = needed > ARENA_BLOCK_SIZE ? needed : ARENA_BLOCK_SIZE;
    struct vqc_arena_block *block;
    VQC_TRY(vqc_memory_allocate(1, sizeof *block + size, "the objects of a checkpoint", &block, error));
    block->older = arena->newest;
    block->size = size;
    arena->newest = block;
    return VQC_OK;
}

vqc_status vqc_arena_allocate(vqc_arena *arena, size_t count, size_t size, void *pointer_out, vqc_error *error)
{
    size_t needed;
    if (__builtin_mul_overflow(count, size, &needed) || needed > arena->limit - arena->used)
        return vqc_error_set(error, VQC_BAD_INPUT, "needs more than %zu bytes for its objects", arena->limit);
    size_t rounded = (needed + ARENA_ALIGNMENT - 1) / ARENA_ALIGNMENT * ARENA_ALIGNMENT;
    if (arena->newest == NULL || arena->newest->size - arena->newest->used < rounded)
        VQC_TRY(arena_add_block(arena, rounded, error));
    void *pointer = arena->newest->bytes + arena->newest->used;
    arena->newest->used += rounded;
    arena->used += needed;
    memcpy(pointer_out, &pointer, sizeof pointer);
    return VQC_OK;
}

void vqc_arena_release(vqc_arena *arena)
{
    while (arena->newest != NULL) {
        struct vqc_arena_block *older = arena->newest->older;
        free(arena->newest);
        arena->newest = older;
    }
    arena->used = 0;
}
