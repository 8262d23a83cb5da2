#include "weights_copy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
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

static vqc_weights *weights_read(const char *from)
{
    vqc_error error = {0};
    vqc_weights *weights;
    if (vqc_weights_open(from, &weights, &error) != VQC_OK)
        fail_msg("%s", error.message);
    return weights;
}

/* Writes the sources, the first `owned` of which were copied. */
static void sources_write(const char *to, vqc_weights_source *sources, size_t owned, size_t count)
{
    vqc_error error = {0};
    if (vqc_weights_write(to, sources, count, &error) != VQC_OK)
        fail_msg("%s", error.message);
    for (size_t i = 0; i < owned; i++) {
        free((void *)(uintptr_t)sources[i].data);
        free((void *)(uintptr_t)sources[i].name);
    }
    free(sources);
}

static vqc_weights_source source_of_one(const char *name)
{
    static const float number;
    return (vqc_weights_source){.name = name, .dtype = VQC_DTYPE_F32, .rank = 1, .shape = {1}, .data = &number};
}

void weights_copy(const char *from, const char *to, const char *prefix, int times, const char *extra)
{
    vqc_weights *weights = weights_read(from);
    size_t each = vqc_weights_count(weights);
    size_t count = each * (size_t)times;
    vqc_weights_source *sources = calloc(count + 1, sizeof *sources);
    assert_non_null(sources);
    for (size_t i = 0; i < count; i++)
        tensor_copy(weights, vqc_weights_at(weights, i % each), i < count - each ? "" : prefix, &sources[i]);
    sources[count] = source_of_one(extra);
    sources_write(to, sources, count, count + (extra != NULL));
    vqc_weights_close(weights);
}

size_t weights_change(const char *from, const char *to, size_t which, const char *name)
{
    vqc_weights *weights = weights_read(from);
    size_t all = vqc_weights_count(weights);
    size_t count = 0;
    vqc_weights_source *sources = calloc(all + 1, sizeof *sources);
    assert_non_null(sources);
    for (size_t i = 0; i < all; i++) {
        if (i == which && name == NULL)
            continue;
        tensor_copy(weights, vqc_weights_at(weights, i), "", &sources[count]);
        if (i == which)
            (void)snprintf((char *)(uintptr_t)sources[count].name, NAME_SIZE, "%s", name);
        count++;
    }
    sources[count] = source_of_one(name);
    bool added = which >= all && name != NULL && vqc_weights_find(weights, name) == NULL;
    sources_write(to, sources, count, count + added);
    vqc_weights_close(weights);
    return all;
}
