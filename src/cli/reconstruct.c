#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "cli/commands.h"
#include "cli/compute.h"
#include "cli/json_output.h"
#include "cli/tensor_file.h"
#include "image/image.h"
#include "models/generator.h"

typedef struct reconstruct_options {
    vqc_compute compute;
    const char *generator;
    const char *checkpoint;
    const char *key;
    const char *input;
    const char *output;
} reconstruct_options;

/* Makes an encoder for pictures of this shape; the time it takes counts as loading. */
static vqc_status encoder_make(reconstruct_options *options, const vqc_generator *generator, const int64_t *shape,
                               vqc_generator_encoder *encoder, vqc_error *error)
{
    double started = vqc_clock_seconds();
    VQC_TRY(vqc_generator_encoder_create(generator, options->compute.ops, options->compute.dtype, shape[0], shape[1],
                                         shape[2], encoder, error));
    options->compute.load_seconds += vqc_clock_seconds() - started;
    return VQC_OK;
}

/* The same for a decoder of latents of this shape. */
static vqc_status decoder_make(reconstruct_options *options, const vqc_generator *generator, const int64_t *shape,
                               bool backward, vqc_generator_decoder *decoder, vqc_error *error)
{
    double started = vqc_clock_seconds();
    VQC_TRY(vqc_generator_decoder_create(generator, options->compute.ops, options->compute.dtype, shape[0], shape[1],
                                         shape[2], backward, false, decoder, error));
    options->compute.load_seconds += vqc_clock_seconds() - started;
    return VQC_OK;
}

/* Reads a network's f32 value into new memory. */
static vqc_status value_read(vqc_network *network, vqc_value value, float **data_out, vqc_shape *shape_out,
                             vqc_error *error)
{
    *shape_out = vqc_network_shape(network, value);
    size_t count = 1;
    for (int i = 0; i < shape_out->rank; i++)
        count *= (size_t)shape_out->size[i];
    VQC_TRY(vqc_memory_allocate(count, sizeof **data_out, "a result", data_out, error));
    vqc_status status = vqc_network_read(network, value, *data_out, error);
    if (status != VQC_OK)
        free(*data_out);
    return status;
}

/* Adds a network's f32 value to the results. */
static vqc_status value_add(vqc_network *network, vqc_value value, const char *name, vqc_tensor_file *results,
                            vqc_error *error)
{
    float *data;
    vqc_shape shape;
    VQC_TRY(value_read(network, value, &data, &shape, error));
    vqc_status status = vqc_tensor_file_add(results, name, shape.rank, shape.size, data, error);
    free(data);
    return status;
}

/* Adds the codes that the decoder's last run chose, if it has any. */
static vqc_status decoder_codes_add(vqc_ops *ops, const vqc_generator_decoder *decoder, vqc_tensor_file *results,
                                    vqc_error *error)
{
    vqc_shape shape = vqc_network_shape(decoder->network, decoder->z);
    size_t count = (size_t)(shape.size[0] * shape.size[1] * shape.size[2]);
    int32_t *codes;
    if (!decoder->has_codes)
        return VQC_OK;
    VQC_TRY(vqc_memory_allocate(count, sizeof *codes, "codes", &codes, error));
    vqc_status status = vqc_generator_decoder_codes(ops, decoder, codes, error);
    if (status == VQC_OK)
        status = vqc_tensor_file_add_ids(results, "codes", 3, shape.size, codes, error);
    free(codes);
    return status;
}

/* z → codes, decoded; with out_weight also the gradient at z. */
static vqc_status decoder_run(reconstruct_options *options, vqc_generator_decoder *decoder, const vqc_host_tensor *z,
                              const vqc_host_tensor *out_weight, vqc_tensor_file *results, vqc_error *error)
{
    vqc_network *network = decoder->network;
    VQC_TRY(vqc_network_write(network, decoder->z, z->data, error));
    VQC_TRY(vqc_network_forward(network, error));
    VQC_TRY(decoder_codes_add(options->compute.ops, decoder, results, error));
    VQC_TRY(value_add(network, decoder->picture, "decoded", results, error));
    if (out_weight->data == NULL)
        return VQC_OK;
    vqc_shape shape = vqc_network_shape(network, decoder->picture);
    if (memcmp(shape.size, out_weight->shape, sizeof shape.size) != 0)
        return vqc_error_set(error, VQC_BAD_INPUT, "%s: tensor out_weight: expected the shape of the decoded picture",
                             options->input);
    VQC_TRY(vqc_network_gradient_write(network, decoder->picture, out_weight->data, error));
    VQC_TRY(vqc_network_backward(network, error));
    float *gradient;
    shape = vqc_network_shape(network, decoder->z);
    VQC_TRY(vqc_memory_allocate((size_t)(shape.size[0] * shape.size[1] * shape.size[2] * shape.size[3]),
                                sizeof *gradient, "a gradient", &gradient, error));
    vqc_status status = vqc_network_gradient_read(network, decoder->z, gradient, error);
    if (status == VQC_OK)
        status = vqc_tensor_file_add(results, "z_grad", 4, shape.size, gradient, error);
    free(gradient);
    return status;
}

static vqc_status latent_decode(reconstruct_options *options, const vqc_generator *generator,
                                const vqc_weights *input, vqc_tensor_file *results, vqc_error *error)
{
    vqc_host_tensor z;
    vqc_host_tensor out_weight = {0};
    vqc_generator_decoder decoder = {0};
    VQC_TRY(vqc_host_tensor_read(input, "z", 4, &z, error));
    if (z.data == NULL)
        return VQC_OK;
    vqc_status status = vqc_host_tensor_read(input, "out_weight", 4, &out_weight, error);
    if (status == VQC_OK && z.shape[3] != generator->width)
        status = vqc_error_set(error, VQC_BAD_INPUT, "%s: tensor z: expected %lld channels, found %lld",
                               options->input, (long long)generator->width, (long long)z.shape[3]);
    if (status == VQC_OK)
        status = decoder_make(options, generator, z.shape, out_weight.data != NULL, &decoder, error);
    if (status == VQC_OK)
        status = decoder_run(options, &decoder, &z, &out_weight, results, error);
    vqc_generator_decoder_destroy(&decoder);
    free(z.data);
    free(out_weight.data);
    return status;
}

/* Turns z, what the encoder made, into the rows of its codes, and tells them. */
static vqc_status codes_choose(reconstruct_options *options, const vqc_generator *generator,
                               vqc_generator_encoder *encoder, const int64_t *grid, float *z,
                               vqc_tensor_file *results, vqc_error *error)
{
    int64_t count = grid[0] * grid[1] * grid[2];
    int32_t *codes;
    VQC_TRY(vqc_memory_allocate((size_t)count, sizeof *codes, "codes", &codes, error));
    vqc_status status = vqc_generator_encoder_codes(generator, options->compute.ops, encoder, codes, error);
    if (status == VQC_OK)
        vqc_generator_vectors(generator, codes, count, z);
    if (status == VQC_OK && results != NULL)
        status = vqc_tensor_file_add_ids(results, "encoded_codes", 3, grid, codes, error);
    free(codes);
    return status;
}

static vqc_status encoder_run(reconstruct_options *options, const vqc_generator *generator,
                              vqc_generator_encoder *encoder, const float *picture, const int64_t *grid, float *z,
                              vqc_tensor_file *results, vqc_error *error)
{
    const int64_t shape[] = {grid[0], grid[1], grid[2], generator->width};
    VQC_TRY(vqc_network_write(encoder->network, encoder->picture, picture, error));
    VQC_TRY(vqc_network_forward(encoder->network, error));
    VQC_TRY(vqc_network_read(encoder->network, encoder->latent, z, error));
    if (results != NULL)
        VQC_TRY(value_add(encoder->network, encoder->encoded, "encoder_out", results, error));
    if (vqc_generator_has_codes(generator))
        return codes_choose(options, generator, encoder, grid, z, results, error);
    return results == NULL ? VQC_OK : vqc_tensor_file_add(results, "encoded_z", 4, shape, z, error);
}

/* What the decoder is given for a picture (batch, height, width, channels) in the generator's range: codebook rows,
 * or z, in new memory; with `results`, these get the encoder's output and the codes, or z. */
static vqc_status picture_encode(reconstruct_options *options, const vqc_generator *generator, const float *picture,
                                 const int64_t *shape, vqc_tensor_file *results, float **z_out, vqc_error *error)
{
    vqc_generator_encoder encoder;
    VQC_TRY(encoder_make(options, generator, shape, &encoder, error));
    int64_t grid[] = {shape[0], shape[1] / generator->factor, shape[2] / generator->factor};
    float *z = NULL;
    vqc_status status = vqc_memory_allocate((size_t)(grid[0] * grid[1] * grid[2] * generator->width), sizeof *z,
                                            "a latent", &z, error);
    if (status == VQC_OK)
        status = encoder_run(options, generator, &encoder, picture, grid, z, results, error);
    vqc_generator_encoder_destroy(&encoder);
    if (status != VQC_OK) {
        free(z);
        return status;
    }
    *z_out = z;
    return VQC_OK;
}

/* The picture of a grid of vectors, in new memory, channels last, in about the generator's range. */
static vqc_status vectors_decode(reconstruct_options *options, const vqc_generator *generator, const float *z,
                                 const int64_t *grid, float **picture_out, vqc_shape *shape_out, vqc_error *error)
{
    vqc_generator_decoder decoder;
    VQC_TRY(decoder_make(options, generator, grid, false, &decoder, error));
    vqc_status status = vqc_network_write(decoder.network, decoder.z, z, error);
    if (status == VQC_OK)
        status = vqc_network_forward(decoder.network, error);
    if (status == VQC_OK)
        status = value_read(decoder.network, decoder.picture, picture_out, shape_out, error);
    vqc_generator_decoder_destroy(&decoder);
    return status;
}

/* Encodes and decodes pictures (batch, height, width, channels), −1 to 1; the result is new memory. */
static vqc_status picture_reconstruct(reconstruct_options *options, const vqc_generator *generator,
                                      const float *picture, const int64_t *shape, vqc_tensor_file *results,
                                      float **picture_out, vqc_shape *shape_out, vqc_error *error)
{
    float *z;
    VQC_TRY(picture_encode(options, generator, picture, shape, results, &z, error));
    int64_t grid[] = {shape[0], shape[1] / generator->factor, shape[2] / generator->factor};
    vqc_status status = vectors_decode(options, generator, z, grid, picture_out, shape_out, error);
    free(z);
    return status;
}

/* image → encoder_out, encoded_codes or encoded_z, reconstruction. */
static vqc_status image_reconstruct(reconstruct_options *options, const vqc_generator *generator,
                                    const vqc_weights *input, vqc_tensor_file *results, vqc_error *error)
{
    vqc_host_tensor image;
    VQC_TRY(vqc_host_tensor_read(input, "image", 4, &image, error));
    if (image.data == NULL)
        return VQC_OK;
    float *picture = NULL;
    vqc_shape shape;
    vqc_status status = VQC_OK;
    if (image.shape[3] != 3)
        status = vqc_error_set(error, VQC_BAD_INPUT, "%s: tensor image: expected 3 channels, found %lld",
                               options->input, (long long)image.shape[3]);
    if (status == VQC_OK)
        status = picture_reconstruct(options, generator, image.data, image.shape, results, &picture, &shape, error);
    if (status == VQC_OK)
        status = vqc_tensor_file_add(results, "reconstruction", 4, shape.size, picture, error);
    free(image.data);
    free(picture);
    return status;
}

static vqc_status tensors_reconstruct(reconstruct_options *options, const vqc_generator *generator, vqc_error *error)
{
    vqc_weights *input;
    vqc_tensor_file results = {0};
    VQC_TRY(vqc_weights_open(options->input, &input, error));
    vqc_status status = latent_decode(options, generator, input, &results, error);
    if (status == VQC_OK)
        status = image_reconstruct(options, generator, input, &results, error);
    vqc_weights_close(input);
    if (status == VQC_OK && results.count == 0)
        status = vqc_error_set(error, VQC_BAD_INPUT, "%s: expected a tensor z or image", options->input);
    if (status == VQC_OK)
        status = vqc_weights_write(options->output, results.sources, results.count, error);
    vqc_tensor_file_release(&results);
    return status;
}

/* Bytes to −1..1 and back. */
static vqc_status file_reconstruct_cropped(reconstruct_options *options, const vqc_generator *generator,
                                           vqc_image *image, vqc_error *error)
{
    int64_t shape[] = {1, image->height, image->width, 3};
    size_t count = (size_t)image->height * (size_t)image->width * 3;
    float *pixels;
    float *picture = NULL;
    vqc_shape out_shape;
    VQC_TRY(vqc_memory_allocate(count, sizeof *pixels, "a picture", &pixels, error));
    vqc_image_to_float(image, pixels);
    vqc_generator_pixels_to_range(generator, pixels, (int64_t)count);
    vqc_status status = picture_reconstruct(options, generator, pixels, shape, NULL, &picture, &out_shape, error);
    if (status == VQC_OK) {
        vqc_generator_pixels_from_range(generator, picture, (int64_t)count);
        vqc_image_from_float(picture, image);
        status = vqc_image_write_png(options->output, image, NULL, 0, error);
    }
    free(pixels);
    free(picture);
    return status;
}

/* A picture file to a picture file; what exceeds a multiple of the factor is cut off evenly. */
static vqc_status file_reconstruct(reconstruct_options *options, const vqc_generator *generator, const char *path,
                                   vqc_error *error)
{
    vqc_image image;
    VQC_TRY(vqc_image_read(path, &image, error));
    int64_t height = image.height / generator->factor * generator->factor;
    int64_t width = image.width / generator->factor * generator->factor;
    vqc_status status = VQC_OK;
    if (height == 0 || width == 0)
        status = vqc_error_set(error, VQC_BAD_INPUT, "%s: expected at least %lld × %lld pixels, found %lld × %lld",
                               path, (long long)generator->factor, (long long)generator->factor,
                               (long long)image.width, (long long)image.height);
    if (status == VQC_OK)
        status = vqc_image_crop(&image, (image.height - height) / 2, (image.width - width) / 2, height, width, error);
    if (status == VQC_OK)
        status = file_reconstruct_cropped(options, generator, &image, error);
    vqc_image_release(&image);
    return status;
}

static vqc_status options_check(const reconstruct_options *options, const vqc_text_list *operands, vqc_error *error)
{
    if (options->checkpoint == NULL || options->output == NULL)
        return vqc_error_set(error, VQC_BAD_INPUT, "reconstruct: --checkpoint and --output are needed");
    if ((options->input == NULL) == (operands->count == 0))
        return vqc_error_set(error, VQC_BAD_INPUT, "reconstruct: expected either a picture or --input");
    return VQC_OK;
}

static vqc_status model_reconstruct(reconstruct_options *options, const vqc_text_list *operands, vqc_error *error)
{
    VQC_TRY(options_check(options, operands, error));
    VQC_TRY(vqc_compute_open(&options->compute, error));
    vqc_generator generator;
    VQC_TRY(vqc_generator_open_key(options->generator, options->checkpoint, options->key, &generator, error));
    options->compute.load_seconds = vqc_clock_seconds() - options->compute.started;
    vqc_status status = operands->count == 0 ? tensors_reconstruct(options, &generator, error)
                                             : file_reconstruct(options, &generator, operands->items[0], error);
    vqc_generator_close(&generator);
    VQC_TRY(status);
    if (!options->compute.json)
        return VQC_OK;
    json_t *report = json_object();
    vqc_json_add_compute(report, &options->compute);
    return vqc_json_print(report, error);
}

static vqc_status reconstruct_run(void *context, const vqc_text_list *operands, vqc_error *error)
{
    reconstruct_options *options = context;
    vqc_status status = model_reconstruct(options, operands, error);
    vqc_compute_close(&options->compute);
    return status;
}

static const vqc_option table[] = {
    {.name = "--generator",
     .value = "FILE",
     .help = "its configuration, YAML or config.json; without it what lies beside the weights, if any",
     VQC_OPTION_MEMBER(reconstruct_options, generator)},
    {.name = "--checkpoint",
     .value = "FILE",
     .help = "its weights",
     VQC_OPTION_MEMBER(reconstruct_options, checkpoint)},
    {.name = "--key",
     .value = "NAME",
     .help = "which model of a file that holds two",
     VQC_OPTION_MEMBER(reconstruct_options, key)},
    {.name = "-o, --output",
     .value = "FILE",
     .help = "the PNG, or with --input the tensors, to write",
     VQC_OPTION_MEMBER(reconstruct_options, output)},
    {.name = "--input",
     .value = "FILE",
     .help = "safetensors with z, out_weight, image instead of a picture",
     VQC_OPTION_MEMBER(reconstruct_options, input)},
    VQC_COMPUTE_OPTIONS(reconstruct_options, "cpu", "f32"),
};

const vqc_command vqc_command_reconstruct = {
    .name = "reconstruct",
    .summary = "a picture through the generator's encoder and decoder",
    .usage = "vqclip reconstruct [--generator YAML] --checkpoint FILE IN.png -o OUT.png",
    .about = "Encodes a picture to codes and decodes them again: the best that the generator can draw of it. One\n"
             "without a codebook decodes the mean that its encoder gives.\n"
             "With --input, reads z, out_weight and image and writes codes, decoded, z_grad, encoder_out,\n"
             "encoded_codes (encoded_z without a codebook) and reconstruction.",
    .options = table,
    .option_count = sizeof table / sizeof table[0],
    .operand_maximum = 1,
    .options_size = sizeof(reconstruct_options),
    .run = reconstruct_run,
};
