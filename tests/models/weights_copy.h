#ifndef VQC_TESTS_MODELS_WEIGHTS_COPY_H
#define VQC_TESTS_MODELS_WEIGHTS_COPY_H

#include <stddef.h>

/* Writes the tensors of a weights file, as f32, to a safetensors file: every name with `prefix` in front of it,
 * `times` times over with the prefixes "", prefix, ... where times is 2; and a tensor (1) of zero named `extra`
 * (NULL: none). Fails the test where it cannot. */
void weights_copy(const char *from, const char *to, const char *prefix, int times, const char *extra);

/* The same of the tensors alone, without that of number `which` (in the file's order), or with it under another name,
 * or, where `which` is that of none, with one more of that name unless it is there. Gives how many tensors the file
 * has. */
size_t weights_change(const char *from, const char *to, size_t which, const char *name);

#endif
