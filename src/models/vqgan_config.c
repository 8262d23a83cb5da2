#include "models/vqgan_config.h"

#include <stddef.h>

/* Largest number of channels, codes or blocks that a configuration may ask for: beyond every published model, and
 * small enough that products of three do not overflow. */
enum { MAX_COUNT = 1 << 20 };

static vqc_status count_read(const vqc_yaml_node *parent, const char *key, int64_t *value_out, vqc_error *error)
{
    const vqc_yaml_node *node;
    VQC_TRY(vqc_yaml_require(parent, key, &node, error));
    return vqc_yaml_read_integer(node, 1, MAX_COUNT, value_out, error);
}

static vqc_status levels_read(const vqc_yaml_node *network, vqc_vqgan_config *config, vqc_error *error)
{
    const vqc_yaml_node *node;
    size_t count;
    VQC_TRY(vqc_yaml_require(network, "ch_mult", &node, error));
    VQC_TRY(vqc_yaml_read_integers(node, 1, 64, VQC_VQGAN_MAX_LEVELS, config->multiplier, &count, error));
    if (count == 0)
        return vqc_yaml_error(node, error, "expected at least one number");
    config->level_count = (int)count;
    VQC_TRY(vqc_yaml_require(network, "attn_resolutions", &node, error));
    VQC_TRY(vqc_yaml_read_integers(node, 1, MAX_COUNT, VQC_VQGAN_MAX_ATTENTION, config->attention_at, &count, error));
    config->attention_count = (int)count;
    return VQC_OK;
}

/* Latent-diffusion's word for the kind of attention: that of the other models, or none at all. */
static vqc_status attention_read(const vqc_yaml_node *network, vqc_vqgan_config *config, vqc_error *error)
{
    static const char *const words[] = {"vanilla", "none"};
    const vqc_yaml_node *node = vqc_yaml_find(network, "attn_type");
    size_t choice = 0;
    if (node != NULL)
        VQC_TRY(vqc_yaml_read_choice(node, words, sizeof words / sizeof words[0], &choice, error));
    config->without_attention = choice == 1;
    return VQC_OK;
}

/* ddconfig: the encoder and decoder. */
static vqc_status network_read(const vqc_yaml_node *network, vqc_vqgan_config *config, vqc_error *error)
{
    VQC_TRY(count_read(network, "z_channels", &config->latent_width, error));
    VQC_TRY(count_read(network, "resolution", &config->resolution, error));
    VQC_TRY(count_read(network, "in_channels", &config->in_channels, error));
    VQC_TRY(count_read(network, "out_ch", &config->out_channels, error));
    VQC_TRY(count_read(network, "ch", &config->width, error));
    VQC_TRY(count_read(network, "num_res_blocks", &config->block_count, error));
    VQC_TRY(levels_read(network, config, error));
    VQC_TRY(attention_read(network, config, error));
    const vqc_yaml_node *node = vqc_yaml_find(network, "in_channels");
    if (config->in_channels != 3)
        return vqc_yaml_error(node, error, "expected 3, a colour picture, found %s", vqc_yaml_scalar(node));
    node = vqc_yaml_find(network, "out_ch");
    if (config->out_channels != 3)
        return vqc_yaml_error(node, error, "expected 3, a colour picture, found %s", vqc_yaml_scalar(node));
    node = vqc_yaml_find(network, "double_z");
    return node == NULL ? VQC_OK : vqc_yaml_read_bool(node, &config->double_latent, error);
}

vqc_status vqc_vqgan_config_read(const vqc_yaml_node *parameters, vqc_vqgan_config *config, vqc_error *error)
{
    const vqc_yaml_node *network;
    VQC_TRY(count_read(parameters, "embed_dim", &config->embed_width, error));
    VQC_TRY(count_read(parameters, "n_embed", &config->codes, error));
    VQC_TRY(vqc_yaml_require(parameters, "ddconfig", &network, error));
    return network_read(network, config, error);
}

bool vqc_vqgan_config_attention(const vqc_vqgan_config *config, int level)
{
    if (config->without_attention)
        return false;
    for (int i = 0; i < config->attention_count; i++)
        if (config->attention_at[i] == config->resolution >> level)
            return true;
    return false;
}
