#include "models/vqgan_config.h"

#include <stddef.h>
#include <string.h>

#include "config/yaml.h"

/* Largest number of channels, codes or blocks that a configuration may ask for: beyond every published model, and
 * small enough that products of three do not overflow. */
enum { MAX_COUNT = 1 << 20 };

/* The classes whose networks are these, whatever package they are said to come from. */
typedef struct known_class {
    const char *name; /* the last part of `target` */
    bool gumbel;
} known_class;

static const known_class classes[] = {{"VQModel", false}, {"VQModelInterface", false}, {"GumbelVQ", true}};

static const char *target_class(const char *target)
{
    const char *dot = strrchr(target, '.');
    return dot == NULL ? target : dot + 1;
}

/* Recognises the model's class. */
static vqc_status target_read(const vqc_yaml_node *model, vqc_vqgan_config *config, vqc_error *error)
{
    const vqc_yaml_node *node;
    const char *target;
    VQC_TRY(vqc_yaml_require(model, "target", &node, error));
    VQC_TRY(vqc_yaml_read_text(node, &target, error));
    for (size_t i = 0; i < sizeof classes / sizeof classes[0]; i++) {
        if (strcmp(target_class(target), classes[i].name) != 0)
            continue;
        config->gumbel = classes[i].gumbel;
        return VQC_OK;
    }
    return vqc_yaml_error(node, error,
                          "expected a VQModel, GumbelVQ, VQModelInterface or Net2NetTransformer, "
                          "found %s",
                          target);
}

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

/* The VQGAN's own part of the configuration: `model`, or what is nested in it as a first stage. */
static vqc_status model_find(const vqc_yaml_node *root, const vqc_yaml_node **model_out, vqc_error *error)
{
    VQC_TRY(vqc_yaml_require(root, "model", model_out, error));
    const vqc_yaml_node *parameters;
    VQC_TRY(vqc_yaml_require(*model_out, "params", &parameters, error));
    const vqc_yaml_node *first_stage = vqc_yaml_find(parameters, "first_stage_config");
    if (first_stage != NULL)
        *model_out = first_stage;
    return VQC_OK;
}

static vqc_status config_fill(const vqc_yaml_node *root, vqc_vqgan_config *config, vqc_error *error)
{
    const vqc_yaml_node *model;
    const vqc_yaml_node *parameters;
    const vqc_yaml_node *network;
    VQC_TRY(model_find(root, &model, error));
    VQC_TRY(target_read(model, config, error));
    VQC_TRY(vqc_yaml_require(model, "params", &parameters, error));
    VQC_TRY(count_read(parameters, "embed_dim", &config->embed_width, error));
    VQC_TRY(count_read(parameters, "n_embed", &config->codes, error));
    VQC_TRY(vqc_yaml_require(parameters, "ddconfig", &network, error));
    return network_read(network, config, error);
}

vqc_status vqc_vqgan_config_read(const char *path, vqc_vqgan_config *config_out, vqc_error *error)
{
    vqc_yaml *document;
    vqc_vqgan_config config = {0};
    VQC_TRY(vqc_yaml_read(path, &document, error));
    vqc_status status = config_fill(vqc_yaml_root(document), &config, error);
    vqc_yaml_destroy(document);
    if (status == VQC_OK)
        *config_out = config;
    return status;
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
