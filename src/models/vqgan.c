#include "config/json_keys.h"
#include "models/vqgan_network.h"

/* The VQGANs of taming-transformers and latent-diffusion, Chameleon's, and IBQ's, and latent-diffusion's autoencoder
 * without a codebook, whose network is the same. What they alone know is their vqc_vqgan_network. */

/* ---- The configuration ---- */

/* What taming's VQModel and GumbelVQ, latent-diffusion's VQModel and IBQ take. `remap` changes the numbers of codes;
 * rows of length one, and products divided by lengths, are not what IBQ's files were trained with. */
static const vqc_json_key parameter_rows[] = {
    {.key = "ddconfig", .use = VQC_JSON_ELSEWHERE},
    {.key = "embed_dim", .use = VQC_JSON_ELSEWHERE},
    {.key = "n_embed", .use = VQC_JSON_ELSEWHERE},
    {.key = "remap", .use = VQC_JSON_FIXED, .values = "[null]"},
    {.key = "l2_normalize", .use = VQC_JSON_FIXED, .values = "[false]"},
    {.key = "cosine_similarity", .use = VQC_JSON_FIXED, .values = "[false]"},
    {.key = "sane_index_shape", .use = VQC_JSON_HARMLESS},
    {.key = "lossconfig", .use = VQC_JSON_HARMLESS},
    {.key = "ckpt_path", .use = VQC_JSON_HARMLESS},
    {.key = "ignore_keys", .use = VQC_JSON_HARMLESS},
    {.key = "image_key", .use = VQC_JSON_HARMLESS},
    {.key = "colorize_nlabels", .use = VQC_JSON_HARMLESS},
    {.key = "monitor", .use = VQC_JSON_HARMLESS},
    {.key = "batch_resize_range", .use = VQC_JSON_HARMLESS},
    {.key = "scheduler_config", .use = VQC_JSON_HARMLESS},
    {.key = "temperature_scheduler_config", .use = VQC_JSON_HARMLESS},
    {.key = "kl_weight", .use = VQC_JSON_HARMLESS},
    {.key = "lr_g_factor", .use = VQC_JSON_HARMLESS},
    {.key = "use_ema", .use = VQC_JSON_HARMLESS},
    {.key = "learning_rate", .use = VQC_JSON_HARMLESS},
    {.key = "min_learning_rate", .use = VQC_JSON_HARMLESS},
    {.key = "resume_lr", .use = VQC_JSON_HARMLESS},
    {.key = "lr_drop_epoch", .use = VQC_JSON_HARMLESS},
    {.key = "lr_drop_rate", .use = VQC_JSON_HARMLESS},
    {.key = "scheduler_type", .use = VQC_JSON_HARMLESS},
    {.key = "warmup_epochs", .use = VQC_JSON_HARMLESS},
    {.key = "wpe", .use = VQC_JSON_HARMLESS},
    {.key = "beta", .use = VQC_JSON_HARMLESS},
    {.key = "use_entropy_loss", .use = VQC_JSON_HARMLESS},
    {.key = "sample_minimization_weight", .use = VQC_JSON_HARMLESS},
    {.key = "batch_maximization_weight", .use = VQC_JSON_HARMLESS},
    {.key = "entropy_temperature", .use = VQC_JSON_HARMLESS},
};
static const vqc_json_table parameter_keys = {
    .keys = parameter_rows, .count = sizeof parameter_rows / sizeof parameter_rows[0], .family = "VQModel"};

/* What latent-diffusion's AutoencoderKL takes. */
static const vqc_json_key kl_rows[] = {
    {.key = "ddconfig", .use = VQC_JSON_ELSEWHERE},        {.key = "embed_dim", .use = VQC_JSON_ELSEWHERE},
    {.key = "lossconfig", .use = VQC_JSON_HARMLESS},       {.key = "ckpt_path", .use = VQC_JSON_HARMLESS},
    {.key = "ignore_keys", .use = VQC_JSON_HARMLESS},      {.key = "image_key", .use = VQC_JSON_HARMLESS},
    {.key = "colorize_nlabels", .use = VQC_JSON_HARMLESS}, {.key = "monitor", .use = VQC_JSON_HARMLESS},
};
static const vqc_json_table kl_keys = {
    .keys = kl_rows, .count = sizeof kl_rows / sizeof kl_rows[0], .family = "AutoencoderKL"};

/* ddconfig: the encoder and decoder. */
static const vqc_json_key network_rows[] = {
    {.key = "z_channels", .use = VQC_JSON_ELSEWHERE},
    {.key = "resolution", .use = VQC_JSON_ELSEWHERE},
    {.key = "in_channels", .use = VQC_JSON_FIXED, .values = "[3]"},
    {.key = "out_ch", .use = VQC_JSON_FIXED, .values = "[3]"},
    {.key = "ch", .use = VQC_JSON_ELSEWHERE},
    {.key = "ch_mult", .use = VQC_JSON_ELSEWHERE},
    {.key = "num_res_blocks", .use = VQC_JSON_ELSEWHERE},
    {.key = "attn_resolutions", .use = VQC_JSON_ELSEWHERE},
    {.key = "attn_type", .use = VQC_JSON_ELSEWHERE},
    {.key = "double_z", .use = VQC_JSON_ELSEWHERE},
    {.key = "dropout", .use = VQC_JSON_HARMLESS},
    {.key = "resamp_with_conv", .use = VQC_JSON_FIXED, .values = "[true]"},
    {.key = "tanh_out", .use = VQC_JSON_FIXED, .values = "[false]"},
    {.key = "give_pre_end", .use = VQC_JSON_FIXED, .values = "[false]"},
    {.key = "use_linear_attn", .use = VQC_JSON_FIXED, .values = "[false]"},
};
static const vqc_json_table network_keys = {
    .keys = network_rows, .count = sizeof network_rows / sizeof network_rows[0], .family = "VQGAN's network"};

static vqc_status count_read(const vqc_yaml_node *parent, const char *key, int64_t maximum, int64_t *value_out,
                             vqc_error *error)
{
    const vqc_yaml_node *node;
    VQC_TRY(vqc_yaml_require(parent, key, &node, error));
    return vqc_yaml_read_integer(node, 1, maximum, value_out, error);
}

/* Latent-diffusion's word for the kind of attention: that of the other models, or none at all. */
static vqc_status attention_kind_read(const vqc_yaml_node *mapping, bool *without_out, vqc_error *error)
{
    static const char *const words[] = {"vanilla", "none"};
    const vqc_yaml_node *node = vqc_yaml_find(mapping, "attn_type");
    size_t choice = 0;
    if (node != NULL)
        VQC_TRY(vqc_yaml_read_choice(node, words, sizeof words / sizeof words[0], &choice, error));
    *without_out = choice == 1;
    return VQC_OK;
}

/* Attention stands at the levels whose size in training was one of those named. */
static vqc_status attention_read(const vqc_yaml_node *mapping, vqc_vqgan_network *network, vqc_error *error)
{
    enum { MAX_PLACES = 8 };
    const vqc_yaml_node *node;
    int64_t resolution;
    int64_t places[MAX_PLACES];
    size_t count;
    bool without;
    VQC_TRY(count_read(mapping, "resolution", VQC_VQGAN_MAX_COUNT, &resolution, error));
    VQC_TRY(vqc_yaml_require(mapping, "attn_resolutions", &node, error));
    VQC_TRY(vqc_yaml_read_integers(node, 1, VQC_VQGAN_MAX_COUNT, MAX_PLACES, places, &count, error));
    VQC_TRY(attention_kind_read(mapping, &without, error));
    network->middle_attention = !without;
    for (int level = 0; level < network->level_count; level++)
        for (size_t i = 0; i < count; i++)
            if (!without && places[i] == resolution >> level)
                network->attention[VQC_VQGAN_ENCODER][level] = network->attention[VQC_VQGAN_DECODER][level] = true;
    return VQC_OK;
}

static vqc_status levels_read(const vqc_yaml_node *mapping, vqc_vqgan_network *network, vqc_error *error)
{
    const vqc_yaml_node *node;
    size_t count;
    VQC_TRY(count_read(mapping, "ch", VQC_VQGAN_MAX_COUNT, &network->first_width, error));
    VQC_TRY(vqc_yaml_require(mapping, "ch_mult", &node, error));
    VQC_TRY(vqc_yaml_read_integers(node, 1, 64, VQC_VQGAN_MAX_LEVELS, network->channels, &count, error));
    if (count == 0)
        return vqc_yaml_error(node, error, "expected at least one number");
    network->level_count = (int)count;
    for (int level = 0; level < network->level_count; level++)
        network->channels[level] *= network->first_width;
    return VQC_OK;
}

static vqc_status network_read(const vqc_yaml_node *mapping, vqc_vqgan_network *network, vqc_error *error)
{
    const vqc_yaml_node *node;
    VQC_TRY(vqc_json_keys_read_yaml(mapping, &network_keys, 1, NULL, error));
    VQC_TRY(count_read(mapping, "z_channels", VQC_VQGAN_MAX_COUNT, &network->latent_width, error));
    VQC_TRY(vqc_yaml_require(mapping, "in_channels", &node, error));
    VQC_TRY(vqc_yaml_require(mapping, "out_ch", &node, error));
    VQC_TRY(count_read(mapping, "num_res_blocks", VQC_VQGAN_MAX_BLOCKS, &network->block_count, error));
    VQC_TRY(levels_read(mapping, network, error));
    VQC_TRY(attention_read(mapping, network, error));
    node = vqc_yaml_find(mapping, "double_z");
    return node == NULL ? VQC_OK : vqc_yaml_read_bool(node, &network->double_latent, error);
}

static vqc_status parameters_read(const vqc_yaml_node *parameters, vqc_vqgan_network *network, vqc_error *error)
{
    const vqc_yaml_node *mapping;
    VQC_TRY(vqc_json_keys_read_yaml(parameters, &parameter_keys, 1, NULL, error));
    VQC_TRY(count_read(parameters, "embed_dim", VQC_VQGAN_MAX_COUNT, &network->embed_width, error));
    VQC_TRY(count_read(parameters, "n_embed", VQC_VQGAN_MAX_COUNT, &network->codes, error));
    VQC_TRY(vqc_yaml_require(parameters, "ddconfig", &mapping, error));
    return network_read(mapping, network, error);
}

/* The encoder gives means and variances. */
static vqc_status distribution_check(const vqc_yaml_node *parameters, const vqc_vqgan_network *network,
                                     vqc_error *error)
{
    const vqc_yaml_node *mapping = vqc_yaml_find(parameters, "ddconfig");
    const vqc_yaml_node *node;
    if (network->double_latent)
        return VQC_OK;
    VQC_TRY(vqc_yaml_require(mapping, "double_z", &node, error));
    return vqc_yaml_error(node, error, "expected true, as an AutoencoderKL has it, found false");
}

static vqc_status kl_parameters_read(const vqc_yaml_node *parameters, vqc_vqgan_network *network, vqc_error *error)
{
    const vqc_yaml_node *mapping;
    VQC_TRY(vqc_json_keys_read_yaml(parameters, &kl_keys, 1, NULL, error));
    VQC_TRY(count_read(parameters, "embed_dim", VQC_VQGAN_MAX_COUNT, &network->embed_width, error));
    VQC_TRY(vqc_yaml_require(parameters, "ddconfig", &mapping, error));
    VQC_TRY(network_read(mapping, network, error));
    network->distribution = true;
    return distribution_check(parameters, network, error);
}

/* ---- The generator ---- */

static vqc_status vqgan_configure(vqc_generator *generator, const vqc_yaml_node *parameters, vqc_error *error)
{
    vqc_vqgan_network *network;
    VQC_TRY(vqc_vqgan_network_create(generator, &vqc_vqgan_naming_taming, &network, error));
    VQC_TRY(parameters_read(parameters, network, error));
    vqc_vqgan_sizes_set(generator, network);
    return VQC_OK;
}

static vqc_status vqgan_derive(vqc_generator *generator, vqc_error *error)
{
    vqc_vqgan_network *network;
    VQC_TRY(vqc_vqgan_network_create(generator, &vqc_vqgan_naming_taming, &network, error));
    VQC_TRY(vqc_vqgan_network_derive(&generator->parameters, generator->type->codebook, network, error));
    vqc_vqgan_sizes_set(generator, network);
    return VQC_OK;
}

static vqc_status kl_configure(vqc_generator *generator, const vqc_yaml_node *parameters, vqc_error *error)
{
    vqc_vqgan_network *network;
    VQC_TRY(vqc_vqgan_network_create(generator, &vqc_vqgan_naming_taming, &network, error));
    VQC_TRY(kl_parameters_read(parameters, network, error));
    vqc_vqgan_sizes_set(generator, network);
    return VQC_OK;
}

static vqc_status gumbel_logits(const vqc_generator *generator, vqc_coder *coder, vqc_error *error)
{
    const vqc_coder_block logits = {
        .kind = VQC_CODER_POINTWISE, .name = "quantize.proj", .channels = generator->codes};
    return vqc_coder_add(coder, &logits, error);
}

static const vqc_generator_class vqgan_classes[] = {
    {.name = "VQModel", .quantiser = VQC_QUANTISER_NEAREST},
    {.name = "VQModelInterface", .quantiser = VQC_QUANTISER_NEAREST},
    {.name = "IBQ", .quantiser = VQC_QUANTISER_PRODUCT},
    {.name = NULL},
};
static const vqc_generator_class gumbel_classes[] = {
    {.name = "GumbelVQ", .quantiser = VQC_QUANTISER_NEAREST},
    {.name = NULL},
};

static const vqc_generator_class kl_classes[] = {
    {.name = "AutoencoderKL", .quantiser = VQC_QUANTISER_NONE},
    {.name = NULL},
};

static const char *const vqgan_has[] = {"quantize.embedding.weight", "decoder.mid.block_1.conv1.weight",
                                        "decoder.up.0.block.0.conv1.weight", NULL};
static const char *const gumbel_has[] = {"quantize.embed.weight", "decoder.up.0.block.0.conv1.weight", NULL};
static const char *const kl_has[] = {"decoder.mid.block_1.conv1.weight", "decoder.up.0.block.0.conv1.weight",
                                     "post_quant_conv.weight", NULL};
/* Where a decoder counts its levels the other way, this one is followed by an upsampling. */
static const char *const vqgan_lacks[] = {"decoder.up.0.upsample.conv.weight", NULL};
static const char *const kl_lacks[] = {"quantize.embedding.weight", "quantize.embed.weight",
                                       "decoder.up.0.upsample.conv.weight", NULL};

const vqc_generator_type vqc_generator_vqgan = {
    .name = "VQGAN",
    .classes = vqgan_classes,
    .has = vqgan_has,
    .lacks = vqgan_lacks,
    .codebook = "quantize.embedding.weight",
    .harmless = vqc_vqgan_harmless,
    .needs = "its YAML, as taming-transformers has it",
    .picture_lowest = -1.0F,
    .picture_highest = 1.0F,
    .configure = vqgan_configure,
    .derive = vqgan_derive,
    .decoder = vqc_vqgan_decoder,
    .encoder = vqc_vqgan_encoder,
    .latent = vqc_vqgan_latent,
};

const vqc_generator_type vqc_generator_gumbel_vqgan = {
    .name = "Gumbel VQGAN",
    .classes = gumbel_classes,
    .has = gumbel_has,
    .lacks = vqgan_lacks,
    .codebook = "quantize.embed.weight",
    .harmless = vqc_vqgan_harmless,
    .needs = "its YAML, as taming-transformers has it",
    .picture_lowest = -1.0F,
    .picture_highest = 1.0F,
    .configure = vqgan_configure,
    .derive = vqgan_derive,
    .decoder = vqc_vqgan_decoder,
    .encoder = vqc_vqgan_encoder,
    .latent = vqc_vqgan_latent,
    .logits = gumbel_logits,
};

const vqc_generator_type vqc_generator_kl = {
    .name = "AutoencoderKL of latent diffusion",
    .classes = kl_classes,
    .has = kl_has,
    .lacks = kl_lacks,
    .harmless = vqc_vqgan_harmless,
    .needs = "its YAML, as latent diffusion has it",
    .picture_lowest = -1.0F,
    .picture_highest = 1.0F,
    .configure = kl_configure,
    .derive = vqgan_derive,
    .decoder = vqc_vqgan_decoder,
    .encoder = vqc_vqgan_encoder,
    .latent = vqc_vqgan_latent,
};
