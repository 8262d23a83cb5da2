#include "config/json_keys.h"
#include "models/shape_config.h"
#include "models/vqgan_network.h"

/* LlamaGen's VQ-16 and VQ-8, and Janus's copy of the former: taming's network under other names, with attention at
 * the last level, and rows of the codebook of which the direction counts alone: z and rows are divided by their
 * lengths at every use, as Janus's own program has it. (transformers' JanusVQVAE does so where it decodes; where it
 * encodes, it takes the nearest row as it is stored.) The gradient passes straight through to z as it is. */

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

static const vqc_json_key janus_rows[] = {
    {.key = "model_type", .use = VQC_JSON_ELSEWHERE},
    {.key = "embed_dim", .use = VQC_JSON_ELSEWHERE},
    {.key = "num_embeddings", .use = VQC_JSON_ELSEWHERE},
    {.key = "latent_channels", .use = VQC_JSON_ELSEWHERE},
    {.key = "base_channels", .use = VQC_JSON_ELSEWHERE},
    {.key = "channel_multiplier", .use = VQC_JSON_ELSEWHERE},
    {.key = "num_res_blocks", .use = VQC_JSON_ELSEWHERE},
    {.key = "double_latent", .use = VQC_JSON_ELSEWHERE},
    {.key = "in_channels", .use = VQC_JSON_FIXED, .values = "[3]"},
    {.key = "out_channels", .use = VQC_JSON_FIXED, .values = "[3]"},
    {.key = "dropout", .use = VQC_JSON_HARMLESS},
    {.key = "beta", .use = VQC_JSON_HARMLESS},
    {.key = "num_patches", .use = VQC_JSON_HARMLESS},
    {.key = "projection_dim", .use = VQC_JSON_HARMLESS}, /* of what joins it to the language model, as those below */
    {.key = "num_hidden_layers", .use = VQC_JSON_HARMLESS},
    {.key = "hidden_act", .use = VQC_JSON_HARMLESS},
    {.key = "image_token_embed_dim", .use = VQC_JSON_HARMLESS},
    {.key = "initializer_range", .use = VQC_JSON_HARMLESS},
    {.key = "architectures", .use = VQC_JSON_HARMLESS},
    {.key = "dtype", .use = VQC_JSON_HARMLESS},
    {.key = "torch_dtype", .use = VQC_JSON_HARMLESS},
    {.key = "transformers_version", .use = VQC_JSON_HARMLESS},
    {.key = "_name_or_path", .use = VQC_JSON_HARMLESS},
    {.key = "output_hidden_states", .use = VQC_JSON_HARMLESS}, /* what all configurations of transformers may have */
    {.key = "output_attentions", .use = VQC_JSON_HARMLESS},
    {.key = "return_dict", .use = VQC_JSON_HARMLESS},
    {.key = "chunk_size_feed_forward", .use = VQC_JSON_HARMLESS},
    {.key = "is_encoder_decoder", .use = VQC_JSON_HARMLESS},
    {.key = "id2label", .use = VQC_JSON_HARMLESS},
    {.key = "label2id", .use = VQC_JSON_HARMLESS},
    {.key = "problem_type", .use = VQC_JSON_HARMLESS},
};
static const vqc_json_table janus_keys = {
    .keys = janus_rows, .count = sizeof janus_rows / sizeof janus_rows[0], .family = "JanusVQVAE"};

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
    VQC_TRY(vqc_json_keys_read_yaml(parameters, &janus_keys, 1, NULL, error));
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
    .settled_note =
        "codes by direction, as Janus's own program has them; transformers' JanusVQVAE encodes to others, as "
        "its rows are not of length one",
    .config_beside = true,
    .picture_lowest = -1.0F,
    .picture_highest = 1.0F,
    .configure = janus_configure,
    .derive = janus_derive,
    .decoder = vqc_vqgan_decoder,
    .encoder = vqc_vqgan_encoder,
    .latent = vqc_vqgan_latent,
};
