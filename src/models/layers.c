#include "models/layers.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* NAME.weight and NAME.bias, both freed by the caller, also after a failure. */
static vqc_status weight_and_bias_read(const vqc_layers *layers, const char *name, int rank,
                                       const int64_t *weight_shape, float **weight_out, float **bias_out,
                                       vqc_error *error)
{
    char full[VQC_PARAMETER_NAME_SIZE];
    *weight_out = NULL;
    *bias_out = NULL;
    vqc_parameter_name(full, "%s.weight", name);
    VQC_TRY(vqc_parameters_read(layers->parameters, full, rank, weight_shape, weight_out, error));
    vqc_parameter_name(full, "%s.bias", name);
    return vqc_parameters_read(layers->parameters, full, 1, weight_shape, bias_out, error);
}

/* Adds an operation with an optional second input. */
static vqc_status layers_add(const vqc_layers *layers, const vqc_operation *operation, vqc_value input,
                             const vqc_value *second, vqc_shape shape, vqc_value *output, vqc_error *error)
{
    vqc_value inputs[VQC_OPERATION_MAX_INPUTS] = {input};
    if (second != NULL)
        inputs[1] = *second;
    return vqc_network_add(layers->network, operation, inputs, shape, output, error);
}

vqc_status vqc_layer_convolution_with(const vqc_layers *layers, const float *weight, const float *bias,
                                      vqc_value input, int64_t out_channels, vqc_kernel kernel,
                                      const vqc_value *residual, vqc_value *output, vqc_error *error)
{
    vqc_shape shape = vqc_network_shape(layers->network, input);
    vqc_operation operation = {
        .kind = VQC_OPERATION_CONVOLUTION,
        .dtype = layers->dtype,
        .convolution = {.batch = shape.size[0],
                        .height = shape.size[1],
                        .width = shape.size[2],
                        .in_channels = shape.size[3],
                        .out_channels = out_channels,
                        .kernel_height = kernel.size,
                        .kernel_width = kernel.size,
                        .stride = kernel.stride,
                        .pad_top = kernel.pad_top,
                        .pad_left = kernel.pad_left,
                        .pad_bottom = kernel.pad_bottom,
                        .pad_right = kernel.pad_right,
                        .residual = residual != NULL,
                        .weight = weight,
                        .bias = bias},
    };
    int64_t out_height = (shape.size[1] + kernel.pad_top + kernel.pad_bottom - kernel.size) / kernel.stride + 1;
    int64_t out_width = (shape.size[2] + kernel.pad_left + kernel.pad_right - kernel.size) / kernel.stride + 1;
    vqc_shape out_shape = {4, {shape.size[0], out_height, out_width, out_channels}};
    return layers_add(layers, &operation, input, residual, out_shape, output, error);
}

vqc_status vqc_layer_convolution(const vqc_layers *layers, const char *name, vqc_value input, int64_t out_channels,
                                 vqc_kernel kernel, const vqc_value *residual, vqc_value *output, vqc_error *error)
{
    int64_t weight_shape[] = {out_channels, vqc_shape_width(vqc_network_shape(layers->network, input)), kernel.size,
                              kernel.size};
    float *weight;
    float *bias;
    vqc_status status = weight_and_bias_read(layers, name, 4, weight_shape, &weight, &bias, error);
    if (status == VQC_OK)
        status =
            vqc_layer_convolution_with(layers, weight, bias, input, out_channels, kernel, residual, output, error);
    free(weight);
    free(bias);
    return status;
}

vqc_status vqc_layer_upsample_convolution_with(const vqc_layers *layers, const float *weight, const float *bias,
                                               vqc_value input, int64_t out_channels, vqc_value *output,
                                               vqc_error *error)
{
    vqc_shape shape = vqc_network_shape(layers->network, input);
    vqc_operation operation = {
        .kind = VQC_OPERATION_UPSAMPLE_CONVOLUTION,
        .dtype = layers->dtype,
        .upsample_convolution = {.batch = shape.size[0],
                                 .height = shape.size[1],
                                 .width = shape.size[2],
                                 .in_channels = shape.size[3],
                                 .out_channels = out_channels,
                                 .weight = weight,
                                 .bias = bias},
    };
    vqc_shape out_shape = {4, {shape.size[0], 2 * shape.size[1], 2 * shape.size[2], out_channels}};
    return layers_add(layers, &operation, input, NULL, out_shape, output, error);
}

vqc_status vqc_layer_linear_with(const vqc_layers *layers, const float *weight, const float *bias, vqc_value input,
                                 int64_t out_width, const vqc_value *residual, vqc_value *output, vqc_error *error)
{
    vqc_shape shape = vqc_network_shape(layers->network, input);
    vqc_operation operation = {
        .kind = VQC_OPERATION_LINEAR,
        .dtype = layers->dtype,
        .linear = {.rows = vqc_shape_rows(shape),
                   .in_width = vqc_shape_width(shape),
                   .out_width = out_width,
                   .residual = residual != NULL,
                   .weight = weight,
                   .bias = bias},
    };
    shape.size[shape.rank - 1] = out_width;
    return layers_add(layers, &operation, input, residual, shape, output, error);
}

vqc_status vqc_layer_linear(const vqc_layers *layers, const char *name, bool pointwise, vqc_value input,
                            int64_t out_width, const vqc_value *residual, vqc_value *output, vqc_error *error)
{
    int64_t weight_shape[] = {out_width, vqc_shape_width(vqc_network_shape(layers->network, input)), 1, 1};
    float *weight;
    float *bias;
    vqc_status status = weight_and_bias_read(layers, name, pointwise ? 4 : 2, weight_shape, &weight, &bias, error);
    if (status == VQC_OK)
        status = vqc_layer_linear_with(layers, weight, bias, input, out_width, residual, output, error);
    free(weight);
    free(bias);
    return status;
}

/* Reads several layers' parameters one below the other; both freed by the caller, also after a failure. */
static vqc_status stack_read(const vqc_layers *layers, const char *const *names, int count, bool pointwise,
                             int64_t in_width, int64_t out_width, float **weight_out, float **bias_out,
                             vqc_error *error)
{
    int64_t shape[] = {out_width, in_width, 1, 1};
    size_t size = (size_t)(out_width * in_width);
    for (int i = 0; i < count; i++) {
        float *weight;
        float *bias;
        vqc_status status = weight_and_bias_read(layers, names[i], pointwise ? 4 : 2, shape, &weight, &bias, error);
        if (status == VQC_OK && i == 0)
            status = vqc_memory_allocate((size_t)count * size, sizeof(float), names[i], weight_out, error);
        if (status == VQC_OK && i == 0)
            status = vqc_memory_allocate((size_t)(count * out_width), sizeof(float), names[i], bias_out, error);
        if (status == VQC_OK) {
            memcpy(*weight_out + (size_t)i * size, weight, size * sizeof *weight);
            memcpy(*bias_out + i * out_width, bias, (size_t)out_width * sizeof *bias);
        }
        free(weight);
        free(bias);
        VQC_TRY(status);
    }
    return VQC_OK;
}

vqc_status vqc_layer_linear_stack(const vqc_layers *layers, const char *const *names, int count, bool pointwise,
                                  vqc_value input, int64_t out_width, vqc_value *output, vqc_error *error)
{
    int64_t in_width = vqc_shape_width(vqc_network_shape(layers->network, input));
    float *weight = NULL;
    float *bias = NULL;
    vqc_status status = stack_read(layers, names, count, pointwise, in_width, out_width, &weight, &bias, error);
    if (status == VQC_OK)
        status = vqc_layer_linear_with(layers, weight, bias, input, count * out_width, NULL, output, error);
    free(weight);
    free(bias);
    return status;
}

vqc_status vqc_layer_group_norm(const vqc_layers *layers, const char *name, int64_t groups, float epsilon,
                                vqc_value input, bool swish, vqc_value *output, vqc_error *error)
{
    vqc_shape shape = vqc_network_shape(layers->network, input);
    int64_t channels = vqc_shape_width(shape);
    float *weight;
    float *bias;
    vqc_status status = weight_and_bias_read(layers, name, 1, &channels, &weight, &bias, error);
    if (status == VQC_OK && channels % groups != 0)
        status = vqc_error_set(
            error, VQC_BAD_INPUT, "%s: tensor %s.weight: expected a multiple of %lld channels, found %lld",
            vqc_weights_path(layers->parameters->weights), name, (long long)groups, (long long)channels);
    if (status == VQC_OK) {
        vqc_operation operation = {
            .kind = VQC_OPERATION_GROUP_NORM,
            .dtype = layers->dtype,
            .group_norm = {.batch = shape.size[0],
                           .pixels = shape.size[1] * shape.size[2],
                           .channels = channels,
                           .groups = groups,
                           .epsilon = epsilon,
                           .swish = swish,
                           .weight = weight,
                           .bias = bias},
        };
        status = layers_add(layers, &operation, input, NULL, shape, output, error);
    }
    free(weight);
    free(bias);
    return status;
}

vqc_status vqc_layer_layer_norm(const vqc_layers *layers, const char *name, float epsilon, vqc_value input,
                                vqc_value *output, vqc_error *error)
{
    vqc_shape shape = vqc_network_shape(layers->network, input);
    int64_t width = vqc_shape_width(shape);
    float *weight;
    float *bias;
    vqc_status status = weight_and_bias_read(layers, name, 1, &width, &weight, &bias, error);
    if (status == VQC_OK) {
        vqc_operation operation = {
            .kind = VQC_OPERATION_LAYER_NORM,
            .dtype = layers->dtype,
            .layer_norm =
                {.rows = vqc_shape_rows(shape), .width = width, .epsilon = epsilon, .weight = weight, .bias = bias},
        };
        status = layers_add(layers, &operation, input, NULL, shape, output, error);
    }
    free(weight);
    free(bias);
    return status;
}

vqc_status vqc_layer_activation(const vqc_layers *layers, vqc_activation_function function, vqc_value input,
                                vqc_value *output, vqc_error *error)
{
    vqc_shape shape = vqc_network_shape(layers->network, input);
    vqc_operation operation = {
        .kind = VQC_OPERATION_ACTIVATION,
        .dtype = layers->dtype,
        .activation = {.count = vqc_shape_count(shape), .function = function},
    };
    return layers_add(layers, &operation, input, NULL, shape, output, error);
}

vqc_status vqc_layer_add(const vqc_layers *layers, vqc_value left, vqc_value right, vqc_value *output,
                         vqc_error *error)
{
    vqc_shape shape = vqc_network_shape(layers->network, left);
    vqc_operation operation = {
        .kind = VQC_OPERATION_ADD, .dtype = layers->dtype, .add = {.count = vqc_shape_count(shape)}};
    return layers_add(layers, &operation, left, &right, shape, output, error);
}

vqc_status vqc_layer_average_pool(const vqc_layers *layers, vqc_value input, int64_t window, vqc_value *output,
                                  vqc_error *error)
{
    vqc_shape shape = vqc_network_shape(layers->network, input);
    vqc_operation operation = {
        .kind = VQC_OPERATION_AVERAGE_POOL,
        .dtype = layers->dtype,
        .average_pool = {shape.size[0], shape.size[1], shape.size[2], shape.size[3], window},
    };
    shape.size[1] /= window;
    shape.size[2] /= window;
    return layers_add(layers, &operation, input, NULL, shape, output, error);
}

vqc_status vqc_layer_attention(const vqc_layers *layers, vqc_value packed, int64_t heads, bool causal,
                               const vqc_value *seen, vqc_value *output, vqc_error *error)
{
    vqc_shape shape = vqc_network_shape(layers->network, packed);
    int64_t width = vqc_shape_width(shape) / 3;
    int64_t tokens = vqc_shape_rows(shape) / shape.size[0];
    vqc_operation operation = {
        .kind = VQC_OPERATION_ATTENTION,
        .dtype = layers->dtype,
        .attention = {.batch = shape.size[0],
                      .queries = tokens,
                      .keys = tokens,
                      .heads = heads,
                      .head_width = width / heads,
                      .packed = true,
                      .causal = causal,
                      .masked = seen != NULL},
    };
    shape.size[shape.rank - 1] = width;
    return layers_add(layers, &operation, packed, seen, shape, output, error);
}

/* A row's projection (width). */
static void row_project(const float *weight, const float *bias, const double *row, int64_t width, float *output)
{
    for (int64_t i = 0; i < width; i++) {
        double sum = (double)bias[i];
        for (int64_t j = 0; j < width; j++)
            sum += (double)weight[i * width + j] * row[j];
        output[i] = (float)sum;
    }
}

vqc_status vqc_layer_constant_queries(const vqc_layers *layers, const float *weight, const float *bias,
                                      const double *rows, vqc_shape shape, vqc_value *output, vqc_error *error)
{
    const int64_t batch = shape.size[0];
    const int64_t width = vqc_shape_width(shape);
    const int64_t count = vqc_shape_rows(shape) / batch;
    float *values;
    vqc_value constant;
    VQC_TRY(vqc_memory_allocate((size_t)(batch * count * width), sizeof *values, "queries", &values, error));
    for (int64_t i = 0; i < count; i++)
        row_project(weight, bias, rows + i * width, width, values + i * width);
    for (int64_t n = 1; n < batch; n++)
        memcpy(values + n * count * width, values, (size_t)(count * width) * sizeof *values);
    vqc_status status = vqc_network_constant(layers->network, VQC_DTYPE_F32, shape, values, &constant, error);
    free(values);
    return status == VQC_OK ? vqc_layer_cast(layers, constant, layers->dtype, output, error) : status;
}

vqc_status vqc_layer_query_attention(const vqc_layers *layers, vqc_value query, vqc_value keys_values, int64_t heads,
                                     vqc_value *output, vqc_error *error)
{
    vqc_shape shape = vqc_network_shape(layers->network, query);
    vqc_operation operation = {
        .kind = VQC_OPERATION_ATTENTION,
        .dtype = layers->dtype,
        .attention = {.batch = shape.size[0],
                      .queries = vqc_shape_rows(shape) / shape.size[0],
                      .keys = vqc_network_shape(layers->network, keys_values).size[1],
                      .heads = heads,
                      .head_width = vqc_shape_width(shape) / heads},
    };
    return layers_add(layers, &operation, query, &keys_values, shape, output, error);
}

vqc_status vqc_layer_tokens(const vqc_layers *layers, vqc_value input, vqc_tokens_front front, const float *first,
                            const float *positions, vqc_value *output, vqc_error *error)
{
    vqc_shape shape = vqc_network_shape(layers->network, input);
    vqc_operation operation = {
        .kind = VQC_OPERATION_TOKENS,
        .dtype = layers->dtype,
        .tokens = {.batch = shape.size[0],
                   .tokens = vqc_shape_rows(shape) / shape.size[0],
                   .width = vqc_shape_width(shape),
                   .front = front,
                   .first = first,
                   .positions = positions},
    };
    const vqc_tokens *o = &operation.tokens;
    vqc_shape out_shape = {3, {o->batch, vqc_tokens_front_count(o) + o->tokens, o->width}};
    return layers_add(layers, &operation, input, NULL, out_shape, output, error);
}

vqc_status vqc_layer_first(const vqc_layers *layers, int64_t batch, vqc_value *which_out, vqc_error *error)
{
    int32_t *zeros;
    vqc_shape shape = {1, {batch}};
    VQC_TRY(vqc_memory_allocate((size_t)batch, sizeof *zeros, "token places", &zeros, error));
    vqc_status status = vqc_network_constant(layers->network, VQC_DTYPE_I32, shape, zeros, which_out, error);
    free(zeros);
    return status;
}

vqc_status vqc_layer_select(const vqc_layers *layers, vqc_value input, vqc_value which, vqc_value *output,
                            vqc_error *error)
{
    vqc_shape shape = vqc_network_shape(layers->network, input);
    vqc_operation operation = {
        .kind = VQC_OPERATION_SELECT,
        .dtype = layers->dtype,
        .select = {shape.size[0], shape.size[1], shape.size[2]},
    };
    vqc_shape out_shape = {2, {shape.size[0], shape.size[2]}};
    return layers_add(layers, &operation, input, &which, out_shape, output, error);
}

vqc_status vqc_layer_channel_scale(const vqc_layers *layers, vqc_value input, const float *scale, const float *shift,
                                   vqc_value *output, vqc_error *error)
{
    vqc_shape shape = vqc_network_shape(layers->network, input);
    vqc_operation operation = {
        .kind = VQC_OPERATION_CHANNEL_SCALE,
        .dtype = vqc_network_dtype(layers->network, input),
        .channel_scale = {vqc_shape_rows(shape), vqc_shape_width(shape), scale, shift},
    };
    return layers_add(layers, &operation, input, NULL, shape, output, error);
}

vqc_status vqc_layer_cast(const vqc_layers *layers, vqc_value input, vqc_dtype dtype, vqc_value *output,
                          vqc_error *error)
{
    vqc_dtype from = vqc_network_dtype(layers->network, input);
    if (from == dtype) {
        *output = input;
        return VQC_OK;
    }
    vqc_shape shape = vqc_network_shape(layers->network, input);
    vqc_operation operation = {
        .kind = VQC_OPERATION_CAST, .dtype = dtype, .cast = {vqc_shape_count(shape), from, dtype}};
    return layers_add(layers, &operation, input, NULL, shape, output, error);
}
