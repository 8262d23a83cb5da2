#include "network/memory_packing.h"

#include <stdint.h>
#include <stdlib.h>

#include "base/memory.h"

static size_t size_aligned(size_t size)
{
    return (size + VQC_MEMORY_ALIGNMENT - 1) / VQC_MEMORY_ALIGNMENT * VQC_MEMORY_ALIGNMENT;
}

/* Larger blocks first; equal ones in their given order, so that the result does not depend on the sort. */
static int block_order(const void *left, const void *right)
{
    const vqc_memory_block *a = *(vqc_memory_block *const *)left;
    const vqc_memory_block *b = *(vqc_memory_block *const *)right;
    if (a->size != b->size)
        return a->size > b->size ? -1 : 1;
    return a < b ? -1 : 1;
}

static int blocks_meet(const vqc_memory_block *a, const vqc_memory_block *b)
{
    return a->first <= b->last && b->first <= a->last;
}

/* Inserts a block into the list of placed blocks, which is sorted by offset. */
static void placed_insert(vqc_memory_block **placed, size_t count, vqc_memory_block *block)
{
    size_t at = count;
    while (at > 0 && placed[at - 1]->offset > block->offset) {
        placed[at] = placed[at - 1];
        at--;
    }
    placed[at] = block;
}

/* The lowest offset at which the block overlaps none of the placed blocks that are alive with it. */
static size_t offset_free(vqc_memory_block *const *placed, size_t count, const vqc_memory_block *block)
{
    size_t offset = 0;
    for (size_t i = 0; i < count; i++) {
        if (!blocks_meet(placed[i], block))
            continue;
        if (offset + size_aligned(block->size) <= placed[i]->offset)
            return offset;
        size_t end = placed[i]->offset + size_aligned(placed[i]->size);
        if (end > offset)
            offset = end;
    }
    return offset;
}

vqc_status vqc_memory_packing(vqc_memory_block *blocks, size_t count, size_t *total_out, vqc_error *error)
{
    vqc_memory_block **order;
    VQC_TRY(vqc_memory_allocate(2 * count, sizeof(vqc_memory_block *), "a memory packing", &order, error));
    vqc_memory_block **placed = order + count;
    for (size_t i = 0; i < count; i++)
        order[i] = &blocks[i];
    qsort(order, count, sizeof(vqc_memory_block *), block_order);
    size_t total = 0;
    for (size_t i = 0; i < count; i++) {
        vqc_memory_block *block = order[i];
        block->offset = offset_free(placed, i, block);
        placed_insert(placed, i, block);
        size_t end = block->offset + size_aligned(block->size);
        if (end > total)
            total = end;
    }
    free(order);
    *total_out = total;
    return VQC_OK;
}
