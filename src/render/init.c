#include "render/init.h"

#include <stdlib.h>
#include <string.h>

#include "archive/archive.h"
#include "base/memory.h"
#include "base/stream.h"
#include "image/image.h"

/* Copies the codebook rows of the codes. */
static void codes_to_latent(const vqc_vqgan *vqgan, const int32_t *codes, int64_t count, float *z)
{
    int64_t width = vqgan->config.embed_width;
    for (int64_t i = 0; i < count; i++)
        memcpy(z + i * width, vqgan->codebook + codes[i] * width, (size_t)width * sizeof *z);
}

static vqc_stream init_stream(const vqc_render *render, uint32_t item)
{
    return (vqc_stream){.seed = render->seed, .purpose = VQC_STREAM_INIT, .item = item};
}

static void random_codes(const vqc_vqgan *vqgan, const vqc_render *render, int64_t count, int32_t *codes)
{
    for (int64_t i = 0; i < count; i++) {
        vqc_stream stream = init_stream(render, (uint32_t)i);
        codes[i] = (int32_t)vqc_stream_integer(&stream, vqgan->config.codes);
    }
}

/* Reads codes from a tensor of the right number of whole numbers within the codebook. */
static vqc_status codes_read(const vqc_vqgan *vqgan, const vqc_init *init, int64_t rows, int64_t columns,
                             const vqc_weights *weights, int32_t *codes, vqc_error *error)
{
    const vqc_weights_tensor *tensor = vqc_weights_find(weights, init->tensor);
    if (tensor == NULL)
        return vqc_error_set(error, VQC_BAD_INPUT, "%s: tensor %s is missing", init->file, init->tensor);
    int64_t count = rows * columns;
    if (tensor->rank < 2 || tensor->count != count || tensor->shape[tensor->rank - 1] != columns)
        return vqc_error_set(error, VQC_BAD_INPUT, "%s: tensor %s: expected %lld × %lld codes, found %lld elements",
                             init->file, init->tensor, (long long)rows, (long long)columns, (long long)tensor->count);
    int64_t *wide;
    VQC_TRY(vqc_memory_allocate((size_t)count, sizeof *wide, "codes", &wide, error));
    vqc_status status = vqc_weights_read_i64(weights, tensor, wide, error);
    for (int64_t i = 0; status == VQC_OK && i < count; i++) {
        if (wide[i] < 0 || wide[i] >= vqgan->config.codes)
            status = vqc_error_set(error, VQC_BAD_INPUT, "%s: tensor %s: code %lld, the codebook has 0 to %lld",
                                   init->file, init->tensor, (long long)wide[i], (long long)vqgan->config.codes - 1);
        else
            codes[i] = (int32_t)wide[i];
    }
    free(wide);
    return status;
}

static vqc_status given_codes(const vqc_vqgan *vqgan, const vqc_init *init, int64_t rows, int64_t columns,
                              int32_t *codes, vqc_error *error)
{
    vqc_weights *weights;
    VQC_TRY(vqc_weights_open(init->file, &weights, error));
    vqc_status status = codes_read(vqgan, init, rows, columns, weights, codes, error);
    vqc_weights_close(weights);
    return status;
}

/* Uniform noise. */
static void pixels_fill(const vqc_render *render, int64_t height, int64_t width, float *pixels)
{
    for (int64_t i = 0; i < height * width; i++) {
        vqc_stream stream = init_stream(render, (uint32_t)i);
        for (int c = 0; c < 3; c++)
            pixels[3 * i + c] = (float)vqc_stream_uniform(&stream);
    }
}

/* For each channel a slope from one random value to another, along x or along y. */
static void gradient_fill(const vqc_render *render, int64_t height, int64_t width, float *pixels)
{
    for (int c = 0; c < 3; c++) {
        vqc_stream stream = init_stream(render, (uint32_t)c);
        double from = vqc_stream_uniform(&stream);
        double to = vqc_stream_uniform(&stream);
        bool along_x = vqc_stream_uniform(&stream) < 0.5;
        for (int64_t y = 0; y < height; y++)
            for (int64_t x = 0; x < width; x++) {
                double place = along_x ? ((double)x + 0.5) / (double)width : ((double)y + 0.5) / (double)height;
                pixels[3 * (y * width + x) + c] = (float)(from + (to - from) * place);
            }
    }
}

/* Reads the picture and resizes it (Lanczos). */
static vqc_status picture_fill(const char *path, int64_t height, int64_t width, float *pixels, vqc_error *error)
{
    vqc_image image = {0};
    vqc_image resized = {0};
    VQC_TRY(vqc_image_read(path, &image, error));
    vqc_status status = vqc_image_resize(&image, height, width, VQC_IMAGE_LANCZOS, &resized, error);
    if (status == VQC_OK)
        vqc_image_to_float(&resized, pixels);
    vqc_image_release(&image);
    vqc_image_release(&resized);
    return status;
}

static vqc_status start_picture(const vqc_render *render, int64_t height, int64_t width, float *pixels,
                                vqc_error *error)
{
    switch (render->settings.init.kind) {
    case VQC_INIT_PIXELS:
        pixels_fill(render, height, width, pixels);
        return VQC_OK;
    case VQC_INIT_GRADIENT:
        gradient_fill(render, height, width, pixels);
        return VQC_OK;
    case VQC_INIT_IMAGE:
        return picture_fill(render->settings.init.file, height, width, pixels, error);
    default:
        return vqc_error_set(error, VQC_FAILED, "render %lld: cannot start from this", (long long)render->number);
    }
}

/* Encodes pixels, 0 to 1, which are changed. */
static vqc_status pixels_encode(const vqc_vqgan *vqgan, vqc_ops *ops, vqc_dtype precision, int64_t height,
                                int64_t width, float *pixels, float *z, vqc_error *error)
{
    vqc_vqgan_encoder encoder;
    for (int64_t i = 0; i < 3 * height * width; i++)
        pixels[i] = 2.0F * pixels[i] - 1.0F;
    VQC_TRY(vqc_vqgan_encoder_create(vqgan, ops, precision, 1, height, width, &encoder, error));
    vqc_status status = vqc_network_write(encoder.network, encoder.picture, pixels, error);
    if (status == VQC_OK)
        status = vqc_network_forward(encoder.network, error);
    if (status == VQC_OK)
        status = vqc_network_read(encoder.network, encoder.latent, z, error);
    vqc_vqgan_encoder_destroy(&encoder);
    return status;
}

static vqc_status picture_latent(const vqc_vqgan *vqgan, vqc_ops *ops, vqc_dtype precision, const vqc_render *render,
                                 int64_t rows, int64_t columns, float *z, vqc_error *error)
{
    int64_t height = rows * vqgan->factor;
    int64_t width = columns * vqgan->factor;
    float *pixels;
    VQC_TRY(vqc_memory_allocate((size_t)(3 * height * width), sizeof *pixels, "a picture", &pixels, error));
    vqc_status status = start_picture(render, height, width, pixels, error);
    if (status == VQC_OK)
        status = pixels_encode(vqgan, ops, precision, height, width, pixels, z, error);
    free(pixels);
    return status;
}

/* Copies the latent of another archive's finished render, which must have this size. */
static vqc_status archive_latent_read(const vqc_archive *archive, const vqc_init *init, int64_t rows, int64_t columns,
                                      int64_t width, float *z, vqc_error *error)
{
    const vqc_archive_outline *plan = vqc_archive_outline_of(archive);
    vqc_archive_state state;
    if (init->render >= (int64_t)plan->render_count)
        return vqc_error_set(error, VQC_BAD_INPUT, "%s: expected a render from 0 to %zu, found %lld", init->file,
                             plan->render_count - 1, (long long)init->render);
    size_t number = (size_t)init->render;
    const vqc_archive_extents *shape = &plan->shapes[plan->renders[number].shape];
    if (shape->latent_rows != rows || shape->latent_columns != columns || shape->latent_width != width)
        return vqc_error_set(
            error, VQC_BAD_INPUT,
            "%s: render %zu: expected a latent of %lld × %lld cells of width %lld, found %u × %u of %u", init->file,
            number, (long long)rows, (long long)columns, (long long)width, shape->latent_rows, shape->latent_columns,
            shape->latent_width);
    VQC_TRY(vqc_archive_state_read(archive, number, &state, error));
    if (state != VQC_ARCHIVE_DONE)
        return vqc_error_set(error, VQC_BAD_INPUT, "%s: render %zu is not finished", init->file, number);
    return vqc_archive_latent_read(archive, number, z, error);
}

static vqc_status archive_latent(const vqc_init *init, int64_t rows, int64_t columns, int64_t width, float *z,
                                 vqc_error *error)
{
    vqc_archive *archive;
    VQC_TRY(vqc_archive_open(init->file, &archive, error));
    vqc_status status = archive_latent_read(archive, init, rows, columns, width, z, error);
    vqc_archive_close(archive);
    return status;
}

vqc_status vqc_init_latent(const vqc_vqgan *vqgan, vqc_ops *ops, vqc_dtype precision, const vqc_render *render,
                           int64_t rows, int64_t columns, float *z, vqc_error *error)
{
    const vqc_init *init = &render->settings.init;
    if (init->kind == VQC_INIT_LATENT)
        return archive_latent(init, rows, columns, vqgan->config.embed_width, z, error);
    if (init->kind != VQC_INIT_RANDOM && init->kind != VQC_INIT_CODES)
        return picture_latent(vqgan, ops, precision, render, rows, columns, z, error);
    int32_t *codes;
    vqc_status status = VQC_OK;
    VQC_TRY(vqc_memory_allocate((size_t)(rows * columns), sizeof *codes, "codes", &codes, error));
    if (init->kind == VQC_INIT_RANDOM)
        random_codes(vqgan, render, rows * columns, codes);
    else
        status = given_codes(vqgan, init, rows, columns, codes, error);
    if (status == VQC_OK)
        codes_to_latent(vqgan, codes, rows * columns, z);
    free(codes);
    return status;
}
