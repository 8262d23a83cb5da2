#include "render/init.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "models/generators.h"
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

bool vqc_init_needs_encoder(const vqc_settings *settings)
{
    return vqc_init_is_encoded(settings) || settings->motion_every > 0;
}

vqc_status vqc_init_check(const vqc_generator *generator, const vqc_render *render, vqc_error *error)
{
    const vqc_start_type *type = types[render->settings->init.kind];
    if (type->codes == NULL || type->without_codes != NULL || vqc_generator_has_codes(generator))
        return VQC_OK;
    return vqc_error_set(error, VQC_BAD_INPUT, "prompt %s: init: codes of a codebook, which an %s (%s) does not have",
                         render->prompt->id, generator->type->name, vqc_weights_path(generator->weights));
}

/* The codebook rows of the codes that a start makes. */
static vqc_status codes_latent(const vqc_start_type *type, const vqc_start_site *site, float *z, vqc_error *error)
{
    int64_t count = site->rows * site->columns;
    int32_t *codes;
    VQC_TRY(vqc_memory_allocate((size_t)count, sizeof *codes, "codes", &codes, error));
    vqc_status status = type->codes(site, codes, error);
    if (status == VQC_OK)
        vqc_generator_vectors(site->generator, codes, count, z);
    free(codes);
    return status;
}

vqc_status vqc_init_encode(const vqc_generator *generator, vqc_ops *ops, vqc_dtype precision, int64_t rows,
                           int64_t columns, float *pixels, float *z, vqc_error *error)
{
    const int64_t height = rows * generator->factor;
    const int64_t width = columns * generator->factor;
    vqc_generator_encoder encoder;
    vqc_generator_pixels_to_range(generator, pixels, 3 * height * width);
    VQC_TRY(vqc_generator_encoder_create(generator, ops, precision, 1, height, width, &encoder, error));
    vqc_status status = vqc_network_write(encoder.network, encoder.picture, pixels, error);
    if (status == VQC_OK)
        status = vqc_network_forward(encoder.network, error);
    if (status == VQC_OK)
        status = vqc_network_read(encoder.network, encoder.latent, z, error);
    if (status == VQC_OK)
        (void)vqc_generator_vectors_settle(generator, z, rows * columns);
    vqc_generator_encoder_destroy(&encoder);
    return status;
}

static vqc_status picture_latent(const vqc_start_type *type, const vqc_start_site *site, vqc_ops *ops,
                                 vqc_dtype precision, float *z, vqc_error *error)
{
    float *pixels;
    size_t count = (size_t)(3 * site->height * site->width);
    VQC_TRY(vqc_memory_allocate(count, sizeof *pixels, "a picture", &pixels, error));
    vqc_status status = type->picture(site, pixels, error);
    if (status == VQC_OK && type->disturb != NULL)
        type->disturb(site, pixels);
    if (status == VQC_OK)
        status = vqc_init_encode(site->generator, ops, precision, site->rows, site->columns, pixels, z, error);
    free(pixels);
    return status;
}

vqc_status vqc_init_picture(const vqc_generator *generator, const vqc_render *render, int64_t rows, int64_t columns,
                            float *pixels, vqc_error *error)
{
    const vqc_start_type *type = types[render->settings->init.kind];
    const vqc_start_site site = {.generator = generator,
                                 .render = render,
                                 .rows = rows,
                                 .columns = columns,
                                 .height = rows * generator->factor,
                                 .width = columns * generator->factor};
    if (type->picture == NULL)
        return vqc_error_set(error, VQC_FAILED, "render %lld does not start from a picture",
                             (long long)render->number);
    return type->picture(&site, pixels, error);
}

vqc_status vqc_init_latent(const vqc_generator *generator, vqc_ops *ops, vqc_dtype precision,
                           const vqc_render *render, const vqc_archive *archive, int64_t rows, int64_t columns,
                           float *z, vqc_error *error)
{
    const vqc_start_type *type = types[render->settings->init.kind];
    const vqc_start_site site = {.generator = generator,
                                 .render = render,
                                 .rows = rows,
                                 .columns = columns,
                                 .height = rows * generator->factor,
                                 .width = columns * generator->factor,
                                 .archive = archive};
    VQC_TRY(vqc_init_check(generator, render, error));
    if (type->latent != NULL)
        return type->latent(&site, z, error);
    if (type->codes != NULL && !vqc_generator_has_codes(generator))
        return type->without_codes(&site, z, error);
    if (type->codes != NULL)
        return codes_latent(type, &site, z, error);
    return picture_latent(type, &site, ops, precision, z, error);
}
