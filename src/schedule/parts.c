#include "schedule/parts.h"

#include <stdbool.h>
#include <stdlib.h>

#include "base/memory.h"
#include "schedule/cost.h"

/* What a part costs so far. */
typedef struct part_load {
    double cost; /* a whole number */
    uint32_t part;
} part_load;

static bool is_before(const part_load *a, const part_load *b)
{
    return a->cost != b->cost ? a->cost < b->cost : a->part < b->part;
}

/* The parts as a heap, the one that has least first: brings the first to its place after it has grown. */
static void first_sink(part_load *heap, size_t count)
{
    size_t at = 0;
    for (size_t child = 1; child < count; child = 2 * at + 1) {
        if (child + 1 < count && is_before(&heap[child + 1], &heap[child]))
            child++;
        if (!is_before(&heap[child], &heap[at]))
            return;
        const part_load moved = heap[at];
        heap[at] = heap[child];
        heap[child] = moved;
        at = child;
    }
}

/* Deals the renders out, in this order. */
static void renders_deal(const vqc_study *study, const vqc_cost_seconds *guess, const int64_t *numbers,
                         part_load *heap, uint32_t count, uint32_t *part_out)
{
    for (uint32_t i = 0; i < count; i++)
        heap[i] = (part_load){.part = i + 1};
    for (size_t i = 0; i < study->render_count; i++) {
        part_out[numbers[i]] = heap[0].part;
        heap[0].cost += vqc_cost_render(study, &study->renders[numbers[i]], guess);
        first_sink(heap, count);
    }
}

vqc_status vqc_parts_divide(const vqc_study *study, uint32_t count, uint32_t *part_out, vqc_error *error)
{
    vqc_cost_seconds guess;
    int64_t *numbers;
    part_load *heap = NULL;
    for (size_t i = 0; i < study->render_count; i++)
        if (study->renders[i].wave > 0)
            return vqc_error_set(error, VQC_BAD_INPUT,
                                 "prompt %s: init: its render starts from another one of the study, which may be in "
                                 "another part: such a study is not parted",
                                 study->renders[i].prompt->id);
    if (count < 1 || count > study->render_count)
        return vqc_error_set(error, VQC_BAD_INPUT, "the study has %zu renders: expected 1 to %zu parts, found %u",
                             study->render_count, study->render_count, count);
    vqc_cost_guess_whole(study, &guess);
    VQC_TRY(vqc_memory_allocate(study->render_count, sizeof *numbers, "the renders of the parts", &numbers, error));
    for (size_t i = 0; i < study->render_count; i++)
        numbers[i] = (int64_t)i;
    vqc_status status = vqc_cost_order(study, &guess, numbers, study->render_count, error);
    if (status == VQC_OK)
        status = vqc_memory_allocate(count, sizeof *heap, "the parts", &heap, error);
    if (status == VQC_OK)
        renders_deal(study, &guess, numbers, heap, count, part_out);
    free(heap);
    free(numbers);
    return status;
}
