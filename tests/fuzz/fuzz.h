#ifndef VQC_TESTS_FUZZ_FUZZ_H
#define VQC_TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>

/* What libFuzzer calls, and replay.c too: one input, always returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Number of bytes in the largest seed that replay.c takes. */
enum { FUZZ_MAX_SEED_SIZE = 16 << 20 };

#endif
