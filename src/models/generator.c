#include "models/generator.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "models/generators.h"
#include "models/prefixes.h"
#include "models/unread.h"

/* In the file every name has the prefix in front. */
static void name_translate(const void *context, const char *name, char translated[VQC_PARAMETER_NAME_SIZE])
{
    vqc_parameter_name(translated, "%s%s", (const char *)context, name);
}

/* Finds the one prefix under which the codebook stands. */
static vqc_status prefix_find(vqc_generator *generator, vqc_error *error)
{
    const char *found = NULL;
    vqc_prefixes prefixes;
    vqc_prefixes_find(generator->weights, &prefixes);
    generator->parameters = (vqc_parameters){.weights = generator->weights, .translate = name_translate};
    for (int i = 0; i < prefixes.count; i++) {
        generator->parameters.context = prefixes.items[i];
        if (vqc_parameters_find(&generator->parameters, generator->type->codebook) == NULL)
            continue;
        if (found != NULL)
            return vqc_prefixes_refuse(generator->weights, generator->type->name, found, prefixes.items[i], error);
        found = prefixes.items[i];
    }
    if (found == NULL)
        return vqc_error_set(error, VQC_BAD_INPUT,
                             "%s: tensor %s is missing: not a checkpoint of the configured VQGAN",
                             vqc_weights_path(generator->weights), generator->type->codebook);
    VQC_TRY(vqc_memory_copy_text(found, &generator->prefix, error));
    generator->parameters.context = generator->prefix;
    return VQC_OK;
}

/* The generator's own part of the configuration: `model`, or what is nested in it as a first stage. */
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

/* Finds the type, which reads the rest. */
static vqc_status generator_configure(vqc_generator *generator, const vqc_yaml_node *root, vqc_error *error)
{
    const vqc_yaml_node *model;
    const vqc_yaml_node *node;
    const char *target;
    VQC_TRY(model_find(root, &model, error));
    VQC_TRY(vqc_yaml_require(model, "target", &node, error));
    VQC_TRY(vqc_yaml_read_text(node, &target, error));
    generator->type = vqc_generator_type_of_target(target);
    if (generator->type == NULL)
        return vqc_yaml_error(
            node, error, "expected a VQModel, GumbelVQ, VQModelInterface or Net2NetTransformer, found %s", target);
    VQC_TRY(vqc_yaml_require(model, "params", &node, error));
    return generator->type->configure(generator, node, error);
}

static vqc_status config_read(vqc_generator *generator, const char *path, vqc_error *error)
{
    vqc_yaml *document;
    VQC_TRY(vqc_yaml_read(path, &document, error));
    vqc_status status = generator_configure(generator, vqc_yaml_root(document), error);
    vqc_yaml_destroy(document);
    return status;
}

static vqc_status weights_open(vqc_generator *generator, const char *path, vqc_error *error)
{
    int64_t shape[] = {generator->codes, generator->width};
    VQC_TRY(vqc_weights_open(path, &generator->weights, error));
    VQC_TRY(prefix_find(generator, error));
    return vqc_parameters_read(&generator->parameters, generator->type->codebook, 2, shape, &generator->codebook,
                               error);
}

vqc_status vqc_generator_open(const char *config_path, const char *weights_path, vqc_generator *generator_out,
                              vqc_error *error)
{
    vqc_generator generator = {0};
    vqc_status status = config_read(&generator, config_path, error);
    if (status == VQC_OK)
        status = weights_open(&generator, weights_path, error);
    if (status != VQC_OK) {
        vqc_generator_close(&generator);
        return status;
    }
    *generator_out = generator;
    return VQC_OK;
}

void vqc_generator_close(vqc_generator *generator)
{
    vqc_weights_close(generator->weights);
    free(generator->codebook);
    free(generator->own);
    free(generator->prefix);
    *generator = (vqc_generator){0};
}

void vqc_generator_limits(const vqc_generator *generator, float *lowest, float *highest)
{
    int64_t width = generator->width;
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

void vqc_generator_vectors(const vqc_generator *generator, const int32_t *codes, int64_t count, float *z)
{
    int64_t width = generator->width;
    for (int64_t i = 0; i < count; i++)
        memcpy(z + i * width, generator->codebook + codes[i] * width, (size_t)width * sizeof *z);
}

/* Adds the search for the nearest codes. */
static vqc_status quantise_add(const vqc_generator *generator, vqc_network *network, vqc_value z,
                               vqc_value *quantised, vqc_error *error)
{
    vqc_shape shape = vqc_network_shape(network, z);
    vqc_operation operation = {
        .kind = VQC_OPERATION_QUANTISE,
        .dtype = VQC_DTYPE_F32,
        .quantise = {.rows = shape.size[0] * shape.size[1] * shape.size[2],
                     .width = generator->width,
                     .entries = generator->codes,
                     .codebook = generator->codebook},
    };
    VQC_TRY(vqc_network_add(network, &operation, &z, shape, quantised, error));
    return vqc_network_keep(network, *quantised, error);
}

/* Brings a picture from its range to 0..1 and limits it there (reference: `synth`). */
static vqc_status limit_add(const vqc_generator *generator, vqc_network *network, vqc_value *picture,
                            vqc_error *error)
{
    float scale = 1.0F / (generator->picture_highest - generator->picture_lowest);
    vqc_shape shape = vqc_network_shape(network, *picture);
    vqc_operation operation = {
        .kind = VQC_OPERATION_CLAMP,
        .dtype = VQC_DTYPE_F32,
        .clamp = {.count = shape.size[0] * shape.size[1] * shape.size[2] * shape.size[3],
                  .scale = scale,
                  .shift = -generator->picture_lowest * scale},
    };
    return vqc_network_add(network, &operation, picture, shape, picture, error);
}

/* Refuses a file with more in it than its opening and one half, now built, have read; `other`: what the other half
 * owns. */
static vqc_status all_read_check(const vqc_generator *generator, const char *const *other, vqc_error *error)
{
    static const char *const everything[] = {"*", NULL};
    const vqc_unread_rule rule = {
        .family = generator->type->name,
        .prefix = generator->prefix,
        .owned = everything,
        .passed = {other, generator->type->harmless},
    };
    return vqc_unread_refuse(generator->weights, &rule, error);
}

static vqc_status decoder_add(const vqc_generator *generator, vqc_layers *layers, vqc_shape z_shape, bool limited,
                              vqc_generator_decoder *decoder, vqc_error *error)
{
    vqc_network *network = layers->network;
    vqc_value h;
    VQC_TRY(vqc_network_input(network, VQC_DTYPE_F32, z_shape, true, &decoder->z, error));
    VQC_TRY(quantise_add(generator, network, decoder->z, &decoder->quantised, error));
    VQC_TRY(vqc_layer_cast(layers, decoder->quantised, layers->dtype, &h, error));
    VQC_TRY(generator->type->decode(generator, layers, h, &h, error));
    VQC_TRY(vqc_layer_cast(layers, h, VQC_DTYPE_F32, &decoder->picture, error));
    if (limited)
        VQC_TRY(limit_add(generator, network, &decoder->picture, error));
    return vqc_network_output(network, decoder->picture, error);
}

vqc_status vqc_generator_decoder_build(const vqc_generator *generator, vqc_ops *ops, vqc_dtype precision,
                                       int64_t batch, int64_t rows, int64_t columns, bool backward, bool limited,
                                       vqc_generator_decoder *decoder_out, vqc_error *error)
{
    vqc_generator_decoder decoder = {0};
    VQC_TRY(vqc_network_create(ops, backward, &decoder.network, error));
    vqc_layers layers = {.network = decoder.network, .parameters = &generator->parameters, .dtype = precision};
    vqc_shape shape = {4, {batch, rows, columns, generator->width}};
    vqc_status status = decoder_add(generator, &layers, shape, limited, &decoder, error);
    if (status == VQC_OK)
        status = all_read_check(generator, generator->type->encoder_owned, error);
    if (status != VQC_OK) {
        vqc_network_destroy(decoder.network);
        return status;
    }
    *decoder_out = decoder;
    return VQC_OK;
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
    VQC_TRY(vqc_generator_decoder_build(generator, ops, precision, batch, rows, columns, backward, limited,
                                        decoder_out, error));
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

static vqc_status encoder_add(const vqc_generator *generator, vqc_layers *layers, vqc_shape shape,
                              vqc_generator_encoder *encoder, vqc_error *error)
{
    vqc_network *network = layers->network;
    vqc_value h;
    vqc_value latent;
    VQC_TRY(vqc_network_input(network, VQC_DTYPE_F32, shape, false, &encoder->picture, error));
    VQC_TRY(vqc_layer_cast(layers, encoder->picture, layers->dtype, &h, error));
    VQC_TRY(generator->type->encode(generator, layers, h, &h, &latent, error));
    VQC_TRY(vqc_layer_cast(layers, h, VQC_DTYPE_F32, &encoder->encoded, error));
    VQC_TRY(vqc_network_output(network, encoder->encoded, error));
    VQC_TRY(vqc_layer_cast(layers, latent, VQC_DTYPE_F32, &encoder->latent, error));
    VQC_TRY(vqc_network_output(network, encoder->latent, error));
    if (generator->type->logits == NULL)
        return quantise_add(generator, network, encoder->latent, &encoder->codes_source, error);
    VQC_TRY(generator->type->logits(generator, layers, latent, &h, error));
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
    if (status == VQC_OK)
        status = all_read_check(generator, generator->type->decoder_owned, error);
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
