#ifndef VQC_CLI_JSON_OUTPUT_H
#define VQC_CLI_JSON_OUTPUT_H

#include <jansson.h>

#include "base/status.h"
#include "cli/compute.h"

/* Prints the value to standard output on one line and releases it. A NULL value (memory ran out while
 * it was built) is VQC_FAILED. */
VQC_MUST_CHECK vqc_status vqc_json_print(json_t *value, vqc_error *error);

/* A new array of numbers, NULL without memory. */
json_t *vqc_json_numbers(const float *values, size_t count);
json_t *vqc_json_integers(const int64_t *values, size_t count);

/* A seed: an integer, and as its digits in a text from 2^63 on, which JSON's readers would round. NULL without
 * memory. */
json_t *vqc_json_seed(uint64_t seed);

/* Adds to an object what computed and what it took: device, precision, threads, load_seconds, compute_seconds (since
 * loading ended) and peak_memory_bytes. */
void vqc_json_add_compute(json_t *object, const vqc_compute *compute);

#endif
