#ifndef VQC_TESTS_MODELS_WEIGHTS_COPY_H
#define VQC_TESTS_MODELS_WEIGHTS_COPY_H

/* Writes the tensors of a weights file, as f32, to a safetensors file: every name with `prefix` in front of it,
 * `times` times over with the prefixes "", prefix, ... where times is 2; and a tensor (1) of zero named `extra`
 * (NULL: none). Fails the test where it cannot. */
void weights_copy(const char *from, const char *to, const char *prefix, int times, const char *extra);

#endif
