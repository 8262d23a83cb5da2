#ifndef VQC_BASE_MEMORY_H
#define VQC_BASE_MEMORY_H

#include <stddef.h>

#include "base/status.h"

/* Heap memory whose failure is an error like any other. Every pointer got here is released with free(). */

/* Allocates count × size bytes set to zero. A product that overflows and a refusal of the system are VQC_FAILED,
 * naming `what` and the size. A count of zero gives a valid pointer. */
VQC_MUST_CHECK vqc_status vqc_memory_allocate(size_t count, size_t size, const char *what, void *pointer_out,
                                              vqc_error *error);

/* Makes *array (capacity *capacity elements of the given size) hold at least `needed` elements, at least doubling
 * it so that appending is cheap. New elements are not initialised. On failure the array is as it was. */
VQC_MUST_CHECK vqc_status vqc_memory_grow(void *array_inout, size_t *capacity, size_t needed, size_t size,
                                          const char *what, vqc_error *error);

/* A copy of the text. */
VQC_MUST_CHECK vqc_status vqc_memory_copy_text(const char *text, char **copy_out, vqc_error *error);

/* Peak resident memory of this process so far, in bytes; 0 where the system does not say. */
size_t vqc_memory_peak(void);

#endif
