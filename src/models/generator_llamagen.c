#include "models/config_keys.h"
#include "models/shape_config.h"
#include "models/vqgan_network.h"

/* LlamaGen's VQ-16 and VQ-8, and Janus's copy of the former: taming's network under other names, with attention at
 * the last level, and rows of the codebook of which the direction counts alone: z and rows are divided by their
 * lengths at every use. (transformers' JanusVQVAE does so where it decodes; where it encodes, it takes the nearest
 * row as it is stored, unlike Janus's own program.) The gradient passes straight through to z as it is. */

static const vqc_vqgan_naming llamagen_naming = {
    .level = {[VQC_VQGAN_ENCODER] = "encoder.conv_blocks", [VQC_VQGAN_DECODER] = "decoder.conv_blocks"},
    .resize = {[VQC_VQGAN_ENCODER] = "downsample.conv", [VQC_VQGAN_DECODER] = "upsample.conv"},
    .last_level_first = true,
    .block = "res",
    .attention = "attn",
    .middle = {"mid.0", "mid.1", "mid.2"},
    .norm_out = "norm_out",
    .style = {.shortcut = "nin_shortcut",
              .norm = "norm",
              .query = "q",
              .key = "k",
              .value = "v",
              .project = "proj_out",
              .groups = 32},
};

static vqc_status network_derive(vqc_generator *generator, const vqc_vqgan_naming *naming,
                                 vqc_vqgan_network **network_out, vqc_error *error)
{
    VQC_TRY(vqc_vqgan_network_create(generator, naming, network_out, error));
    VQC_TRY(vqc_vqgan_network_derive(&generator->parameters, generator->type->codebook, *network_out, error));
    vqc_vqgan_sizes_set(generator, *network_out);
    return VQC_OK;
}

static vqc_status llamagen_derive(vqc_generator *generator, vqc_error *error)
{
    vqc_vqgan_network *network;
    return network_derive(generator, &llamagen_naming, &network, error);
}

/* ---- Janus in transformers ---- */

static const vqc_config_key janus_rows[] = {
    {.name = "model_type", .rule = VQC_CONFIG_READ},
    {.name = "embed_dim", .rule = VQC_CONFIG_READ},
    {.name = "num_embeddings", .rule = VQC_CONFIG_READ},
    {.name = "latent_channels", .rule = VQC_CONFIG_READ},
    {.name = "base_channels", .rule = VQC_CONFIG_READ},
    {.name = "channel_multiplier", .rule = VQC_CONFIG_READ},
    {.name = "num_res_blocks", .rule = VQC_CONFIG_READ},
    {.name = "double_latent", .rule = VQC_CONFIG_READ},
    {.name = "in_channels", .rule = VQC_CONFIG_FIXED, .value = "3"},
    {.name = "out_channels", .rule = VQC_CONFIG_FIXED, .value = "3"},
    {.name = "dropout", .rule = VQC_CONFIG_HARMLESS},
    {.name = "beta", .rule = VQC_CONFIG_HARMLESS},
    {.name = "num_patches", .rule = VQC_CONFIG_HARMLESS},
    {.name = "projection_dim",
     .rule = VQC_CONFIG_HARMLESS}, /* of what joins it to the language model, as those below */
    {.name = "num_hidden_layers", .rule = VQC_CONFIG_HARMLESS},
    {.name = "hidden_act", .rule = VQC_CONFIG_HARMLESS},
    {.name = "image_token_embed_dim", .rule = VQC_CONFIG_HARMLESS},
    {.name = "initializer_range", .rule = VQC_CONFIG_HARMLESS},
    {.name = "architectures", .rule = VQC_CONFIG_HARMLESS},
    {.name = "dtype", .rule = VQC_CONFIG_HARMLESS},
    {.name = "torch_dtype", .rule = VQC_CONFIG_HARMLESS},
    {.name = "transformers_version", .rule = VQC_CONFIG_HARMLESS},
    {.name = "_name_or_path", .rule = VQC_CONFIG_HARMLESS},
    {.name = "output_hidden_states",
     .rule = VQC_CONFIG_HARMLESS}, /* what all configurations of transformers may have */
    {.name = "output_attentions", .rule = VQC_CONFIG_HARMLESS},
    {.name = "return_dict", .rule = VQC_CONFIG_HARMLESS},
    {.name = "chunk_size_feed_forward", .rule = VQC_CONFIG_HARMLESS},
    {.name = "is_encoder_decoder", .rule = VQC_CONFIG_HARMLESS},
    {.name = "id2label", .rule = VQC_CONFIG_HARMLESS},
    {.name = "label2id", .rule = VQC_CONFIG_HARMLESS},
    {.name = "problem_type", .rule = VQC_CONFIG_HARMLESS},
};
static const vqc_config_keys janus_keys = {
    .family = "JanusVQVAE", .rows = janus_rows, .count = sizeof janus_rows / sizeof janus_rows[0]};

static vqc_status janus_sizes(vqc_generator *generator, vqc_vqgan_network **network_out, vqc_error *error)
{
    vqc_vqgan_naming naming = vqc_vqgan_naming_taming;
    naming.last_level_first = true;
    return network_derive(generator, &naming, network_out, error);
}

static vqc_status janus_derive(vqc_generator *generator, vqc_error *error)
{
    vqc_vqgan_network *network;
    return janus_sizes(generator, &network, error);
}

static vqc_status janus_configure(vqc_generator *generator, const vqc_yaml_node *parameters, vqc_error *error)
{
    vqc_vqgan_network *network;
    int64_t multiplier[VQC_VQGAN_MAX_LEVELS];
    VQC_TRY(vqc_config_keys_check(parameters, &janus_keys, error));
    VQC_TRY(janus_sizes(generator, &network, error));
    for (int level = 0; level < network->level_count; level++)
        multiplier[level] = network->channels[level] / network->first_width;
    VQC_TRY(vqc_shape_config_integer(parameters, "embed_dim", network->embed_width, error));
    VQC_TRY(vqc_shape_config_integer(parameters, "num_embeddings", network->codes, error));
    VQC_TRY(vqc_shape_config_integer(parameters, "latent_channels", network->latent_width, error));
    VQC_TRY(vqc_shape_config_integer(parameters, "base_channels", network->first_width, error));
    VQC_TRY(vqc_shape_config_integers(parameters, "channel_multiplier", multiplier, network->level_count, error));
    VQC_TRY(vqc_shape_config_integer(parameters, "num_res_blocks", network->block_count, error));
    return vqc_shape_config_bool(parameters, "double_latent", network->double_latent, error);
}

static const char *const llamagen_has[] = {"quantize.embedding.weight", "decoder.conv_blocks.0.res.0.conv1.weight",
                                           NULL};
static const char *const janus_has[] = {"quantize.embedding.weight", "decoder.up.0.upsample.conv.weight",
                                        "decoder.mid.block_1.conv1.weight", NULL};
static const vqc_generator_class llamagen_classes[] = {
    {.name = "LlamaGen", .quantiser = VQC_QUANTISER_UNIT_ROWS},
    {.name = NULL},
};
static const vqc_generator_class janus_classes[] = {
    {.name = "janus_vqgan", .quantiser = VQC_QUANTISER_UNIT_ROWS},
    {.name = NULL},
};

const vqc_generator_type vqc_generator_llamagen = {
    .name = "LlamaGen VQ",
    .classes = llamagen_classes,
    .has = llamagen_has,
    .codebook = "quantize.embedding.weight",
    .harmless = vqc_vqgan_harmless,
    .picture_lowest = -1.0F,
    .picture_highest = 1.0F,
    .derive = llamagen_derive,
    .decoder = vqc_vqgan_decoder,
    .encoder = vqc_vqgan_encoder,
    .latent = vqc_vqgan_latent,
};

const vqc_generator_type vqc_generator_janus = {
    .name = "JanusVQVAE",
    .classes = janus_classes,
    .has = janus_has,
    .codebook = "quantize.embedding.weight",
    .harmless = vqc_vqgan_harmless,
    .config_beside = true,
    .picture_lowest = -1.0F,
    .picture_highest = 1.0F,
    .configure = janus_configure,
    .derive = janus_derive,
    .decoder = vqc_vqgan_decoder,
    .encoder = vqc_vqgan_encoder,
    .latent = vqc_vqgan_latent,
};
