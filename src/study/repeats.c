#define _GNU_SOURCE /* qsort_r */

#include "study/repeats.h"

#include <stdlib.h>

#include "base/memory.h"

typedef struct order {
    const void *items;
    vqc_item_compare compare;
} order;

/* Equal items by their numbers, so that the earlier comes first. */
static int numbers_compare(const void *left, const void *right, void *context)
{
    const order *by = context;
    size_t a = *(const size_t *)left;
    size_t b = *(const size_t *)right;
    int result = by->compare(by->items, a, b);
    return result != 0 ? result : (a > b) - (a < b);
}

vqc_status vqc_repeat_find(const void *items, size_t count, vqc_item_compare compare, bool *found_out,
                           size_t *first_out, size_t *second_out, vqc_error *error)
{
    size_t *numbers;
    order by = {items, compare};
    VQC_TRY(vqc_memory_allocate(count, sizeof *numbers, "an order", &numbers, error));
    for (size_t i = 0; i < count; i++)
        numbers[i] = i;
    qsort_r(numbers, count, sizeof *numbers, numbers_compare, &by);
    *found_out = false;
    size_t first = 0; /* of a run of equal ones */
    for (size_t i = 1; i < count; i++) {
        if (compare(items, numbers[first], numbers[i]) != 0) {
            first = i;
        } else if (!*found_out || numbers[i] < *second_out) {
            *found_out = true;
            *first_out = numbers[first];
            *second_out = numbers[i];
        }
    }
    free(numbers);
    return VQC_OK;
}
