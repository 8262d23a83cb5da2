#include "models/vqgan_layers.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

static const vqc_kernel kernel_3x3 = {3, 1, 1, 1, 1, 1};
/* The encoder's halving pads below and on the right only. */
static const vqc_kernel kernel_halving = {3, 2, 0, 0, 1, 1};

typedef char layer_name[VQC_PARAMETER_NAME_SIZE];

static void name_join(layer_name name, const char *parent, const char *child)
{
    vqc_parameter_name(name, "%s.%s", parent, child);
}

static int64_t value_channels(const vqc_layers *layers, vqc_value value)
{
    vqc_shape shape = vqc_network_shape(layers->network, value);
    return shape.size[shape.rank - 1];
}

/* Residual block: x + conv2(swish(norm2(conv1(swish(norm1(x)))))), with a 1 × 1 convolution on the short way where
 * the number of channels changes. */
static vqc_status residual_block_add(const vqc_layers *layers, const char *name, vqc_value x, int64_t channels,
                                     vqc_value *output, vqc_error *error)
{
    layer_name child;
    vqc_value h;
    vqc_value shortcut = x;
    name_join(child, name, "norm1");
    VQC_TRY(vqc_layer_group_norm(layers, child, x, true, &h, error));
    name_join(child, name, "conv1");
    VQC_TRY(vqc_layer_convolution(layers, child, h, channels, kernel_3x3, NULL, &h, error));
    name_join(child, name, "norm2");
    VQC_TRY(vqc_layer_group_norm(layers, child, h, true, &h, error));
    if (value_channels(layers, x) != channels) {
        name_join(child, name, "nin_shortcut");
        VQC_TRY(vqc_layer_linear(layers, child, true, x, channels, NULL, &shortcut, error));
    }
    name_join(child, name, "conv2");
    return vqc_layer_convolution(layers, child, h, channels, kernel_3x3, &shortcut, output, error);
}

/* The weights of q, k and v one below the other, so that one product computes all three. */
static vqc_status packed_projection_read(const vqc_layers *layers, const char *name, int64_t width,
                                         float **weight_out, float **bias_out, vqc_error *error)
{
    static const char *const parts[] = {"q", "k", "v"};
    size_t square = (size_t)(width * width);
    VQC_TRY(vqc_memory_allocate(3 * square, sizeof(float), name, weight_out, error));
    VQC_TRY(vqc_memory_allocate(3 * (size_t)width, sizeof(float), name, bias_out, error));
    for (size_t i = 0; i < 3; i++) {
        layer_name full;
        float *part;
        int64_t shape[] = {width, width, 1, 1};
        vqc_parameter_name(full, "%s.%s.weight", name, parts[i]);
        VQC_TRY(vqc_parameters_read(layers->parameters, full, 4, shape, &part, error));
        memcpy(*weight_out + i * square, part, square * sizeof *part);
        free(part);
        vqc_parameter_name(full, "%s.%s.bias", name, parts[i]);
        VQC_TRY(vqc_parameters_read(layers->parameters, full, 1, shape, &part, error));
        memcpy(*bias_out + i * (size_t)width, part, (size_t)width * sizeof *part);
        free(part);
    }
    return VQC_OK;
}

/* Attention of one head over all pixels: x + proj_out(attention(norm(x))). */
static vqc_status attention_block_add(const vqc_layers *layers, const char *name, vqc_value x, vqc_value *output,
                                      vqc_error *error)
{
    int64_t width = value_channels(layers, x);
    layer_name child;
    vqc_value h;
    name_join(child, name, "norm");
    VQC_TRY(vqc_layer_group_norm(layers, child, x, false, &h, error));
    float *weight = NULL;
    float *bias = NULL;
    vqc_status status = packed_projection_read(layers, name, width, &weight, &bias, error);
    if (status == VQC_OK)
        status = vqc_layer_linear_with(layers, weight, bias, h, 3 * width, NULL, &h, error);
    free(weight);
    free(bias);
    VQC_TRY(status);
    VQC_TRY(vqc_layer_attention(layers, h, 1, false, &h, error));
    name_join(child, name, "proj_out");
    return vqc_layer_linear(layers, child, true, h, width, &x, output, error);
}

/* The middle part, the same in both halves. */
static vqc_status middle_add(const vqc_layers *layers, const char *half, vqc_value *h, vqc_error *error)
{
    int64_t channels = value_channels(layers, *h);
    layer_name name;
    name_join(name, half, "mid.block_1");
    VQC_TRY(residual_block_add(layers, name, *h, channels, h, error));
    name_join(name, half, "mid.attn_1");
    VQC_TRY(attention_block_add(layers, name, *h, h, error));
    name_join(name, half, "mid.block_2");
    return residual_block_add(layers, name, *h, channels, h, error);
}

/* The blocks of one level, each followed by attention where the configuration has it. */
static vqc_status level_add(const vqc_layers *layers, const vqc_vqgan_config *config, const char *direction,
                            int level, int64_t blocks, vqc_value *h, vqc_error *error)
{
    int64_t channels = config->width * config->multiplier[level];
    layer_name name;
    for (int64_t block = 0; block < blocks; block++) {
        vqc_parameter_name(name, "%s.%d.block.%lld", direction, level, (long long)block);
        VQC_TRY(residual_block_add(layers, name, *h, channels, h, error));
        if (!vqc_vqgan_config_attention(config, level))
            continue;
        vqc_parameter_name(name, "%s.%d.attn.%lld", direction, level, (long long)block);
        VQC_TRY(attention_block_add(layers, name, *h, h, error));
    }
    return VQC_OK;
}

vqc_status vqc_vqgan_layers_decode(const vqc_layers *layers, const vqc_vqgan_config *config, vqc_value latent,
                                   vqc_value *picture_out, vqc_error *error)
{
    int last = config->level_count - 1;
    vqc_value h;
    layer_name name;
    VQC_TRY(vqc_layer_convolution(layers, "decoder.conv_in", latent, config->width * config->multiplier[last],
                                  kernel_3x3, NULL, &h, error));
    VQC_TRY(middle_add(layers, "decoder", &h, error));
    for (int level = last; level >= 0; level--) {
        VQC_TRY(level_add(layers, config, "decoder.up", level, config->block_count + 1, &h, error));
        if (level == 0)
            break;
        VQC_TRY(vqc_layer_upsample(layers, h, &h, error));
        vqc_parameter_name(name, "decoder.up.%d.upsample.conv", level);
        VQC_TRY(vqc_layer_convolution(layers, name, h, value_channels(layers, h), kernel_3x3, NULL, &h, error));
    }
    VQC_TRY(vqc_layer_group_norm(layers, "decoder.norm_out", h, true, &h, error));
    return vqc_layer_convolution(layers, "decoder.conv_out", h, config->out_channels, kernel_3x3, NULL, picture_out,
                                 error);
}

vqc_status vqc_vqgan_layers_encode(const vqc_layers *layers, const vqc_vqgan_config *config, vqc_value picture,
                                   vqc_value *latent_out, vqc_error *error)
{
    int64_t channels = config->double_latent ? 2 * config->latent_width : config->latent_width;
    vqc_value h;
    layer_name name;
    VQC_TRY(vqc_layer_convolution(layers, "encoder.conv_in", picture, config->width, kernel_3x3, NULL, &h, error));
    for (int level = 0; level < config->level_count; level++) {
        VQC_TRY(level_add(layers, config, "encoder.down", level, config->block_count, &h, error));
        if (level == config->level_count - 1)
            break;
        vqc_parameter_name(name, "encoder.down.%d.downsample.conv", level);
        VQC_TRY(vqc_layer_convolution(layers, name, h, value_channels(layers, h), kernel_halving, NULL, &h, error));
    }
    VQC_TRY(middle_add(layers, "encoder", &h, error));
    VQC_TRY(vqc_layer_group_norm(layers, "encoder.norm_out", h, true, &h, error));
    return vqc_layer_convolution(layers, "encoder.conv_out", h, channels, kernel_3x3, NULL, latent_out, error);
}
