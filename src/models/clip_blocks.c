#include "models/clip_blocks.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

typedef char layer_name[VQC_PARAMETER_NAME_SIZE];

static int64_t value_width(const vqc_layers *layers, vqc_value value)
{
    vqc_shape shape = vqc_network_shape(layers->network, value);
    return shape.size[shape.rank - 1];
}

/* Copies one of q, k, v into its third of the packed weight and bias. */
static vqc_status split_projection_read(const vqc_parameters *parameters, const char *block, int part, int64_t width,
                                        float *weight, float *bias, vqc_error *error)
{
    static const char *const letters = "qkv";
    layer_name name;
    float *data;
    int64_t shape[] = {width, width};
    vqc_parameter_name(name, "%s.attn.%c_proj.weight", block, letters[part]);
    VQC_TRY(vqc_parameters_read(parameters, name, 2, shape, &data, error));
    memcpy(weight + part * width * width, data, (size_t)(width * width) * sizeof *data);
    free(data);
    vqc_parameter_name(name, "%s.attn.%c_proj.bias", block, letters[part]);
    VQC_TRY(vqc_parameters_read(parameters, name, 1, shape, &data, error));
    memcpy(bias + part * width, data, (size_t)width * sizeof *data);
    free(data);
    return VQC_OK;
}

/* Weight (3 width, width) and bias of the projection to q, k, v; both freed by the caller, also after a failure. */
static vqc_status in_projection_read(const vqc_clip *clip, const char *block, int64_t width, float **weight_out,
                                     float **bias_out, vqc_error *error)
{
    const vqc_parameters *parameters = &clip->parameters;
    int64_t shape[] = {3 * width, width};
    if (clip->naming.family == VQC_CLIP_OPENAI) {
        layer_name name;
        vqc_parameter_name(name, "%s.attn.in_proj_weight", block);
        VQC_TRY(vqc_parameters_read(parameters, name, 2, shape, weight_out, error));
        vqc_parameter_name(name, "%s.attn.in_proj_bias", block);
        return vqc_parameters_read(parameters, name, 1, shape, bias_out, error);
    }
    VQC_TRY(vqc_memory_allocate((size_t)(3 * width * width), sizeof(float), block, weight_out, error));
    VQC_TRY(vqc_memory_allocate((size_t)(3 * width), sizeof(float), block, bias_out, error));
    for (int part = 0; part < 3; part++)
        VQC_TRY(split_projection_read(parameters, block, part, width, *weight_out, *bias_out, error));
    return VQC_OK;
}

/* attn(ln_1(x)) before its output projection. */
static vqc_status attention_add(const vqc_clip *clip, const vqc_layers *layers, const vqc_clip_blocks *blocks,
                                const char *block, vqc_value x, vqc_value *output, vqc_error *error)
{
    layer_name name;
    vqc_value h;
    int64_t width = value_width(layers, x);
    vqc_parameter_name(name, "%s.ln_1", block);
    VQC_TRY(vqc_layer_layer_norm(layers, name, x, &h, error));
    float *weight = NULL;
    float *bias = NULL;
    vqc_status status = in_projection_read(clip, block, width, &weight, &bias, error);
    if (status == VQC_OK)
        status = vqc_layer_linear_with(layers, weight, bias, h, 3 * width, NULL, &h, error);
    free(weight);
    free(bias);
    VQC_TRY(status);
    return vqc_layer_attention(layers, h, blocks->heads, blocks->causal, output, error);
}

/* The rest of the block: x + out_proj(attention), then the perceptron. */
static vqc_status perceptron_add(const vqc_clip *clip, const vqc_layers *layers, const char *block, vqc_value x,
                                 vqc_value attention, vqc_value *output, vqc_error *error)
{
    layer_name name;
    vqc_value h;
    const vqc_weights_tensor *hidden;
    int64_t width = value_width(layers, x);
    vqc_parameter_name(name, "%s.mlp.c_fc.bias", block);
    VQC_TRY(vqc_parameters_require(layers->parameters, name, &hidden, error));
    vqc_parameter_name(name, "%s.attn.out_proj", block);
    VQC_TRY(vqc_layer_linear(layers, name, false, attention, width, &x, &x, error));
    vqc_parameter_name(name, "%s.ln_2", block);
    VQC_TRY(vqc_layer_layer_norm(layers, name, x, &h, error));
    vqc_parameter_name(name, "%s.mlp.c_fc", block);
    VQC_TRY(vqc_layer_linear(layers, name, false, h, hidden->count, NULL, &h, error));
    VQC_TRY(vqc_layer_activation(layers, clip->activation, h, &h, error));
    vqc_parameter_name(name, "%s.mlp.c_proj", block);
    return vqc_layer_linear(layers, name, false, h, width, &x, output, error);
}

vqc_status vqc_clip_blocks_add(const vqc_clip *clip, const vqc_layers *layers, const vqc_clip_blocks *blocks,
                               vqc_value x, vqc_value *output, vqc_error *error)
{
    for (int64_t i = 0; i < blocks->layers; i++) {
        layer_name block;
        vqc_value attention;
        vqc_parameter_name(block, "%s.%lld", blocks->name, (long long)i);
        VQC_TRY(attention_add(clip, layers, blocks, block, x, &attention, error));
        if (i == blocks->layers - 1) {
            VQC_TRY(vqc_layer_select(layers, attention, *blocks->select, &attention, error));
            VQC_TRY(vqc_layer_select(layers, x, *blocks->select, &x, error));
        }
        VQC_TRY(perceptron_add(clip, layers, block, x, attention, &x, error));
    }
    *output = x;
    return VQC_OK;
}

/* Turns (rows, columns) into (columns, rows). */
static vqc_status matrix_transpose(float **matrix, int64_t rows, int64_t columns, vqc_error *error)
{
    float *transposed;
    VQC_TRY(vqc_memory_allocate((size_t)(rows * columns), sizeof(float), "a projection", &transposed, error));
    for (int64_t i = 0; i < rows; i++)
        for (int64_t j = 0; j < columns; j++)
            transposed[j * rows + i] = (*matrix)[i * columns + j];
    free(*matrix);
    *matrix = transposed;
    return VQC_OK;
}

/* Reads the projection as (embed_width, in_width). */
static vqc_status projection_read(const vqc_clip *clip, const char *name, int64_t in_width, float **weight_out,
                                  vqc_error *error)
{
    int64_t linear_shape[] = {clip->embed_width, in_width};
    int64_t matrix_shape[] = {in_width, clip->embed_width};
    if (clip->naming.family == VQC_CLIP_HUGGING_FACE)
        return vqc_parameters_read(&clip->parameters, name, 2, linear_shape, weight_out, error);
    layer_name linear_name;
    vqc_parameter_name(linear_name, "%s.weight", name);
    if (vqc_parameters_find(&clip->parameters, linear_name) != NULL)
        return vqc_parameters_read(&clip->parameters, linear_name, 2, linear_shape, weight_out, error);
    VQC_TRY(vqc_parameters_read(&clip->parameters, name, 2, matrix_shape, weight_out, error));
    return matrix_transpose(weight_out, in_width, clip->embed_width, error);
}

vqc_status vqc_clip_projection_add(const vqc_clip *clip, const vqc_layers *layers, const char *name, vqc_value input,
                                   vqc_value *output, vqc_error *error)
{
    float *weight = NULL;
    vqc_status status = projection_read(clip, name, value_width(layers, input), &weight, error);
    if (status == VQC_OK)
        status = vqc_layer_linear_with(layers, weight, NULL, input, clip->embed_width, NULL, output, error);
    free(weight);
    return status;
}
