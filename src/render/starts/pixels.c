#include "render/start.h"

/* Uniform noise. */
static vqc_status picture_draw(const vqc_start_site *site, float *pixels, vqc_error *error)
{
    (void)error;
    for (int64_t i = 0; i < site->height * site->width; i++) {
        vqc_stream stream = vqc_start_stream(site, i);
        for (int c = 0; c < 3; c++)
            pixels[3 * i + c] = (float)vqc_stream_uniform(&stream);
    }
    return VQC_OK;
}

const vqc_start_type vqc_start_pixels = {.picture = picture_draw};
