#ifndef VQC_TESTS_FUZZ_READ_CHECKPOINT_H
#define VQC_TESTS_FUZZ_READ_CHECKPOINT_H

/* Opens bytes as a checkpoint file and reads all of it. */

#include "memory_file.h"

#include <stdbool.h>

#include "weights/weights.h"

/* Tensors beyond this are not read: an honest file may repeat or pack more than a fuzzer's memory. */
enum { READ_CHECKPOINT_ELEMENTS = 1 << 20 };

static inline void read_tensor(const vqc_weights *weights, const vqc_weights_tensor *tensor)
{
    vqc_error error = {0};
    if (tensor->count > READ_CHECKPOINT_ELEMENTS)
        return;
    /* Of the exact size, so that the address sanitizer sees a write beyond the end. */
    float *reals = malloc(sizeof *reals * (size_t)tensor->count);
    int64_t *integers = malloc(sizeof *integers * (size_t)tensor->count);
    bool real = vqc_weights_read_f32(weights, tensor, reals, &error) == VQC_OK;
    bool integer = vqc_weights_read_i64(weights, tensor, integers, &error) == VQC_OK;
    if (integer && !real)
        abort();
    free(reals);
    free(integers);
    if (vqc_weights_find(weights, tensor->name) != tensor)
        abort();
}

static inline void read_checkpoint(const void *data, size_t size)
{
    memory_file file;
    vqc_weights *weights;
    vqc_error error = {0};
    memory_file_open(&file, data, size);
    if (vqc_weights_open(file.path, &weights, &error) == VQC_OK) {
        for (size_t i = 0; i < vqc_weights_count(weights) && i < 64; i++)
            read_tensor(weights, vqc_weights_at(weights, i));
        (void)vqc_weights_metadata(weights, "format");
        vqc_weights_close(weights);
    }
    memory_file_close(&file);
}

#endif
