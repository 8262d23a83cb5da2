#include <string.h>

#include "config/json_keys.h"
#include "models/shape_config.h"
#include "models/vqgan_network.h"

/* diffusers' VQModel and AutoencoderKL: taming's network under other names, the weights of attention with two axes,
 * and a config.json beside the file. Its shapes say every size but the groups of the norms. */

static const vqc_vqgan_naming diffusers_naming = {
    .level = {[VQC_VQGAN_ENCODER] = "encoder.down_blocks", [VQC_VQGAN_DECODER] = "decoder.up_blocks"},
    .resize = {[VQC_VQGAN_ENCODER] = "downsamplers.0.conv", [VQC_VQGAN_DECODER] = "upsamplers.0.conv"},
    .last_level_first = true,
    .block = "resnets",
    .attention = "attentions",
    .middle = {"mid_block.resnets.0", "mid_block.attentions.0", "mid_block.resnets.1"},
    .norm_out = "conv_norm_out",
    .style = {.shortcut = "conv_shortcut",
              .norm = "group_norm",
              .query = "to_q",
              .key = "to_k",
              .value = "to_v",
              .project = "to_out.0",
              .attention_is_linear = true,
              .groups = 32},
};

/* What both take. */
static const vqc_json_key common_rows[] = {
    {.key = "_class_name", .use = VQC_JSON_ELSEWHERE},
    {.key = "down_block_types", .use = VQC_JSON_ELSEWHERE},
    {.key = "up_block_types", .use = VQC_JSON_ELSEWHERE},
    {.key = "block_out_channels", .use = VQC_JSON_ELSEWHERE},
    {.key = "layers_per_block", .use = VQC_JSON_ELSEWHERE},
    {.key = "latent_channels", .use = VQC_JSON_ELSEWHERE},
    {.key = "norm_num_groups", .use = VQC_JSON_ELSEWHERE},
    {.key = "mid_block_add_attention", .use = VQC_JSON_ELSEWHERE},
    {.key = "act_fn", .use = VQC_JSON_ELSEWHERE},
    {.key = "in_channels", .use = VQC_JSON_FIXED, .values = "[3]"},
    {.key = "out_channels", .use = VQC_JSON_FIXED, .values = "[3]"},
    {.key = "sample_size", .use = VQC_JSON_HARMLESS},
    {.key = "force_upcast", .use = VQC_JSON_HARMLESS},
    {.key = "_diffusers_version", .use = VQC_JSON_HARMLESS},
    {.key = "_name_or_path", .use = VQC_JSON_HARMLESS},
};

/* `lookup_from_codebook` is about latents that are codes already, the scaling factor about diffusion. */
static const vqc_json_key vq_rows[] = {
    {.key = "num_vq_embeddings", .use = VQC_JSON_ELSEWHERE},
    {.key = "vq_embed_dim", .use = VQC_JSON_ELSEWHERE},
    {.key = "norm_type", .use = VQC_JSON_FIXED, .values = "[\"group\"]"},
    {.key = "lookup_from_codebook", .use = VQC_JSON_HARMLESS},
    {.key = "scaling_factor", .use = VQC_JSON_HARMLESS},
};
static const vqc_json_table vq_keys = {
    .keys = vq_rows, .count = sizeof vq_rows / sizeof vq_rows[0], .family = "VQModel of diffusers"};

/* `latents_mean` and `latents_std` would say of each channel what the two factors say of all. */
static const vqc_json_key kl_rows[] = {
    {.key = "scaling_factor", .use = VQC_JSON_ELSEWHERE},
    {.key = "shift_factor", .use = VQC_JSON_ELSEWHERE},
    {.key = "use_quant_conv", .use = VQC_JSON_ELSEWHERE},
    {.key = "use_post_quant_conv", .use = VQC_JSON_ELSEWHERE},
    {.key = "latents_mean", .use = VQC_JSON_FIXED, .values = "[null]"},
    {.key = "latents_std", .use = VQC_JSON_FIXED, .values = "[null]"},
};
static const vqc_json_table kl_keys = {
    .keys = kl_rows, .count = sizeof kl_rows / sizeof kl_rows[0], .family = "AutoencoderKL of diffusers"};

/* A list of kinds of blocks: each must be one that is computed, with attention where the file has it. A list that is
 * left out says one block without. */
static vqc_status block_types_check(const vqc_yaml_node *mapping, const char *key, const char *const words[2],
                                    const vqc_vqgan_network *network, vqc_vqgan_half half, vqc_error *error)
{
    const vqc_yaml_node *list = vqc_yaml_find(mapping, key);
    if (list == NULL)
        return VQC_OK;
    VQC_TRY(vqc_yaml_expect(list, VQC_YAML_SEQUENCE, error));
    if (vqc_yaml_count(list) != (size_t)network->level_count)
        return vqc_yaml_error(list, error, "expected %d blocks, as the weights file has them, found %zu",
                              network->level_count, vqc_yaml_count(list));
    for (int i = 0; i < network->level_count; i++) {
        size_t choice;
        const vqc_yaml_node *node = vqc_yaml_at(list, (size_t)i);
        int level = half == VQC_VQGAN_DECODER ? network->level_count - 1 - i : i;
        VQC_TRY(vqc_yaml_read_choice(node, words, 2, &choice, error));
        if ((choice == 1) != network->attention[half][level])
            return vqc_yaml_error(node, error, "expected %s, as the weights file has it, found %s",
                                  words[network->attention[half][level] ? 1 : 0], words[choice]);
    }
    return VQC_OK;
}

static vqc_status blocks_check(const vqc_yaml_node *mapping, const vqc_vqgan_network *network, vqc_error *error)
{
    static const char *const down[] = {"DownEncoderBlock2D", "AttnDownEncoderBlock2D"};
    static const char *const up[] = {"UpDecoderBlock2D", "AttnUpDecoderBlock2D"};
    static const char *const activations[] = {"silu", "swish"}; /* two words for the same */
    const vqc_yaml_node *node = vqc_yaml_find(mapping, "act_fn");
    size_t choice;
    if (node != NULL)
        VQC_TRY(vqc_yaml_read_choice(node, activations, 2, &choice, error));
    VQC_TRY(block_types_check(mapping, "down_block_types", down, network, VQC_VQGAN_ENCODER, error));
    VQC_TRY(block_types_check(mapping, "up_block_types", up, network, VQC_VQGAN_DECODER, error));
    VQC_TRY(vqc_shape_config_integers(mapping, "block_out_channels", network->channels, network->level_count, error));
    VQC_TRY(vqc_shape_config_integer(mapping, "layers_per_block", network->block_count, error));
    VQC_TRY(vqc_shape_config_integer(mapping, "latent_channels", network->latent_width, error));
    return vqc_shape_config_bool(mapping, "mid_block_add_attention", network->middle_attention, error);
}

static vqc_status groups_read(const vqc_yaml_node *mapping, int64_t *groups, vqc_error *error)
{
    const vqc_yaml_node *node = vqc_yaml_find(mapping, "norm_num_groups");
    return node == NULL ? VQC_OK : vqc_yaml_read_integer(node, 1, VQC_VQGAN_MAX_COUNT, groups, error);
}

/* Files of before 2023 call the parts of attention otherwise. */
static void attention_names_set(const vqc_generator *generator, vqc_coder_style *style)
{
    if (vqc_parameters_find(&generator->parameters, "decoder.mid_block.attentions.0.query.weight") == NULL)
        return;
    style->query = "query";
    style->key = "key";
    style->value = "value";
    style->project = "proj_attn";
}

/* What both have. */
static vqc_status network_configure(vqc_generator *generator, const vqc_yaml_node *parameters,
                                    const vqc_json_table *keys, vqc_vqgan_network **network_out, vqc_error *error)
{
    const vqc_json_table tables[] = {
        *keys, {.keys = common_rows, .count = sizeof common_rows / sizeof common_rows[0], .family = keys->family}};
    vqc_vqgan_network *network;
    VQC_TRY(vqc_json_keys_read_yaml(parameters, tables, sizeof tables / sizeof tables[0], NULL, error));
    VQC_TRY(vqc_vqgan_network_create(generator, &diffusers_naming, &network, error));
    attention_names_set(generator, &network->naming.style);
    VQC_TRY(groups_read(parameters, &network->naming.style.groups, error));
    VQC_TRY(vqc_vqgan_network_derive(&generator->parameters, generator->type->codebook, network, error));
    vqc_vqgan_sizes_set(generator, network);
    *network_out = network;
    return blocks_check(parameters, network, error);
}

/* A number that is left out, or null, is the class's own. */
static vqc_status real_read(const vqc_yaml_node *mapping, const char *key, double minimum, double usual,
                            double *value_out, vqc_error *error)
{
    static const double most = 1e6;
    const vqc_yaml_node *node = vqc_yaml_find(mapping, key);
    *value_out = usual;
    return node == NULL || vqc_yaml_is_null(node) ? VQC_OK
                                                  : vqc_yaml_read_real(node, minimum, most, value_out, error);
}

/* Diffusion works on (z - shift) * scale, which has a deviation of about 1. */
static vqc_status units_read(vqc_generator *generator, const vqc_yaml_node *mapping, vqc_error *error)
{
    double scale;
    double shift;
    VQC_TRY(real_read(mapping, "scaling_factor", 1e-6, 0.18215, &scale, error));
    VQC_TRY(real_read(mapping, "shift_factor", -1e6, 0.0, &shift, error));
    generator->z_unit = (float)(1.0 / scale);
    generator->z_middle = (float)shift;
    return VQC_OK;
}

static vqc_status kl_configure(vqc_generator *generator, const vqc_yaml_node *parameters, vqc_error *error)
{
    vqc_vqgan_network *network;
    VQC_TRY(network_configure(generator, parameters, &kl_keys, &network, error));
    VQC_TRY(vqc_shape_config_bool(parameters, "use_quant_conv", !network->without_quant_conv, error));
    VQC_TRY(vqc_shape_config_bool(parameters, "use_post_quant_conv", !network->without_post_quant_conv, error));
    return units_read(generator, parameters, error);
}

static vqc_status vq_configure(vqc_generator *generator, const vqc_yaml_node *parameters, vqc_error *error)
{
    vqc_vqgan_network *network;
    VQC_TRY(network_configure(generator, parameters, &vq_keys, &network, error));
    VQC_TRY(vqc_shape_config_integer(parameters, "num_vq_embeddings", network->codes, error));
    return vqc_shape_config_integer(parameters, "vq_embed_dim", network->embed_width, error);
}

static const char *const vq_has[] = {"quantize.embedding.weight", "decoder.up_blocks.0.resnets.0.conv1.weight", NULL};
/* MOVQ's norms are given the codes too. */
static const char *const vq_lacks[] = {"decoder.up_blocks.0.resnets.0.norm1.norm_layer.weight", NULL};
/* In a configuration of diffusers the class is the same word as taming's, so the file's own names decide. */
static const vqc_generator_class vq_classes[] = {
    {.name = "VQModel of diffusers", .quantiser = VQC_QUANTISER_NEAREST},
    {.name = NULL},
};

const vqc_generator_type vqc_generator_diffusers_vq = {
    .name = "VQModel of diffusers",
    .classes = vq_classes,
    .has = vq_has,
    .lacks = vq_lacks,
    .codebook = "quantize.embedding.weight",
    .harmless = vqc_vqgan_harmless,
    .needs = "its config.json, as diffusers writes it beside it",
    .config_beside = true,
    .picture_lowest = -1.0F,
    .picture_highest = 1.0F,
    .configure = vq_configure,
    .decoder = vqc_vqgan_decoder,
    .encoder = vqc_vqgan_encoder,
    .latent = vqc_vqgan_latent,
};

static const char *const kl_has[] = {"decoder.up_blocks.0.resnets.0.conv1.weight", NULL};
static const char *const kl_lacks[] = {"quantize.embedding.weight",
                                       "decoder.up_blocks.0.resnets.0.norm1.norm_layer.weight", NULL};
static const vqc_generator_class kl_classes[] = {
    {.name = "AutoencoderKL of diffusers", .quantiser = VQC_QUANTISER_NONE},
    {.name = NULL},
};

const vqc_generator_type vqc_generator_diffusers_kl = {
    .name = "AutoencoderKL of diffusers",
    .classes = kl_classes,
    .has = kl_has,
    .lacks = kl_lacks,
    .harmless = vqc_vqgan_harmless,
    .needs = "its config.json, as diffusers writes it beside it",
    .config_beside = true,
    .picture_lowest = -1.0F,
    .picture_highest = 1.0F,
    .configure = kl_configure,
    .decoder = vqc_vqgan_decoder,
    .encoder = vqc_vqgan_encoder,
    .latent = vqc_vqgan_latent,
};
