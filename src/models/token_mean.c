#include "models/token_mean.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* a · input + b · other, where a + b = 1. */
static vqc_status mix_add(const vqc_layers *layers, float a, vqc_value input, float b, vqc_value other,
                          vqc_value *output, vqc_error *error)
{
    int64_t width = vqc_shape_width(vqc_network_shape(layers->network, input));
    float *numbers;
    VQC_TRY(vqc_memory_allocate((size_t)(3 * width), sizeof *numbers, "a mean", &numbers, error));
    for (int64_t i = 0; i < width; i++) {
        numbers[i] = a;
        numbers[width + i] = b;
        numbers[2 * width + i] = 0.0F;
    }
    vqc_status status = vqc_layer_channel_scale(layers, input, numbers, numbers + 2 * width, &input, error);
    if (status == VQC_OK)
        status = vqc_layer_channel_scale(layers, other, numbers + width, numbers + 2 * width, &other, error);
    free(numbers);
    return status == VQC_OK ? vqc_layer_add(layers, input, other, output, error) : status;
}

/* The mean of all tokens: the operation that puts it in front of them, and then it alone. */
static vqc_status mean_of_all_add(const vqc_layers *layers, vqc_value x, vqc_value first, vqc_value *output,
                                  vqc_error *error)
{
    vqc_shape shape = vqc_network_shape(layers->network, x);
    size_t count = (size_t)((1 + shape.size[1]) * shape.size[2]);
    float *positions;
    VQC_TRY(vqc_memory_allocate(count, sizeof *positions, "no positions", &positions, error));
    memset(positions, 0, count * sizeof *positions);
    vqc_status status = vqc_layer_tokens(layers, x, VQC_TOKENS_FRONT_MEAN, NULL, positions, output, error);
    free(positions);
    VQC_TRY(status);
    return vqc_layer_select(layers, *output, first, output, error);
}

vqc_status vqc_token_mean_add(const vqc_layers *layers, vqc_value x, bool without_first, vqc_value first,
                              vqc_value *output, vqc_error *error)
{
    int64_t patches = vqc_network_shape(layers->network, x).size[1] - 1;
    vqc_value class_token;
    vqc_value all;
    VQC_TRY(mean_of_all_add(layers, x, first, &all, error));
    if (!without_first) {
        *output = all;
        return VQC_OK;
    }
    /* What the first adds to the mean of all is taken off again. */
    VQC_TRY(vqc_layer_select(layers, x, first, &class_token, error));
    return mix_add(layers, (float)(patches + 1) / (float)patches, all, -1.0F / (float)patches, class_token, output,
                   error);
}
