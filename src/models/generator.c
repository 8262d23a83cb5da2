#include "models/generator.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "models/generators.h"

/* What the kinds of quantisers do. */
typedef struct quantiser_type {
    bool has_codes;
    bool largest_product; /* of the rows as they are read; else the nearest row */
    bool unit_rows;       /* the rows are brought to length one when they are read */
} quantiser_type;

static const quantiser_type quantisers[] = {
    [VQC_QUANTISER_NEAREST] = {.has_codes = true},
    [VQC_QUANTISER_UNIT_ROWS] = {.has_codes = true, .largest_product = true, .unit_rows = true},
    [VQC_QUANTISER_PRODUCT] = {.has_codes = true, .largest_product = true},
    [VQC_QUANTISER_NONE] = {.has_codes = false},
};

bool vqc_generator_has_codes(const vqc_generator *generator)
{
    return quantisers[generator->quantiser].has_codes;
}

/* Of a generator without a codebook. */
static void unit_limits(const vqc_generator *generator, double range, float *lowest, float *highest)
{
    double reach = range * (double)generator->z_unit;
    for (int64_t i = 0; i < generator->width; i++) {
        lowest[i] = (float)((double)generator->z_middle - reach);
        highest[i] = (float)((double)generator->z_middle + reach);
    }
}

void vqc_generator_limits(const vqc_generator *generator, double range, float *lowest, float *highest)
{
    int64_t width = generator->width;
    if (!vqc_generator_has_codes(generator)) {
        unit_limits(generator, range, lowest, highest);
        return;
    }
    memcpy(lowest, generator->codebook, (size_t)width * sizeof *lowest);
    memcpy(highest, generator->codebook, (size_t)width * sizeof *highest);
    for (int64_t i = width; i < generator->codes * width; i++) {
        float value = generator->codebook[i];
        if (value < lowest[i % width])
            lowest[i % width] = value;
        if (value > highest[i % width])
            highest[i % width] = value;
    }
}

void vqc_generator_pixels_to_range(const vqc_generator *generator, float *pixels, int64_t count)
{
    for (int64_t i = 0; i < count; i++)
        pixels[i] = (generator->picture_highest - generator->picture_lowest) * pixels[i] + generator->picture_lowest;
}

void vqc_generator_pixels_from_range(const vqc_generator *generator, float *pixels, int64_t count)
{
    for (int64_t i = 0; i < count; i++)
        pixels[i] =
            (pixels[i] - generator->picture_lowest) / (generator->picture_highest - generator->picture_lowest);
}

void vqc_generator_pixels_scale(const vqc_generator *generator, float *scale, float *shift)
{
    *scale = 1.0F / (generator->picture_highest - generator->picture_lowest);
    *shift = -generator->picture_lowest * *scale;
}

void vqc_generator_vectors(const vqc_generator *generator, const int32_t *codes, int64_t count, float *z)
{
    int64_t width = generator->width;
    for (int64_t i = 0; i < count; i++)
        memcpy(z + i * width, generator->codebook + codes[i] * width, (size_t)width * sizeof *z);
}

bool vqc_generator_vectors_settle(const vqc_generator *generator, float *z, int64_t count)
{
    const double rounding = 0x1p-8;
    bool other = false;
    if (!quantisers[generator->quantiser].unit_rows)
        return false;
    for (int64_t row = 0; row < count; row++) {
        float *vector = z + row * generator->width;
        double square = 0.0;
        for (int64_t i = 0; i < generator->width; i++)
            square += (double)vector[i] * (double)vector[i];
        double length = fmax(sqrt(square), 1e-12); /* as LlamaGen's normalisation has it */
        for (int64_t i = 0; i < generator->width; i++)
            vector[i] = (float)((double)vector[i] / length);
        other = other || fabs(length - 1.0) > rounding;
    }
    return other;
}

/* Adds the search for the codes; without a codebook z goes on as it is. */
static vqc_status quantise_add(const vqc_generator *generator, vqc_network *network, vqc_value z,
                               vqc_value *quantised, vqc_error *error)
{
    if (!vqc_generator_has_codes(generator)) {
        *quantised = z;
        return VQC_OK;
    }
    vqc_shape shape = vqc_network_shape(network, z);
    vqc_operation operation = {
        .kind = VQC_OPERATION_QUANTISE,
        .dtype = VQC_DTYPE_F32,
        .quantise = {.rows = shape.size[0] * shape.size[1] * shape.size[2],
                     .width = generator->width,
                     .entries = generator->codes,
                     .codebook = generator->codebook,
                     .largest_product = quantisers[generator->quantiser].largest_product},
    };
    VQC_TRY(vqc_network_add(network, &operation, &z, shape, quantised, error));
    return vqc_network_keep(network, *quantised, error);
}

/* Brings a picture from its range to 0..1 and limits it there (reference: `synth`). */
static vqc_status limit_add(const vqc_generator *generator, vqc_network *network, vqc_value *picture,
                            vqc_error *error)
{
    float scale;
    float shift;
    vqc_shape shape = vqc_network_shape(network, *picture);
    vqc_generator_pixels_scale(generator, &scale, &shift);
    vqc_operation operation = {
        .kind = VQC_OPERATION_CLAMP,
        .dtype = VQC_DTYPE_F32,
        .clamp = {.count = shape.size[0] * shape.size[1] * shape.size[2] * shape.size[3],
                  .scale = scale,
                  .shift = shift},
    };
    return vqc_network_add(network, &operation, picture, shape, picture, error);
}

typedef vqc_status half_add(const vqc_generator *generator, vqc_coder *coder, vqc_error *error);

/* Adds one part of the autoencoder to a network. */
static vqc_status half_build(const vqc_generator *generator, const vqc_layers *layers, half_add *add, vqc_value input,
                             vqc_value *output, vqc_error *error)
{
    vqc_coder coder = {
        .parameters = &generator->parameters,
        .style = generator->style,
        .layers = layers,
        .channels = vqc_shape_width(vqc_network_shape(layers->network, input)),
        .value = input,
    };
    VQC_TRY(add(generator, &coder, error));
    *output = coder.value;
    return VQC_OK;
}

vqc_status vqc_generator_head_quantised(const vqc_generator *generator, vqc_network *network, vqc_shape shape,
                                        vqc_generator_decoder *decoder, vqc_error *error)
{
    VQC_TRY(vqc_network_input(network, VQC_DTYPE_F32, shape, true, &decoder->z, error));
    VQC_TRY(quantise_add(generator, network, decoder->z, &decoder->quantised, error));
    decoder->choice = decoder->quantised;
    decoder->has_codes = vqc_generator_has_codes(generator);
    return VQC_OK;
}

vqc_status vqc_generator_head_free(const vqc_generator *generator, vqc_network *network, vqc_shape shape,
                                   vqc_generator_decoder *decoder, vqc_error *error)
{
    (void)generator;
    VQC_TRY(vqc_network_input(network, VQC_DTYPE_F32, shape, true, &decoder->z, error));
    decoder->quantised = decoder->z;
    decoder->has_codes = false;
    return VQC_OK;
}

static vqc_status decoder_add(const vqc_generator *generator, vqc_generator_head *head, vqc_layers *layers,
                              vqc_shape shape, bool limited, vqc_generator_decoder *decoder, vqc_error *error)
{
    vqc_network *network = layers->network;
    vqc_value h;
    VQC_TRY(head(generator, network, shape, decoder, error));
    VQC_TRY(vqc_layer_cast(layers, decoder->quantised, layers->dtype, &h, error));
    VQC_TRY(half_build(generator, layers, generator->type->decoder, h, &h, error));
    VQC_TRY(vqc_layer_cast(layers, h, VQC_DTYPE_F32, &decoder->picture, error));
    decoder->unlimited = decoder->picture;
    if (limited)
        VQC_TRY(limit_add(generator, network, &decoder->picture, error));
    return vqc_network_output(network, decoder->picture, error);
}

vqc_status vqc_generator_decoder_build(const vqc_generator *generator, vqc_generator_head *head, vqc_ops *ops,
                                       vqc_dtype precision, int64_t batch, int64_t rows, int64_t columns,
                                       bool backward, bool limited, vqc_generator_decoder *decoder_out,
                                       vqc_error *error)
{
    vqc_generator_decoder decoder = {0};
    VQC_TRY(vqc_network_create(ops, backward, &decoder.network, error));
    vqc_layers layers = {.network = decoder.network, .parameters = &generator->parameters, .dtype = precision};
    vqc_shape shape = {4, {batch, rows, columns, generator->width}};
    vqc_status status = decoder_add(generator, head, &layers, shape, limited, &decoder, error);
    if (status != VQC_OK) {
        vqc_network_destroy(decoder.network);
        return status;
    }
    *decoder_out = decoder;
    return VQC_OK;
}

vqc_status vqc_generator_decoder_show_unlimited(vqc_generator_decoder *decoder, vqc_error *error)
{
    return vqc_network_output(decoder->network, decoder->unlimited, error);
}

vqc_status vqc_generator_decoder_build_beside(const vqc_generator_decoder *first, vqc_ops *ops,
                                              vqc_generator_decoder *decoder_out, vqc_error *error)
{
    vqc_generator_decoder decoder = *first;
    VQC_TRY(vqc_network_create_beside(first->network, ops, &decoder.network, error));
    *decoder_out = decoder;
    return VQC_OK;
}

vqc_status vqc_generator_decoder_create(const vqc_generator *generator, vqc_ops *ops, vqc_dtype precision,
                                        int64_t batch, int64_t rows, int64_t columns, bool backward, bool limited,
                                        vqc_generator_decoder *decoder_out, vqc_error *error)
{
    VQC_TRY(vqc_generator_decoder_build(generator, vqc_generator_head_quantised, ops, precision, batch, rows, columns,
                                        backward, limited, decoder_out, error));
    vqc_status status = vqc_network_finish(decoder_out->network, error);
    if (status != VQC_OK)
        vqc_generator_decoder_destroy(decoder_out);
    return status;
}

void vqc_generator_decoder_destroy(vqc_generator_decoder *decoder)
{
    vqc_network_destroy(decoder->network);
    *decoder = (vqc_generator_decoder){0};
}

vqc_status vqc_generator_decoder_codes(vqc_ops *ops, const vqc_generator_decoder *decoder, int32_t *codes,
                                       vqc_error *error)
{
    if (!decoder->has_codes)
        return VQC_OK;
    vqc_shape shape = vqc_network_shape(decoder->network, decoder->z);
    size_t count = (size_t)(shape.size[0] * shape.size[1] * shape.size[2]);
    return vqc_ops_download(ops, codes, vqc_network_saved(decoder->network, decoder->choice), count * sizeof *codes,
                            error);
}

static vqc_status encoder_add(const vqc_generator *generator, vqc_layers *layers, vqc_shape shape,
                              vqc_generator_encoder *encoder, vqc_error *error)
{
    vqc_network *network = layers->network;
    vqc_value h;
    vqc_value latent;
    VQC_TRY(vqc_network_input(network, VQC_DTYPE_F32, shape, false, &encoder->picture, error));
    VQC_TRY(vqc_layer_cast(layers, encoder->picture, layers->dtype, &h, error));
    VQC_TRY(half_build(generator, layers, generator->type->encoder, h, &h, error));
    VQC_TRY(half_build(generator, layers, generator->type->latent, h, &latent, error));
    VQC_TRY(vqc_layer_cast(layers, h, VQC_DTYPE_F32, &encoder->encoded, error));
    VQC_TRY(vqc_network_output(network, encoder->encoded, error));
    VQC_TRY(vqc_layer_cast(layers, latent, VQC_DTYPE_F32, &encoder->latent, error));
    VQC_TRY(vqc_network_output(network, encoder->latent, error));
    if (generator->type->logits == NULL)
        return quantise_add(generator, network, encoder->latent, &encoder->codes_source, error);
    VQC_TRY(half_build(generator, layers, generator->type->logits, latent, &h, error));
    VQC_TRY(vqc_layer_cast(layers, h, VQC_DTYPE_F32, &encoder->codes_source, error));
    return vqc_network_output(network, encoder->codes_source, error);
}

vqc_status vqc_generator_encoder_build(const vqc_generator *generator, vqc_ops *ops, vqc_dtype precision,
                                       int64_t batch, int64_t height, int64_t width,
                                       vqc_generator_encoder *encoder_out, vqc_error *error)
{
    if (height <= 0 || width <= 0 || height % generator->factor != 0 || width % generator->factor != 0)
        return vqc_error_set(error, VQC_BAD_INPUT, "picture of %lld × %lld pixels: expected multiples of %lld",
                             (long long)width, (long long)height, (long long)generator->factor);
    vqc_generator_encoder encoder = {0};
    VQC_TRY(vqc_network_create(ops, false, &encoder.network, error));
    vqc_layers layers = {.network = encoder.network, .parameters = &generator->parameters, .dtype = precision};
    vqc_shape shape = {4, {batch, height, width, 3}};
    vqc_status status = encoder_add(generator, &layers, shape, &encoder, error);
    if (status != VQC_OK) {
        vqc_network_destroy(encoder.network);
        return status;
    }
    *encoder_out = encoder;
    return VQC_OK;
}

vqc_status vqc_generator_encoder_create(const vqc_generator *generator, vqc_ops *ops, vqc_dtype precision,
                                        int64_t batch, int64_t height, int64_t width,
                                        vqc_generator_encoder *encoder_out, vqc_error *error)
{
    VQC_TRY(vqc_generator_encoder_build(generator, ops, precision, batch, height, width, encoder_out, error));
    vqc_status status = vqc_network_finish(encoder_out->network, error);
    if (status != VQC_OK)
        vqc_generator_encoder_destroy(encoder_out);
    return status;
}

void vqc_generator_encoder_destroy(vqc_generator_encoder *encoder)
{
    vqc_network_destroy(encoder->network);
    *encoder = (vqc_generator_encoder){0};
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

vqc_status vqc_generator_encoder_codes(const vqc_generator *generator, vqc_ops *ops, vqc_generator_encoder *encoder,
                                       int32_t *codes, vqc_error *error)
{
    vqc_shape shape = vqc_network_shape(encoder->network, encoder->latent);
    int64_t rows = shape.size[0] * shape.size[1] * shape.size[2];
    if (generator->type->logits == NULL)
        return vqc_ops_download(ops, codes, vqc_network_saved(encoder->network, encoder->codes_source),
                                (size_t)rows * sizeof *codes, error);
    float *logits;
    VQC_TRY(vqc_memory_allocate((size_t)(rows * generator->codes), sizeof *logits, "logits", &logits, error));
    vqc_status status = vqc_network_read(encoder->network, encoder->codes_source, logits, error);
    if (status == VQC_OK)
        codes_from_logits(logits, rows, generator->codes, codes);
    free(logits);
    return status;
}
