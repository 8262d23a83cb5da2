#include "render/init.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "render/start.h"

/* One for every row of inits.def: a row without its file in render/starts/ does not link. */
static const vqc_start_type *const types[VQC_INIT_COUNT] = {
#define VQC_INIT(kind, identifier) [VQC_INIT_##kind] = &vqc_start_##identifier,
#include "study/inits.def"
};

bool vqc_init_is_encoded(const vqc_settings *settings)
{
    return types[settings->init.kind]->picture != NULL;
}

/* The codebook rows of the codes that a start makes. */
static vqc_status codes_latent(const vqc_start_type *type, const vqc_start_site *site, float *z, vqc_error *error)
{
    int64_t count = site->rows * site->columns;
    int64_t width = site->vqgan->config.embed_width;
    int32_t *codes;
    VQC_TRY(vqc_memory_allocate((size_t)count, sizeof *codes, "codes", &codes, error));
    vqc_status status = type->codes(site, codes, error);
    for (int64_t i = 0; status == VQC_OK && i < count; i++)
        memcpy(z + i * width, site->vqgan->codebook + codes[i] * width, (size_t)width * sizeof *z);
    free(codes);
    return status;
}

/* Encodes pixels, 0 to 1, which are changed. */
static vqc_status pixels_encode(const vqc_start_site *site, vqc_ops *ops, vqc_dtype precision, float *pixels,
                                float *z, vqc_error *error)
{
    vqc_vqgan_encoder encoder;
    for (int64_t i = 0; i < 3 * site->height * site->width; i++)
        pixels[i] = 2.0F * pixels[i] - 1.0F;
    VQC_TRY(vqc_vqgan_encoder_create(site->vqgan, ops, precision, 1, site->height, site->width, &encoder, error));
    vqc_status status = vqc_network_write(encoder.network, encoder.picture, pixels, error);
    if (status == VQC_OK)
        status = vqc_network_forward(encoder.network, error);
    if (status == VQC_OK)
        status = vqc_network_read(encoder.network, encoder.latent, z, error);
    vqc_vqgan_encoder_destroy(&encoder);
    return status;
}

static vqc_status picture_latent(const vqc_start_type *type, const vqc_start_site *site, vqc_ops *ops,
                                 vqc_dtype precision, float *z, vqc_error *error)
{
    float *pixels;
    size_t count = (size_t)(3 * site->height * site->width);
    VQC_TRY(vqc_memory_allocate(count, sizeof *pixels, "a picture", &pixels, error));
    vqc_status status = type->picture(site, pixels, error);
    if (status == VQC_OK)
        status = pixels_encode(site, ops, precision, pixels, z, error);
    free(pixels);
    return status;
}

vqc_status vqc_init_latent(const vqc_vqgan *vqgan, vqc_ops *ops, vqc_dtype precision, const vqc_render *render,
                           int64_t rows, int64_t columns, float *z, vqc_error *error)
{
    const vqc_start_type *type = types[render->settings.init.kind];
    const vqc_start_site site = {vqgan, render, rows, columns, rows * vqgan->factor, columns * vqgan->factor};
    if (type->latent != NULL)
        return type->latent(&site, z, error);
    if (type->codes != NULL)
        return codes_latent(type, &site, z, error);
    return picture_latent(type, &site, ops, precision, z, error);
}
