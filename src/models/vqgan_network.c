#include "models/vqgan_network.h"

#include "base/memory.h"

enum { COLOURS = 3 };

typedef char layer_name[VQC_PARAMETER_NAME_SIZE];

const vqc_vqgan_naming vqc_vqgan_naming_taming = {
    .level = {[VQC_VQGAN_ENCODER] = "encoder.down", [VQC_VQGAN_DECODER] = "decoder.up"},
    .resize = {[VQC_VQGAN_ENCODER] = "downsample.conv", [VQC_VQGAN_DECODER] = "upsample.conv"},
    .block = "block",
    .attention = "attn",
    .middle = {"mid.block_1", "mid.attn_1", "mid.block_2"},
    .norm_out = "norm_out",
    .style = {.shortcut = "nin_shortcut",
              .norm = "norm",
              .query = "q",
              .key = "k",
              .value = "v",
              .project = "proj_out",
              .groups = 32},
};

static const char *const half_names[] = {[VQC_VQGAN_ENCODER] = "encoder", [VQC_VQGAN_DECODER] = "decoder"};

/* The number that the file gives a level. */
static int level_number(const vqc_vqgan_network *network, vqc_vqgan_half half, int level)
{
    bool turned = half == VQC_VQGAN_DECODER && network->naming.last_level_first;
    return turned ? network->level_count - 1 - level : level;
}

static void block_name(const vqc_vqgan_network *network, vqc_vqgan_half half, int level, const char *part,
                       int64_t block, layer_name name)
{
    vqc_parameter_name(name, "%s.%d.%s.%lld", network->naming.level[half], level_number(network, half, level), part,
                       (long long)block);
}

static void resize_name(const vqc_vqgan_network *network, vqc_vqgan_half half, int level, layer_name name)
{
    vqc_parameter_name(name, "%s.%d.%s", network->naming.level[half], level_number(network, half, level),
                       network->naming.resize[half]);
}

/* A block of the half that no level has: "decoder.conv_in". */
static vqc_status part_add(vqc_coder *coder, vqc_vqgan_half half, vqc_coder_block_kind kind, const char *part,
                           int64_t channels, vqc_error *error)
{
    layer_name name;
    vqc_parameter_name(name, "%s.%s", half_names[half], part);
    return vqc_coder_add(coder, &(vqc_coder_block){.kind = kind, .name = name, .channels = channels}, error);
}

/* The middle part, the same in both halves. */
static vqc_status middle_add(const vqc_vqgan_network *network, vqc_coder *coder, vqc_vqgan_half half,
                             vqc_error *error)
{
    const char *const *middle = network->naming.middle;
    VQC_TRY(part_add(coder, half, VQC_CODER_RESIDUAL, middle[0], 0, error));
    if (network->middle_attention)
        VQC_TRY(part_add(coder, half, VQC_CODER_ATTENTION, middle[1], 0, error));
    return part_add(coder, half, VQC_CODER_RESIDUAL, middle[2], 0, error);
}

/* The blocks of one level, each followed by attention where the network has it. */
static vqc_status level_add(const vqc_vqgan_network *network, vqc_coder *coder, vqc_vqgan_half half, int level,
                            int64_t blocks, vqc_error *error)
{
    const vqc_coder_block residual = {.kind = VQC_CODER_RESIDUAL, .channels = network->channels[level]};
    const vqc_coder_block attention = {.kind = VQC_CODER_ATTENTION};
    for (int64_t block = 0; block < blocks; block++) {
        layer_name name;
        vqc_coder_block next = residual;
        block_name(network, half, level, network->naming.block, block, name);
        next.name = name;
        VQC_TRY(vqc_coder_add(coder, &next, error));
        if (!network->attention[half][level])
            continue;
        block_name(network, half, level, network->naming.attention, block, name);
        next = attention;
        next.name = name;
        VQC_TRY(vqc_coder_add(coder, &next, error));
    }
    return VQC_OK;
}

/* The layer between two levels. */
static vqc_status resize_add(const vqc_vqgan_network *network, vqc_coder *coder, vqc_vqgan_half half, int level,
                             vqc_error *error)
{
    layer_name name;
    resize_name(network, half, level, name);
    bool up = half == VQC_VQGAN_DECODER;
    const vqc_coder_block convolution = {.kind = up ? VQC_CODER_DOUBLING : VQC_CODER_HALVING, .name = name};
    return vqc_coder_add(coder, &convolution, error);
}

vqc_status vqc_vqgan_decoder_add(const vqc_vqgan_network *network, vqc_coder *coder, vqc_error *error)
{
    const vqc_vqgan_half half = VQC_VQGAN_DECODER;
    int last = network->level_count - 1;
    VQC_TRY(part_add(coder, half, VQC_CODER_CONVOLUTION, "conv_in", network->channels[last], error));
    VQC_TRY(middle_add(network, coder, half, error));
    for (int level = last; level >= 0; level--) {
        VQC_TRY(level_add(network, coder, half, level, network->block_count + 1, error));
        if (level > 0)
            VQC_TRY(resize_add(network, coder, half, level, error));
    }
    VQC_TRY(part_add(coder, half, VQC_CODER_NORM, network->naming.norm_out, 0, error));
    return part_add(coder, half, VQC_CODER_CONVOLUTION, "conv_out", COLOURS, error);
}

/* The encoder's last layer. Of a distribution that nothing comes behind the means alone are computed. */
static vqc_status encoder_end_add(const vqc_vqgan_network *network, vqc_coder *coder, vqc_error *error)
{
    int64_t rows = network->double_latent ? 2 * network->latent_width : network->latent_width;
    bool ends = network->distribution && network->without_quant_conv;
    const vqc_coder_block last = {.kind = VQC_CODER_CONVOLUTION,
                                  .name = "encoder.conv_out",
                                  .channels = ends ? network->latent_width : rows,
                                  .rows = rows};
    return vqc_coder_add(coder, &last, error);
}

vqc_status vqc_vqgan_encoder_add(const vqc_vqgan_network *network, vqc_coder *coder, vqc_error *error)
{
    const vqc_vqgan_half half = VQC_VQGAN_ENCODER;
    VQC_TRY(part_add(coder, half, VQC_CODER_CONVOLUTION, "conv_in", network->first_width, error));
    for (int level = 0; level < network->level_count; level++) {
        VQC_TRY(level_add(network, coder, half, level, network->block_count, error));
        if (level < network->level_count - 1)
            VQC_TRY(resize_add(network, coder, half, level, error));
    }
    VQC_TRY(middle_add(network, coder, half, error));
    VQC_TRY(part_add(coder, half, VQC_CODER_NORM, network->naming.norm_out, 0, error));
    return encoder_end_add(network, coder, error);
}

/* ---- What families share ---- */

/* Of the training: its losses with their discriminator, running means of all weights, and of the codebook how often
 * codes were used; the random colours that segmentations are shown in. */
const char *const vqc_vqgan_harmless[] = {"loss.*",
                                          "model_ema.*",
                                          "colorize",
                                          "quantize.codebook_used",
                                          "quantize.cluster_size",
                                          "quantize.embedding.cluster_size",
                                          "quantize.embed_avg",
                                          "quantize.embed_prob",
                                          "quantize.embedding.embed_avg",
                                          "quantize.usage",
                                          "*.num_batches_tracked",
                                          NULL};

vqc_status vqc_vqgan_network_create(vqc_generator *generator, const vqc_vqgan_naming *naming,
                                    vqc_vqgan_network **network_out, vqc_error *error)
{
    VQC_TRY(vqc_memory_allocate(1, sizeof **network_out, "a generator", network_out, error));
    (*network_out)->naming = *naming;
    generator->own = *network_out;
    generator->style = &(*network_out)->naming.style;
    return VQC_OK;
}

void vqc_vqgan_sizes_set(vqc_generator *generator, const vqc_vqgan_network *network)
{
    generator->factor = (int64_t)1 << (network->level_count - 1);
    generator->width = network->embed_width;
    generator->codes = network->codes;
    generator->full_width = network->channels[0];
}

vqc_status vqc_vqgan_decoder(const vqc_generator *generator, vqc_coder *coder, vqc_error *error)
{
    const vqc_vqgan_network *network = generator->own;
    const vqc_coder_block first = {
        .kind = VQC_CODER_POINTWISE, .name = "post_quant_conv", .channels = network->latent_width};
    if (!network->without_post_quant_conv)
        VQC_TRY(vqc_coder_add(coder, &first, error));
    return vqc_vqgan_decoder_add(network, coder, error);
}

vqc_status vqc_vqgan_encoder(const vqc_generator *generator, vqc_coder *coder, vqc_error *error)
{
    return vqc_vqgan_encoder_add(generator->own, coder, error);
}

vqc_status vqc_vqgan_latent(const vqc_generator *generator, vqc_coder *coder, vqc_error *error)
{
    const vqc_vqgan_network *network = generator->own;
    const vqc_coder_block last = {.kind = VQC_CODER_POINTWISE,
                                  .name = "quant_conv",
                                  .channels = generator->width,
                                  .rows = network->distribution ? 2 * generator->width : generator->width};
    return network->without_quant_conv ? VQC_OK : vqc_coder_add(coder, &last, error);
}

/* ---- Sizes from shapes ---- */

/* PREFIX.SUFFIX of four axes: its rows and channels. */
static vqc_status convolution_sizes(const vqc_parameters *parameters, const char *name, int64_t *rows_out,
                                    int64_t *channels_out, vqc_error *error)
{
    const vqc_weights_tensor *tensor;
    VQC_TRY(vqc_parameters_require_rank(parameters, name, 4, &tensor, error));
    for (int axis = 0; axis < 2; axis++)
        if (tensor->shape[axis] > VQC_VQGAN_MAX_COUNT)
            return vqc_error_set(error, VQC_BAD_INPUT, "%s: tensor %s: expected at most %d channels, found %lld",
                                 vqc_weights_path(parameters->weights), tensor->name, VQC_VQGAN_MAX_COUNT,
                                 (long long)tensor->shape[axis]);
    if (rows_out != NULL)
        *rows_out = tensor->shape[0];
    if (channels_out != NULL)
        *channels_out = tensor->shape[1];
    return VQC_OK;
}

static bool part_exists(const vqc_parameters *parameters, const char *name, const char *part)
{
    layer_name full;
    vqc_parameter_name(full, "%s.%s.weight", name, part);
    return vqc_parameters_find(parameters, full) != NULL;
}

static vqc_status level_derive(const vqc_parameters *parameters, vqc_vqgan_network *network, int level,
                               vqc_error *error)
{
    layer_name name;
    layer_name weight;
    block_name(network, VQC_VQGAN_ENCODER, level, network->naming.block, 0, name);
    vqc_parameter_name(weight, "%s.conv1.weight", name);
    VQC_TRY(convolution_sizes(parameters, weight, &network->channels[level], NULL, error));
    for (int half = 0; half < VQC_VQGAN_HALF_COUNT; half++) {
        block_name(network, (vqc_vqgan_half)half, level, network->naming.attention, 0, name);
        network->attention[half][level] = part_exists(parameters, name, network->naming.style.norm);
    }
    return VQC_OK;
}

static bool block_exists(const vqc_parameters *parameters, const vqc_vqgan_network *network, int level, int64_t block)
{
    layer_name name;
    block_name(network, VQC_VQGAN_ENCODER, level, network->naming.block, block, name);
    return part_exists(parameters, name, "conv1");
}

/* The channels of z: of the codebook's rows, else what the decoder's first layer takes. */
static vqc_status z_derive(const vqc_parameters *parameters, const char *codebook, vqc_vqgan_network *network,
                           vqc_error *error)
{
    const vqc_weights_tensor *table;
    if (codebook != NULL) {
        VQC_TRY(vqc_parameters_require_rank(parameters, codebook, 2, &table, error));
        network->codes = table->shape[0];
        network->embed_width = table->shape[1];
        return VQC_OK;
    }
    network->distribution = true;
    network->without_quant_conv = vqc_parameters_find(parameters, "quant_conv.weight") == NULL;
    network->without_post_quant_conv = vqc_parameters_find(parameters, "post_quant_conv.weight") == NULL;
    network->embed_width = network->latent_width;
    if (network->without_post_quant_conv)
        return VQC_OK;
    return convolution_sizes(parameters, "post_quant_conv.weight", NULL, &network->embed_width, error);
}

static vqc_status first_block_missing(const vqc_parameters *parameters, const char *block, vqc_error *error)
{
    const vqc_weights_tensor *tensor;
    char name[VQC_PARAMETER_NAME_SIZE];
    vqc_parameter_name(name, "%s.conv1.weight", block);
    return vqc_parameters_require(parameters, name, &tensor, error);
}

vqc_status vqc_vqgan_network_derive(const vqc_parameters *parameters, const char *codebook,
                                    vqc_vqgan_network *network, vqc_error *error)
{
    layer_name name;
    VQC_TRY(convolution_sizes(parameters, "decoder.conv_in.weight", NULL, &network->latent_width, error));
    VQC_TRY(z_derive(parameters, codebook, network, error));
    VQC_TRY(convolution_sizes(parameters, "encoder.conv_in.weight", &network->first_width, NULL, error));
    while (network->level_count < VQC_VQGAN_MAX_LEVELS && block_exists(parameters, network, network->level_count, 0))
        network->level_count++;
    while (network->block_count < VQC_VQGAN_MAX_BLOCKS && block_exists(parameters, network, 0, network->block_count))
        network->block_count++;
    if (network->level_count == 0) {
        block_name(network, VQC_VQGAN_ENCODER, 0, network->naming.block, 0, name);
        return first_block_missing(parameters, name, error);
    }
    for (int level = 0; level < network->level_count; level++)
        VQC_TRY(level_derive(parameters, network, level, error));
    vqc_parameter_name(name, "%s.%s", half_names[VQC_VQGAN_DECODER], network->naming.middle[1]);
    network->middle_attention = part_exists(parameters, name, network->naming.style.norm);
    int64_t ends;
    VQC_TRY(convolution_sizes(parameters, "encoder.conv_out.weight", &ends, NULL, error));
    network->double_latent = ends == 2 * network->latent_width;
    return VQC_OK;
}
