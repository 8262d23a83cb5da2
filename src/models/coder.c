#include "models/coder.h"

#include <assert.h>
#include <stdlib.h>

static const vqc_kernel kernel_3x3 = {3, 1, 1, 1, 1, 1};
static const vqc_kernel kernel_halving = {3, 2, 0, 0, 1, 1};

static const float norm_epsilon = 1e-6F;

typedef char layer_name[VQC_PARAMETER_NAME_SIZE];

static void name_join(layer_name name, const char *parent, const char *child)
{
    vqc_parameter_name(name, "%s.%s", parent, child);
}

/* ---- Whether the file has what a block reads ---- */

/* PARENT.CHILD.weight, and its bias where there is one. */
static vqc_status layer_check(const vqc_coder *coder, const char *name, int rank, const int64_t *shape, bool bias,
                              vqc_error *error)
{
    layer_name full;
    name_join(full, name, "weight");
    VQC_TRY(vqc_parameters_claim(coder->parameters, full, rank, shape, error));
    if (!bias)
        return VQC_OK;
    name_join(full, name, "bias");
    return vqc_parameters_claim(coder->parameters, full, 1, shape, error);
}

static vqc_status convolution_check(const vqc_coder *coder, const char *name, int64_t rows, int64_t channels,
                                    int64_t size, bool bias, vqc_error *error)
{
    const int64_t shape[] = {rows, channels, size, size};
    return layer_check(coder, name, 4, shape, bias, error);
}

static vqc_status norm_check(const vqc_coder *coder, const char *name, int64_t channels, vqc_error *error)
{
    VQC_TRY(layer_check(coder, name, 1, &channels, true, error));
    if (channels % coder->style->groups == 0)
        return VQC_OK;
    return vqc_error_set(
        error, VQC_BAD_INPUT, "%s: tensor %s.weight: expected a multiple of %lld channels, found %lld",
        vqc_weights_path(coder->parameters->weights), name, (long long)coder->style->groups, (long long)channels);
}

static int64_t rows_of(const vqc_coder_block *block)
{
    return block->rows > 0 ? block->rows : block->channels;
}

static vqc_status block_convolution_check(const vqc_coder *coder, const vqc_coder_block *block, vqc_error *error)
{
    return convolution_check(coder, block->name, rows_of(block), coder->channels, 3, !block->without_bias, error);
}

static vqc_status block_pointwise_check(const vqc_coder *coder, const vqc_coder_block *block, vqc_error *error)
{
    return convolution_check(coder, block->name, rows_of(block), coder->channels, 1, !block->without_bias, error);
}

static vqc_status block_residual_check(const vqc_coder *coder, const vqc_coder_block *block, vqc_error *error)
{
    const vqc_coder_style *style = coder->style;
    bool bias = !style->residual_is_bare;
    layer_name child;
    name_join(child, block->name, "norm1");
    VQC_TRY(norm_check(coder, child, coder->channels, error));
    name_join(child, block->name, "conv1");
    VQC_TRY(convolution_check(coder, child, block->channels, coder->channels, 3, bias, error));
    name_join(child, block->name, "norm2");
    VQC_TRY(norm_check(coder, child, block->channels, error));
    name_join(child, block->name, "conv2");
    VQC_TRY(convolution_check(coder, child, block->channels, block->channels, 3, bias, error));
    if (coder->channels == block->channels)
        return VQC_OK;
    name_join(child, block->name, style->shortcut);
    int64_t from = style->shortcut_behind ? block->channels : coder->channels;
    return convolution_check(coder, child, block->channels, from, 1, bias, error);
}

static vqc_status block_attention_check(const vqc_coder *coder, const vqc_coder_block *block, vqc_error *error)
{
    const vqc_coder_style *style = coder->style;
    const char *const products[] = {style->query, style->key, style->value, style->project};
    const int64_t shape[] = {coder->channels, coder->channels, 1, 1};
    layer_name child;
    name_join(child, block->name, style->norm);
    VQC_TRY(norm_check(coder, child, coder->channels, error));
    for (size_t i = 0; i < sizeof products / sizeof products[0]; i++) {
        name_join(child, block->name, products[i]);
        VQC_TRY(layer_check(coder, child, style->attention_is_linear ? 2 : 4, shape, true, error));
    }
    return VQC_OK;
}

static vqc_status block_norm_check(const vqc_coder *coder, const vqc_coder_block *block, vqc_error *error)
{
    return norm_check(coder, block->name, coder->channels, error);
}

/* ---- Making it ---- */

typedef struct layer_tensors {
    float *weight;
    float *bias;
} layer_tensors;

static void tensors_release(layer_tensors *tensors)
{
    free(tensors->weight);
    free(tensors->bias);
}

/* Both are released by the caller, also after a failure. */
static vqc_status tensors_read(const vqc_coder *coder, const char *name, const int64_t shape[4], bool bias,
                               layer_tensors *tensors, vqc_error *error)
{
    layer_name full;
    name_join(full, name, "weight");
    VQC_TRY(vqc_parameters_read(coder->parameters, full, 4, shape, &tensors->weight, error));
    if (!bias)
        return VQC_OK;
    name_join(full, name, "bias");
    return vqc_parameters_read(coder->parameters, full, 1, shape, &tensors->bias, error);
}

static int64_t channels_of(const vqc_coder *coder, vqc_value value)
{
    return vqc_shape_width(vqc_network_shape(coder->layers->network, value));
}

/* A convolution of the file; where it has more rows than channels are asked for, of the first of them. */
static vqc_status convolution_build(const vqc_coder *coder, const vqc_coder_block *block, vqc_kernel kernel,
                                    vqc_value input, const vqc_value *residual, vqc_value *output, vqc_error *error)
{
    const int64_t shape[] = {rows_of(block), channels_of(coder, input), kernel.size, kernel.size};
    layer_tensors tensors = {0};
    vqc_status status = tensors_read(coder, block->name, shape, !block->without_bias, &tensors, error);
    if (status == VQC_OK)
        status = vqc_layer_convolution_with(coder->layers, tensors.weight, tensors.bias, input, block->channels,
                                            kernel, residual, output, error);
    tensors_release(&tensors);
    return status;
}

/* The same of a 1 × 1 convolution, which is a product. */
static vqc_status pointwise_build(const vqc_coder *coder, const vqc_coder_block *block, vqc_value input,
                                  const vqc_value *residual, vqc_value *output, vqc_error *error)
{
    const int64_t shape[] = {rows_of(block), channels_of(coder, input), 1, 1};
    layer_tensors tensors = {0};
    vqc_status status = tensors_read(coder, block->name, shape, !block->without_bias, &tensors, error);
    if (status == VQC_OK)
        status = vqc_layer_linear_with(coder->layers, tensors.weight, tensors.bias, input, block->channels, residual,
                                       output, error);
    tensors_release(&tensors);
    return status;
}

static vqc_status norm_build(const vqc_coder *coder, const char *parent, const char *child, bool swish,
                             vqc_value input, vqc_value *output, vqc_error *error)
{
    layer_name name;
    name_join(name, parent, child);
    return vqc_layer_group_norm(coder->layers, name, coder->style->groups, norm_epsilon, input, swish, output, error);
}

static vqc_status block_convolution_build(const vqc_coder *coder, const vqc_coder_block *block, vqc_value x,
                                          vqc_value *output, vqc_error *error)
{
    return convolution_build(coder, block, kernel_3x3, x, NULL, output, error);
}

static vqc_status block_pointwise_build(const vqc_coder *coder, const vqc_coder_block *block, vqc_value x,
                                        vqc_value *output, vqc_error *error)
{
    return pointwise_build(coder, block, x, NULL, output, error);
}

static vqc_status block_halving_build(const vqc_coder *coder, const vqc_coder_block *block, vqc_value x,
                                      vqc_value *output, vqc_error *error)
{
    return convolution_build(coder, block, kernel_halving, x, NULL, output, error);
}

/* The last convolution of a residual block, with the short way added. */
static vqc_status residual_end_build(const vqc_coder *coder, const vqc_coder_block *block, vqc_value x, vqc_value h,
                                     vqc_value *output, vqc_error *error)
{
    layer_name second;
    layer_name shortcut;
    name_join(second, block->name, "conv2");
    name_join(shortcut, block->name, coder->style->shortcut);
    bool bare = coder->style->residual_is_bare;
    const vqc_coder_block last = {.name = second, .channels = block->channels, .without_bias = bare};
    const vqc_coder_block short_way = {.name = shortcut, .channels = block->channels, .without_bias = bare};
    if (coder->channels == block->channels)
        return convolution_build(coder, &last, kernel_3x3, h, &x, output, error);
    if (coder->style->shortcut_behind) {
        VQC_TRY(convolution_build(coder, &last, kernel_3x3, h, NULL, &h, error));
        VQC_TRY(pointwise_build(coder, &short_way, h, NULL, &x, error));
        return vqc_layer_add(coder->layers, h, x, output, error);
    }
    VQC_TRY(pointwise_build(coder, &short_way, x, NULL, &x, error));
    return convolution_build(coder, &last, kernel_3x3, h, &x, output, error);
}

static vqc_status block_residual_build(const vqc_coder *coder, const vqc_coder_block *block, vqc_value x,
                                       vqc_value *output, vqc_error *error)
{
    layer_name first;
    vqc_value h;
    name_join(first, block->name, "conv1");
    const vqc_coder_block convolution = {
        .name = first, .channels = block->channels, .without_bias = coder->style->residual_is_bare};
    VQC_TRY(norm_build(coder, block->name, "norm1", true, x, &h, error));
    VQC_TRY(convolution_build(coder, &convolution, kernel_3x3, h, NULL, &h, error));
    VQC_TRY(norm_build(coder, block->name, "norm2", true, h, &h, error));
    return residual_end_build(coder, block, x, h, output, error);
}

static vqc_status block_attention_build(const vqc_coder *coder, const vqc_coder_block *block, vqc_value x,
                                        vqc_value *output, vqc_error *error)
{
    const vqc_coder_style *style = coder->style;
    bool pointwise = !style->attention_is_linear;
    layer_name query;
    layer_name key;
    layer_name value;
    layer_name project;
    vqc_value h;
    name_join(query, block->name, style->query);
    name_join(key, block->name, style->key);
    name_join(value, block->name, style->value);
    name_join(project, block->name, style->project);
    const char *const parts[] = {query, key, value};
    VQC_TRY(norm_build(coder, block->name, style->norm, false, x, &h, error));
    VQC_TRY(vqc_layer_linear_stack(coder->layers, parts, 3, pointwise, h, coder->channels, &h, error));
    VQC_TRY(vqc_layer_attention(coder->layers, h, 1, false, NULL, &h, error));
    return vqc_layer_linear(coder->layers, project, pointwise, h, coder->channels, &x, output, error);
}

static vqc_status block_norm_build(const vqc_coder *coder, const vqc_coder_block *block, vqc_value x,
                                   vqc_value *output, vqc_error *error)
{
    return vqc_layer_group_norm(coder->layers, block->name, coder->style->groups, norm_epsilon, x, true, output,
                                error);
}

static vqc_status block_pooling_build(const vqc_coder *coder, const vqc_coder_block *block, vqc_value x,
                                      vqc_value *output, vqc_error *error)
{
    (void)block;
    return vqc_layer_average_pool(coder->layers, x, 2, output, error);
}

static vqc_status block_doubling_build(const vqc_coder *coder, const vqc_coder_block *block, vqc_value x,
                                       vqc_value *output, vqc_error *error)
{
    const int64_t shape[] = {rows_of(block), channels_of(coder, x), 3, 3};
    layer_tensors tensors = {0};
    vqc_status status = tensors_read(coder, block->name, shape, !block->without_bias, &tensors, error);
    if (status == VQC_OK)
        status = vqc_layer_upsample_convolution_with(coder->layers, tensors.weight, tensors.bias, x, block->channels,
                                                     output, error);
    tensors_release(&tensors);
    return status;
}

/* ---- The kinds ---- */

typedef struct block_type {
    /* Whether the file has its tensors; NULL: it has none. */
    vqc_status (*check)(const vqc_coder *coder, const vqc_coder_block *block, vqc_error *error);
    vqc_status (*build)(const vqc_coder *coder, const vqc_coder_block *block, vqc_value x, vqc_value *output,
                        vqc_error *error);
} block_type;

static const block_type types[] = {
    [VQC_CODER_CONVOLUTION] = {.check = block_convolution_check, .build = block_convolution_build},
    [VQC_CODER_POINTWISE] = {.check = block_pointwise_check, .build = block_pointwise_build},
    [VQC_CODER_RESIDUAL] = {.check = block_residual_check, .build = block_residual_build},
    [VQC_CODER_ATTENTION] = {.check = block_attention_check, .build = block_attention_build},
    [VQC_CODER_NORM] = {.check = block_norm_check, .build = block_norm_build},
    [VQC_CODER_HALVING] = {.check = block_convolution_check, .build = block_halving_build},
    [VQC_CODER_POOLING] = {.check = NULL, .build = block_pooling_build},
    [VQC_CODER_DOUBLING] = {.check = block_convolution_check, .build = block_doubling_build},
};
static_assert(sizeof types / sizeof types[0] == VQC_CODER_BLOCK_COUNT, "a kind of block without its row");

vqc_status vqc_coder_add(vqc_coder *coder, const vqc_coder_block *block, vqc_error *error)
{
    const block_type *type = &types[block->kind];
    vqc_coder_block whole = *block;
    if (whole.channels == 0)
        whole.channels = coder->channels;
    if (coder->layers != NULL)
        VQC_TRY(type->build(coder, &whole, coder->value, &coder->value, error));
    else if (type->check != NULL)
        VQC_TRY(type->check(coder, &whole, error));
    coder->channels = whole.channels;
    return VQC_OK;
}
