#ifndef VQC_WEIGHTS_ARENA_H
#define VQC_WEIGHTS_ARENA_H

#include <stddef.h>

#include "base/status.h"

/* Memory for many small things that live and die together. Initialise with {.limit = bytes}. */
typedef struct vqc_arena {
    struct vqc_arena_block *newest;
    size_t limit; /* bytes that may be handed out in all */
    size_t used;  /* bytes handed out */
} vqc_arena;

/* Hands out count × size bytes set to zero, aligned for any type. Beyond the limit it is VQC_BAD_INPUT: the input
 * asks for more than a file of its size can need. */
VQC_MUST_CHECK vqc_status vqc_arena_allocate(vqc_arena *arena, size_t count, size_t size, void *pointer_out,
                                             vqc_error *error);
/* Releases everything that the arena handed out. */
void vqc_arena_release(vqc_arena *arena);

#endif
