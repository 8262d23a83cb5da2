#include "weights/gather.h"

#include <string.h>

#include "weights/map.h"

enum {
    PIECE_ELEMENTS = 1 << 20, /* converted between two returns of mapped pages */
    STRIDED_ELEMENTS = 256,   /* collected before they are converted */
    MAX_ELEMENT_SIZE = 8
};

/* A tensor's dimensions, as few as possible: those of size 1 left out, and neighbours that lie one after another in
 * memory joined. The last one is the row. */
typedef struct dimensions {
    int rank; /* at least 1 */
    int64_t size[VQC_WEIGHTS_MAX_RANK + 1];
    int64_t stride[VQC_WEIGHTS_MAX_RANK + 1];
} dimensions;

static dimensions dimensions_join(const vqc_directory_entry *entry)
{
    dimensions joined = {.rank = 0};
    for (int d = 0; d < entry->tensor.rank; d++) {
        int64_t size = entry->tensor.shape[d];
        int64_t stride = entry->stride[d];
        int last = joined.rank - 1;
        if (size == 1)
            continue;
        /* Two dimensions of more than one element each: stride × size is within the storage, no overflow. */
        if (last >= 0 && joined.stride[last] == stride * size) {
            joined.size[last] *= size;
            joined.stride[last] = stride;
        } else {
            joined.size[joined.rank] = size;
            joined.stride[joined.rank++] = stride;
        }
    }
    if (joined.rank == 0) {
        joined.size[0] = 1;
        joined.stride[0] = 1;
        joined.rank = 1;
    }
    return joined;
}

typedef struct gather {
    vqc_dtype dtype;
    size_t element_size;
    bool mapped;
    vqc_gather_convert convert;
    size_t target_size;
    uint8_t *target; /* where the next element goes */
} gather;

static void gather_contiguous(gather *state, const uint8_t *source, int64_t count)
{
    while (count > 0) {
        size_t piece = count < PIECE_ELEMENTS ? (size_t)count : PIECE_ELEMENTS;
        state->convert(state->dtype, source, piece, state->target);
        if (state->mapped)
            vqc_map_forget(source, piece * state->element_size);
        state->target += piece * state->target_size;
        source += piece * state->element_size;
        count -= (int64_t)piece;
    }
}

static void gather_strided(gather *state, const uint8_t *source, int64_t count, int64_t stride)
{
    uint8_t collected[STRIDED_ELEMENTS * MAX_ELEMENT_SIZE];
    size_t step = (size_t)stride * state->element_size;
    for (int64_t done = 0; done < count;) {
        int64_t left = count - done;
        size_t piece = left < STRIDED_ELEMENTS ? (size_t)left : STRIDED_ELEMENTS;
        for (size_t i = 0; i < piece; i++)
            memcpy(collected + i * state->element_size, source + ((size_t)done + i) * step, state->element_size);
        state->convert(state->dtype, collected, piece, state->target);
        state->target += piece * state->target_size;
        done += (int64_t)piece;
    }
}

/* Moves to the next row; false after the last one. The row itself is not counted. */
static bool index_advance(const dimensions *of, int64_t *index)
{
    for (int d = of->rank - 2; d >= 0; d--) {
        if (++index[d] < of->size[d])
            return true;
        index[d] = 0;
    }
    return false;
}

void vqc_gather(const vqc_directory_entry *entry, const uint8_t *bytes, bool mapped, vqc_gather_convert convert,
                size_t target_size, void *target)
{
    if (entry->tensor.count == 0)
        return;
    dimensions of = dimensions_join(entry);
    int row = of.rank - 1;
    size_t element_size = vqc_dtype_size(entry->tensor.dtype);
    /* A tensor of scattered rows keeps its pages until its end. */
    gather state = {entry->tensor.dtype, element_size, mapped && row == 0, convert, target_size, target};
    int64_t index[VQC_WEIGHTS_MAX_RANK] = {0};
    int64_t extent = 1;
    for (int d = 0; d <= row; d++)
        extent += (of.size[d] - 1) * of.stride[d];
    const uint8_t *first = bytes + entry->start;
    do {
        int64_t offset = 0;
        for (int d = 0; d < row; d++)
            offset += index[d] * of.stride[d];
        const uint8_t *source = first + (size_t)offset * element_size;
        if (of.stride[row] == 1)
            gather_contiguous(&state, source, of.size[row]);
        else
            gather_strided(&state, source, of.size[row], of.stride[row]);
    } while (index_advance(&of, index));
    if (mapped)
        vqc_map_forget(first, (size_t)extent * element_size);
}
