#include "models/vqgan.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "models/vqgan_layers.h"

/* Prefixes under which published checkpoints hold the VQGAN; the first that fits is taken. */
static const char *const known_prefixes[] = {"", "first_stage_model.", "module.", "model."};

/* In the checkpoint every name has the prefix in front. */
static void name_translate(const void *context, const char *name, char translated[VQC_PARAMETER_NAME_SIZE])
{
    vqc_parameter_name(translated, "%s%s", (const char *)context, name);
}

static const char *codebook_name(const vqc_vqgan_config *config)
{
    return config->gumbel ? "quantize.embed.weight" : "quantize.embedding.weight";
}

/* Finds the prefix under which the codebook stands. */
static vqc_status vqgan_find_prefix(vqc_vqgan *vqgan, vqc_error *error)
{
    vqgan->parameters = (vqc_parameters){.weights = vqgan->weights, .translate = name_translate};
    for (size_t i = 0; i < sizeof known_prefixes / sizeof known_prefixes[0]; i++) {
        vqgan->parameters.context = known_prefixes[i];
        if (vqc_parameters_find(&vqgan->parameters, codebook_name(&vqgan->config)) != NULL)
            return VQC_OK;
    }
    return vqc_error_set(error, VQC_BAD_INPUT, "%s: tensor %s is missing: not a checkpoint of the configured VQGAN",
                         vqc_weights_path(vqgan->weights), codebook_name(&vqgan->config));
}

vqc_status vqc_vqgan_open(const char *config_path, const char *checkpoint_path, vqc_vqgan *vqgan_out,
                          vqc_error *error)
{
    vqc_vqgan vqgan = {0};
    VQC_TRY(vqc_vqgan_config_read(config_path, &vqgan.config, error));
    vqgan.factor = (int64_t)1 << (vqgan.config.level_count - 1);
    VQC_TRY(vqc_weights_open(checkpoint_path, &vqgan.weights, error));
    vqc_status status = vqgan_find_prefix(&vqgan, error);
    if (status == VQC_OK) {
        int64_t shape[] = {vqgan.config.codes, vqgan.config.embed_width};
        status =
            vqc_parameters_read(&vqgan.parameters, codebook_name(&vqgan.config), 2, shape, &vqgan.codebook, error);
    }
    if (status != VQC_OK) {
        vqc_vqgan_close(&vqgan);
        return status;
    }
    *vqgan_out = vqgan;
    return VQC_OK;
}

void vqc_vqgan_close(vqc_vqgan *vqgan)
{
    vqc_weights_close(vqgan->weights);
    free(vqgan->codebook);
    *vqgan = (vqc_vqgan){0};
}

/* Adds the search for the nearest codes. */
static vqc_status quantise_add(const vqc_vqgan *vqgan, vqc_network *network, vqc_value z, vqc_value *quantised,
                               vqc_error *error)
{
    vqc_shape shape = vqc_network_shape(network, z);
    vqc_operation operation = {
        .kind = VQC_OPERATION_QUANTISE,
        .dtype = VQC_DTYPE_F32,
        .quantise = {.rows = shape.size[0] * shape.size[1] * shape.size[2],
                     .width = vqgan->config.embed_width,
                     .entries = vqgan->config.codes,
                     .codebook = vqgan->codebook},
    };
    VQC_TRY(vqc_network_add(network, &operation, &z, shape, quantised, error));
    return vqc_network_keep(network, *quantised, error);
}

/* Brings a picture from −1..1 to 0..1 and limits it there (reference: `synth`). */
static vqc_status limit_add(vqc_network *network, vqc_value *picture, vqc_error *error)
{
    vqc_shape shape = vqc_network_shape(network, *picture);
    vqc_operation operation = {
        .kind = VQC_OPERATION_CLAMP,
        .dtype = VQC_DTYPE_F32,
        .clamp = {.count = shape.size[0] * shape.size[1] * shape.size[2] * shape.size[3],
                  .scale = 0.5F,
                  .shift = 0.5F},
    };
    return vqc_network_add(network, &operation, picture, shape, picture, error);
}

static vqc_status decoder_add(const vqc_vqgan *vqgan, vqc_layers *layers, vqc_shape z_shape, bool limited,
                              vqc_vqgan_decoder *decoder, vqc_error *error)
{
    vqc_network *network = layers->network;
    vqc_value h;
    VQC_TRY(vqc_network_input(network, VQC_DTYPE_F32, z_shape, true, &decoder->z, error));
    VQC_TRY(quantise_add(vqgan, network, decoder->z, &decoder->quantised, error));
    VQC_TRY(vqc_layer_cast(layers, decoder->quantised, layers->dtype, &h, error));
    VQC_TRY(vqc_layer_linear(layers, "post_quant_conv", true, h, vqgan->config.latent_width, NULL, &h, error));
    VQC_TRY(vqc_vqgan_layers_decode(layers, &vqgan->config, h, &h, error));
    VQC_TRY(vqc_layer_cast(layers, h, VQC_DTYPE_F32, &decoder->picture, error));
    if (limited)
        VQC_TRY(limit_add(network, &decoder->picture, error));
    return vqc_network_output(network, decoder->picture, error);
}

vqc_status vqc_vqgan_decoder_build(const vqc_vqgan *vqgan, vqc_ops *ops, vqc_dtype precision, int64_t batch,
                                   int64_t rows, int64_t columns, bool backward, bool limited,
                                   vqc_vqgan_decoder *decoder_out, vqc_error *error)
{
    vqc_vqgan_decoder decoder = {0};
    VQC_TRY(vqc_network_create(ops, backward, &decoder.network, error));
    vqc_layers layers = {.network = decoder.network, .parameters = &vqgan->parameters, .dtype = precision};
    vqc_shape shape = {4, {batch, rows, columns, vqgan->config.embed_width}};
    vqc_status status = decoder_add(vqgan, &layers, shape, limited, &decoder, error);
    if (status != VQC_OK) {
        vqc_network_destroy(decoder.network);
        return status;
    }
    *decoder_out = decoder;
    return VQC_OK;
}

vqc_status vqc_vqgan_decoder_build_beside(const vqc_vqgan_decoder *first, vqc_ops *ops,
                                          vqc_vqgan_decoder *decoder_out, vqc_error *error)
{
    vqc_vqgan_decoder decoder = *first;
    VQC_TRY(vqc_network_create_beside(first->network, ops, &decoder.network, error));
    *decoder_out = decoder;
    return VQC_OK;
}

vqc_status vqc_vqgan_decoder_create(const vqc_vqgan *vqgan, vqc_ops *ops, vqc_dtype precision, int64_t batch,
                                    int64_t rows, int64_t columns, bool backward, bool limited,
                                    vqc_vqgan_decoder *decoder_out, vqc_error *error)
{
    VQC_TRY(
        vqc_vqgan_decoder_build(vqgan, ops, precision, batch, rows, columns, backward, limited, decoder_out, error));
    vqc_status status = vqc_network_finish(decoder_out->network, error);
    if (status != VQC_OK)
        vqc_vqgan_decoder_destroy(decoder_out);
    return status;
}

void vqc_vqgan_decoder_destroy(vqc_vqgan_decoder *decoder)
{
    vqc_network_destroy(decoder->network);
    *decoder = (vqc_vqgan_decoder){0};
}

/* The part after the encoder: latent and codes, in f32. */
static vqc_status encoder_add_codes(const vqc_vqgan *vqgan, vqc_layers *layers, vqc_value h,
                                    vqc_vqgan_encoder *encoder, vqc_error *error)
{
    const vqc_vqgan_config *config = &vqgan->config;
    vqc_network *network = layers->network;
    VQC_TRY(vqc_layer_linear(layers, "quant_conv", true, h, config->embed_width, NULL, &h, error));
    VQC_TRY(vqc_layer_cast(layers, h, VQC_DTYPE_F32, &encoder->latent, error));
    VQC_TRY(vqc_network_output(network, encoder->latent, error));
    if (!config->gumbel)
        return quantise_add(vqgan, network, encoder->latent, &encoder->codes_source, error);
    VQC_TRY(vqc_layer_linear(layers, "quantize.proj", true, h, config->codes, NULL, &h, error));
    VQC_TRY(vqc_layer_cast(layers, h, VQC_DTYPE_F32, &encoder->codes_source, error));
    return vqc_network_output(network, encoder->codes_source, error);
}

static vqc_status encoder_add(const vqc_vqgan *vqgan, vqc_layers *layers, vqc_shape shape, vqc_vqgan_encoder *encoder,
                              vqc_error *error)
{
    vqc_network *network = layers->network;
    vqc_value h;
    VQC_TRY(vqc_network_input(network, VQC_DTYPE_F32, shape, false, &encoder->picture, error));
    VQC_TRY(vqc_layer_cast(layers, encoder->picture, layers->dtype, &h, error));
    VQC_TRY(vqc_vqgan_layers_encode(layers, &vqgan->config, h, &h, error));
    VQC_TRY(vqc_layer_cast(layers, h, VQC_DTYPE_F32, &encoder->encoded, error));
    VQC_TRY(vqc_network_output(network, encoder->encoded, error));
    return encoder_add_codes(vqgan, layers, h, encoder, error);
}

vqc_status vqc_vqgan_encoder_build(const vqc_vqgan *vqgan, vqc_ops *ops, vqc_dtype precision, int64_t batch,
                                   int64_t height, int64_t width, vqc_vqgan_encoder *encoder_out, vqc_error *error)
{
    if (height <= 0 || width <= 0 || height % vqgan->factor != 0 || width % vqgan->factor != 0)
        return vqc_error_set(error, VQC_BAD_INPUT, "picture of %lld × %lld pixels: expected multiples of %lld",
                             (long long)width, (long long)height, (long long)vqgan->factor);
    vqc_vqgan_encoder encoder = {0};
    VQC_TRY(vqc_network_create(ops, false, &encoder.network, error));
    vqc_layers layers = {.network = encoder.network, .parameters = &vqgan->parameters, .dtype = precision};
    vqc_shape shape = {4, {batch, height, width, vqgan->config.in_channels}};
    vqc_status status = encoder_add(vqgan, &layers, shape, &encoder, error);
    if (status != VQC_OK) {
        vqc_network_destroy(encoder.network);
        return status;
    }
    *encoder_out = encoder;
    return VQC_OK;
}

vqc_status vqc_vqgan_encoder_create(const vqc_vqgan *vqgan, vqc_ops *ops, vqc_dtype precision, int64_t batch,
                                    int64_t height, int64_t width, vqc_vqgan_encoder *encoder_out, vqc_error *error)
{
    VQC_TRY(vqc_vqgan_encoder_build(vqgan, ops, precision, batch, height, width, encoder_out, error));
    vqc_status status = vqc_network_finish(encoder_out->network, error);
    if (status != VQC_OK)
        vqc_vqgan_encoder_destroy(encoder_out);
    return status;
}

void vqc_vqgan_encoder_destroy(vqc_vqgan_encoder *encoder)
{
    vqc_network_destroy(encoder->network);
    *encoder = (vqc_vqgan_encoder){0};
}

/* The index of the largest of each row's logits, the lower one on a tie. */
static void codes_from_logits(const float *logits, int64_t rows, int64_t codes, int32_t *result)
{
    for (int64_t row = 0; row < rows; row++) {
        const float *logit = logits + row * codes;
        int32_t best = 0;
        for (int64_t code = 1; code < codes; code++)
            if (logit[code] > logit[best])
                best = (int32_t)code;
        result[row] = best;
    }
}

vqc_status vqc_vqgan_encoder_codes(const vqc_vqgan *vqgan, vqc_ops *ops, vqc_vqgan_encoder *encoder, int32_t *codes,
                                   vqc_error *error)
{
    vqc_shape shape = vqc_network_shape(encoder->network, encoder->latent);
    int64_t rows = shape.size[0] * shape.size[1] * shape.size[2];
    if (!vqgan->config.gumbel)
        return vqc_ops_download(ops, codes, vqc_network_saved(encoder->network, encoder->codes_source),
                                (size_t)rows * sizeof *codes, error);
    float *logits;
    VQC_TRY(vqc_memory_allocate((size_t)(rows * vqgan->config.codes), sizeof *logits, "logits", &logits, error));
    vqc_status status = vqc_network_read(encoder->network, encoder->codes_source, logits, error);
    if (status == VQC_OK)
        codes_from_logits(logits, rows, vqgan->config.codes, codes);
    free(logits);
    return status;
}
