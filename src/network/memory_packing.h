#ifndef VQC_NETWORK_MEMORY_PACKING_H
#define VQC_NETWORK_MEMORY_PACKING_H

#include <stddef.h>

#include "base/status.h"

/* A block of memory that is needed from one point in time to another, both included. */
typedef struct vqc_memory_block {
    size_t size;
    int first, last; /* first <= last */
    size_t offset;   /* result, a multiple of VQC_MEMORY_ALIGNMENT */
} vqc_memory_block;

enum { VQC_MEMORY_ALIGNMENT = 64 };

/* Places the blocks into one range of memory so that blocks alive at the same time do not overlap: the largest
 * first, each at the lowest offset that is free over its lifetime. Sets every offset and *total_out, the size of the
 * range. The same blocks give the same offsets. Sizes of zero are allowed.
 * Fails for want of memory alone. */
VQC_MUST_CHECK vqc_status vqc_memory_packing(vqc_memory_block *blocks, size_t count, size_t *total_out,
                                             vqc_error *error);

#endif
