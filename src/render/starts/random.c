#include "render/start.h"

/* A code of each cell. */
static vqc_status codes_draw(const vqc_start_site *site, int32_t *codes, vqc_error *error)
{
    (void)error;
    for (int64_t i = 0; i < site->rows * site->columns; i++) {
        vqc_stream stream = vqc_start_stream(site, i);
        codes[i] = (int32_t)vqc_stream_integer(&stream, site->generator->codes);
    }
    return VQC_OK;
}

/* Without a codebook: normal numbers with the mean and deviation that the generator's latents have. */
static vqc_status latent_draw(const vqc_start_site *site, float *z, vqc_error *error)
{
    const vqc_generator *generator = site->generator;
    (void)error;
    for (int64_t cell = 0; cell < site->rows * site->columns; cell++) {
        vqc_stream stream = vqc_start_stream(site, cell);
        for (int64_t i = 0; i < generator->width; i++)
            z[cell * generator->width + i] =
                (float)((double)generator->z_middle + (double)generator->z_unit * vqc_stream_normal(&stream));
    }
    return VQC_OK;
}

const vqc_start_type vqc_start_random = {.codes = codes_draw, .without_codes = latent_draw};
