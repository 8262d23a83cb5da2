#include "weights_copy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "weights/weights.h"

enum { NAME_SIZE = 256 };

static void tensor_copy(const vqc_weights *weights, const vqc_weights_tensor *tensor, const char *prefix,
                        vqc_weights_source *source)
{
    vqc_error error = {0};
    float *data = malloc((size_t)tensor->count * sizeof *data + 1);
    char *name = malloc(NAME_SIZE);
    assert_true(data != NULL && name != NULL);
    (void)snprintf(name, NAME_SIZE, "%s%s", prefix, tensor->name);
    if (vqc_weights_read_f32(weights, tensor, data, &error) != VQC_OK)
        fail_msg("%s", error.message);
    *source = (vqc_weights_source){.name = name, .dtype = VQC_DTYPE_F32, .rank = tensor->rank, .data = data};
    memcpy(source->shape, tensor->shape, sizeof tensor->shape);
}

void weights_copy(const char *from, const char *to, const char *prefix, int times, const char *extra)
{
    static const float number;
    vqc_error error = {0};
    vqc_weights *weights;
    if (vqc_weights_open(from, &weights, &error) != VQC_OK)
        fail_msg("%s", error.message);
    size_t each = vqc_weights_count(weights);
    size_t count = each * (size_t)times;
    vqc_weights_source *sources = calloc(count + 1, sizeof *sources);
    assert_non_null(sources);
    for (size_t i = 0; i < count; i++)
        tensor_copy(weights, vqc_weights_at(weights, i % each), i < count - each ? "" : prefix, &sources[i]);
    sources[count] =
        (vqc_weights_source){.name = extra, .dtype = VQC_DTYPE_F32, .rank = 1, .shape = {1}, .data = &number};
    if (vqc_weights_write(to, sources, count + (extra != NULL), &error) != VQC_OK)
        fail_msg("%s", error.message);
    for (size_t i = 0; i < count; i++) {
        free((void *)(uintptr_t)sources[i].data);
        free((void *)(uintptr_t)sources[i].name);
    }
    free(sources);
    vqc_weights_close(weights);
}
