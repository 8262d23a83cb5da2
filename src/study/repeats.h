#ifndef VQC_STUDY_REPEATS_H
#define VQC_STUDY_REPEATS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"

/* Compares the items of two numbers as strcmp() compares texts. */
typedef int (*vqc_item_compare)(const void *items, size_t a, size_t b);

/* Looks for an item that is equal to an earlier one, among items 0 to count - 1, in n log n steps. Sets *found_out,
 * and *second_out to the first such item and *first_out to the earliest that it is equal to. Fails for want of memory
 * alone. */
VQC_MUST_CHECK vqc_status vqc_repeat_find(const void *items, size_t count, vqc_item_compare compare, bool *found_out,
                                          size_t *first_out, size_t *second_out, vqc_error *error);

#endif
