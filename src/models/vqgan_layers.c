#include "models/vqgan_layers.h"

static const vqc_kernel kernel_3x3 = {3, 1, 1, 1, 1, 1};
/* The encoder's halving pads below and on the right only. */
static const vqc_kernel kernel_halving = {3, 2, 0, 0, 1, 1};

static const float norm_epsilon = 1e-6F;

typedef char layer_name[VQC_PARAMETER_NAME_SIZE];

static void name_join(layer_name name, const char *parent, const char *child)
{
    vqc_parameter_name(name, "%s.%s", parent, child);
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
    VQC_TRY(vqc_layer_group_norm(layers, child, norm_epsilon, x, true, &h, error));
    name_join(child, name, "conv1");
    VQC_TRY(vqc_layer_convolution(layers, child, h, channels, kernel_3x3, NULL, &h, error));
    name_join(child, name, "norm2");
    VQC_TRY(vqc_layer_group_norm(layers, child, norm_epsilon, h, true, &h, error));
    if (vqc_shape_width(vqc_network_shape(layers->network, x)) != channels) {
        name_join(child, name, "nin_shortcut");
        VQC_TRY(vqc_layer_linear(layers, child, true, x, channels, NULL, &shortcut, error));
    }
    name_join(child, name, "conv2");
    return vqc_layer_convolution(layers, child, h, channels, kernel_3x3, &shortcut, output, error);
}

/* Attention of one head over all pixels: x + proj_out(attention(norm(x))). */
static vqc_status attention_block_add(const vqc_layers *layers, const char *name, vqc_value x, vqc_value *output,
                                      vqc_error *error)
{
    int64_t width = vqc_shape_width(vqc_network_shape(layers->network, x));
    layer_name child;
    vqc_value h;
    name_join(child, name, "norm");
    VQC_TRY(vqc_layer_group_norm(layers, child, norm_epsilon, x, false, &h, error));
    layer_name query;
    layer_name key;
    layer_name value;
    name_join(query, name, "q");
    name_join(key, name, "k");
    name_join(value, name, "v");
    const char *const parts[] = {query, key, value};
    VQC_TRY(vqc_layer_linear_stack(layers, parts, 3, true, h, width, &h, error));
    VQC_TRY(vqc_layer_attention(layers, h, 1, false, &h, error));
    name_join(child, name, "proj_out");
    return vqc_layer_linear(layers, child, true, h, width, &x, output, error);
}

/* The middle part, the same in both halves. */
static vqc_status middle_add(const vqc_layers *layers, const vqc_vqgan_config *config, const char *half, vqc_value *h,
                             vqc_error *error)
{
    int64_t channels = vqc_shape_width(vqc_network_shape(layers->network, *h));
    layer_name name;
    name_join(name, half, "mid.block_1");
    VQC_TRY(residual_block_add(layers, name, *h, channels, h, error));
    name_join(name, half, "mid.attn_1");
    if (!config->without_attention)
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
    VQC_TRY(middle_add(layers, config, "decoder", &h, error));
    for (int level = last; level >= 0; level--) {
        VQC_TRY(level_add(layers, config, "decoder.up", level, config->block_count + 1, &h, error));
        if (level == 0)
            break;
        VQC_TRY(vqc_layer_upsample(layers, h, &h, error));
        vqc_parameter_name(name, "decoder.up.%d.upsample.conv", level);
        VQC_TRY(vqc_layer_convolution(layers, name, h, vqc_shape_width(vqc_network_shape(layers->network, h)),
                                      kernel_3x3, NULL, &h, error));
    }
    VQC_TRY(vqc_layer_group_norm(layers, "decoder.norm_out", norm_epsilon, h, true, &h, error));
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
        VQC_TRY(vqc_layer_convolution(layers, name, h, vqc_shape_width(vqc_network_shape(layers->network, h)),
                                      kernel_halving, NULL, &h, error));
    }
    VQC_TRY(middle_add(layers, config, "encoder", &h, error));
    VQC_TRY(vqc_layer_group_norm(layers, "encoder.norm_out", norm_epsilon, h, true, &h, error));
    return vqc_layer_convolution(layers, "encoder.conv_out", h, channels, kernel_3x3, NULL, latent_out, error);
}
