#include "ops/cpu/element.h"

#include <stddef.h>
#include <string.h>

enum { PIECE = 8192 };

void vqc_cpu_pieces_run(int64_t count, void (*function)(const void *context, int64_t first, int64_t end),
                        const void *context)
{
    int64_t pieces = (count + PIECE - 1) / PIECE;
#pragma omp parallel for schedule(static) if (pieces > 1)
    for (int64_t piece = 0; piece < pieces; piece++) {
        int64_t end = (piece + 1) * PIECE;
        function(context, piece * PIECE, end < count ? end : count);
    }
}

typedef struct pass {
    vqc_dtype dtype;
    void *target;
    const void *source;
} pass;

static void copy_piece(const void *context, int64_t first, int64_t end)
{
    const pass *p = context;
    memcpy(vqc_cpu_at_writable(p->dtype, p->target, first), vqc_cpu_at(p->dtype, p->source, first),
           (size_t)(end - first) * vqc_dtype_size(p->dtype));
}

void vqc_cpu_copy(vqc_dtype dtype, void *target, const void *source, int64_t count)
{
    const pass p = {dtype, target, source};
    vqc_cpu_pieces_run(count, copy_piece, &p);
}

VQC_CPU_INLINE void add(vqc_dtype dtype, void *target, const void *source, int64_t first, int64_t end)
{
    for (int64_t i = first; i < end; i++)
        vqc_cpu_store_gradient(dtype, true, target, i, vqc_cpu_load(dtype, source, i));
}

VQC_CPU_KERNEL static void add_piece(const void *context, int64_t first, int64_t end)
{
    const pass *p = context;
    VQC_CPU_FOR_DTYPE(add, p->dtype, p->target, p->source, first, end);
}

void vqc_cpu_gradient_pass(vqc_dtype dtype, bool accumulate, void *target, const void *source, int64_t count)
{
    const pass p = {dtype, target, source};
    vqc_cpu_pieces_run(count, accumulate ? add_piece : copy_piece, &p);
}
