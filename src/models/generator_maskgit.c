#include "base/memory.h"
#include "config/json_keys.h"
#include "models/shape_config.h"
#include "models/vqgan_network.h"

/* MaskGIT's VQGAN (Chang et al. 2022), as open-muse and TiTok have it in PyTorch: convolutions without biases, a
 * short way that is given the result of the block, means of 2 × 2 pixels where taming's halves, no attention, nothing
 * between z and the halves, and pictures from 0 to 1. Every size is in its file; open-muse's config.json beside it
 * must say the same. */

typedef struct maskgit {
    vqc_coder_style style;
    int64_t latent_width;
    int level_count;
    int64_t first_width;
    int64_t channels[VQC_VQGAN_MAX_LEVELS];
    int64_t block_count;
} maskgit;

typedef char layer_name[VQC_PARAMETER_NAME_SIZE];

static const vqc_coder_style maskgit_style = {
    .shortcut = "nin_shortcut", .residual_is_bare = true, .shortcut_behind = true, .groups = 32};

static vqc_status blocks_add(const maskgit *own, vqc_coder *coder, const char *parent, int64_t channels,
                             vqc_error *error)
{
    for (int64_t block = 0; block < own->block_count; block++) {
        layer_name name;
        vqc_parameter_name(name, "%s.%lld", parent, (long long)block);
        const vqc_coder_block residual = {.kind = VQC_CODER_RESIDUAL, .name = name, .channels = channels};
        VQC_TRY(vqc_coder_add(coder, &residual, error));
    }
    return VQC_OK;
}

static vqc_status maskgit_decoder(const vqc_generator *generator, vqc_coder *coder, vqc_error *error)
{
    const maskgit *own = generator->own;
    layer_name name;
    int64_t widest = own->channels[own->level_count - 1];
    const vqc_coder_block first = {.kind = VQC_CODER_CONVOLUTION, .name = "decoder.conv_in", .channels = widest};
    VQC_TRY(vqc_coder_add(coder, &first, error));
    VQC_TRY(blocks_add(own, coder, "decoder.mid", widest, error));
    for (int level = own->level_count - 1; level >= 0; level--) {
        vqc_parameter_name(name, "decoder.up.%d.block", level);
        VQC_TRY(blocks_add(own, coder, name, own->channels[level], error));
        if (level == 0)
            break;
        vqc_parameter_name(name, "decoder.up.%d.upsample_conv", level);
        const vqc_coder_block convolution = {.kind = VQC_CODER_DOUBLING, .name = name};
        VQC_TRY(vqc_coder_add(coder, &convolution, error));
    }
    const vqc_coder_block norm = {.kind = VQC_CODER_NORM, .name = "decoder.norm_out"};
    const vqc_coder_block last = {.kind = VQC_CODER_CONVOLUTION, .name = "decoder.conv_out", .channels = 3};
    VQC_TRY(vqc_coder_add(coder, &norm, error));
    return vqc_coder_add(coder, &last, error);
}

static vqc_status maskgit_encoder(const vqc_generator *generator, vqc_coder *coder, vqc_error *error)
{
    const maskgit *own = generator->own;
    layer_name name;
    const vqc_coder_block first = {
        .kind = VQC_CODER_CONVOLUTION, .name = "encoder.conv_in", .channels = own->first_width, .without_bias = true};
    VQC_TRY(vqc_coder_add(coder, &first, error));
    for (int level = 0; level < own->level_count; level++) {
        vqc_parameter_name(name, "encoder.down.%d.block", level);
        VQC_TRY(blocks_add(own, coder, name, own->channels[level], error));
        if (level < own->level_count - 1)
            VQC_TRY(vqc_coder_add(coder, &(vqc_coder_block){.kind = VQC_CODER_POOLING}, error));
    }
    VQC_TRY(blocks_add(own, coder, "encoder.mid", own->channels[own->level_count - 1], error));
    const vqc_coder_block norm = {.kind = VQC_CODER_NORM, .name = "encoder.norm_out"};
    const vqc_coder_block last = {
        .kind = VQC_CODER_POINTWISE, .name = "encoder.conv_out", .channels = own->latent_width};
    VQC_TRY(vqc_coder_add(coder, &norm, error));
    return vqc_coder_add(coder, &last, error);
}

/* The encoder's result is z. */
static vqc_status maskgit_latent(const vqc_generator *generator, vqc_coder *coder, vqc_error *error)
{
    (void)generator;
    (void)coder;
    (void)error;
    return VQC_OK;
}

/* ---- Sizes ---- */

/* Rows of a convolution that must be there. */
static vqc_status rows_find(const vqc_parameters *parameters, const char *name, int64_t *rows_out, vqc_error *error)
{
    const vqc_weights_tensor *tensor;
    VQC_TRY(vqc_parameters_require_rank(parameters, name, 4, &tensor, error));
    if (tensor->shape[0] < 1 || tensor->shape[0] > VQC_VQGAN_MAX_COUNT)
        return vqc_error_set(error, VQC_BAD_INPUT, "%s: tensor %s: expected 1 to %d channels, found %lld",
                             vqc_weights_path(parameters->weights), tensor->name, VQC_VQGAN_MAX_COUNT,
                             (long long)tensor->shape[0]);
    *rows_out = tensor->shape[0];
    return VQC_OK;
}

static vqc_status levels_derive(const vqc_parameters *parameters, maskgit *own, vqc_error *error)
{
    layer_name name;
    int64_t levels = vqc_parameters_blocks(parameters, "encoder.down", "block.0.conv1.weight");
    int64_t blocks = vqc_parameters_blocks(parameters, "encoder.mid", "conv1.weight");
    if (levels < 1 || levels > VQC_VQGAN_MAX_LEVELS || blocks < 1 || blocks > VQC_VQGAN_MAX_BLOCKS)
        return vqc_error_set(error, VQC_BAD_INPUT,
                             "%s: expected 1 to %d levels and 1 to %d blocks in the middle, found %lld and %lld",
                             vqc_weights_path(parameters->weights), VQC_VQGAN_MAX_LEVELS, VQC_VQGAN_MAX_BLOCKS,
                             (long long)levels, (long long)blocks);
    own->level_count = (int)levels;
    own->block_count = blocks;
    for (int level = 0; level < own->level_count; level++) {
        vqc_parameter_name(name, "encoder.down.%d.block.0.conv1.weight", level);
        VQC_TRY(rows_find(parameters, name, &own->channels[level], error));
    }
    return VQC_OK;
}

static vqc_status maskgit_derive(vqc_generator *generator, vqc_error *error)
{
    const vqc_weights_tensor *table;
    const vqc_parameters *parameters = &generator->parameters;
    maskgit *own;
    VQC_TRY(vqc_memory_allocate(1, sizeof *own, "a generator", &own, error));
    generator->own = own;
    own->style = maskgit_style;
    generator->style = &own->style;
    VQC_TRY(levels_derive(parameters, own, error));
    VQC_TRY(rows_find(parameters, "encoder.conv_in.weight", &own->first_width, error));
    VQC_TRY(rows_find(parameters, "encoder.conv_out.weight", &own->latent_width, error));
    VQC_TRY(vqc_parameters_require_rank(parameters, generator->type->codebook, 2, &table, error));
    generator->factor = (int64_t)1 << (own->level_count - 1);
    generator->width = own->latent_width;
    generator->codes = table->shape[0];
    generator->full_width = own->channels[0];
    return VQC_OK;
}

/* ---- open-muse's config.json ---- */

/* The class takes attn_resolutions and resample_with_conv, and has no use for them. */
static const vqc_json_key maskgit_rows[] = {
    {.key = "_class_name", .use = VQC_JSON_ELSEWHERE},
    {.key = "hidden_channels", .use = VQC_JSON_ELSEWHERE},
    {.key = "channel_mult", .use = VQC_JSON_ELSEWHERE},
    {.key = "num_res_blocks", .use = VQC_JSON_ELSEWHERE},
    {.key = "z_channels", .use = VQC_JSON_ELSEWHERE},
    {.key = "num_embeddings", .use = VQC_JSON_ELSEWHERE},
    {.key = "quantized_embed_dim", .use = VQC_JSON_ELSEWHERE},
    {.key = "num_channels", .use = VQC_JSON_FIXED, .values = "[3]"},
    {.key = "resolution", .use = VQC_JSON_HARMLESS},
    {.key = "attn_resolutions", .use = VQC_JSON_HARMLESS},
    {.key = "resample_with_conv", .use = VQC_JSON_HARMLESS},
    {.key = "dropout", .use = VQC_JSON_HARMLESS},
    {.key = "commitment_cost", .use = VQC_JSON_HARMLESS},
    {.key = "_version", .use = VQC_JSON_HARMLESS},
    {.key = "_name_or_path", .use = VQC_JSON_HARMLESS},
};
static const vqc_json_table maskgit_keys = {
    .keys = maskgit_rows, .count = sizeof maskgit_rows / sizeof maskgit_rows[0], .family = "MaskGIT VQGAN"};

static vqc_status maskgit_configure(vqc_generator *generator, const vqc_yaml_node *parameters, vqc_error *error)
{
    int64_t multiples[VQC_VQGAN_MAX_LEVELS];
    VQC_TRY(vqc_json_keys_read_yaml(parameters, &maskgit_keys, 1, NULL, error));
    VQC_TRY(maskgit_derive(generator, error));
    const maskgit *own = generator->own;
    for (int level = 0; level < own->level_count; level++)
        multiples[level] = own->channels[level] / own->first_width;
    VQC_TRY(vqc_shape_config_integer(parameters, "hidden_channels", own->first_width, error));
    VQC_TRY(vqc_shape_config_integers(parameters, "channel_mult", multiples, own->level_count, error));
    VQC_TRY(vqc_shape_config_integer(parameters, "num_res_blocks", own->block_count, error));
    VQC_TRY(vqc_shape_config_integer(parameters, "z_channels", own->latent_width, error));
    VQC_TRY(vqc_shape_config_integer(parameters, "num_embeddings", generator->codes, error));
    return vqc_shape_config_integer(parameters, "quantized_embed_dim", own->latent_width, error);
}

static const char *const maskgit_has[] = {"quantize.embedding.weight", "decoder.mid.0.conv1.weight",
                                          "decoder.up.0.block.0.conv1.weight", NULL};
/* open-muse keeps configurations as diffusers does. */
static const vqc_generator_class maskgit_classes[] = {
    {.name = "MaskGitVQGAN of diffusers", .quantiser = VQC_QUANTISER_NEAREST},
    {.name = NULL},
};

const vqc_generator_type vqc_generator_maskgit = {
    .name = "MaskGIT VQGAN",
    .classes = maskgit_classes,
    .has = maskgit_has,
    .codebook = "quantize.embedding.weight",
    .harmless = vqc_vqgan_harmless,
    .config_beside = true,
    .picture_lowest = 0.0F,
    .picture_highest = 1.0F,
    .configure = maskgit_configure,
    .derive = maskgit_derive,
    .decoder = maskgit_decoder,
    .encoder = maskgit_encoder,
    .latent = maskgit_latent,
};
