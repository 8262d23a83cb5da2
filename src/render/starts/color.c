#include "render/start.h"

/* One colour everywhere. */
static vqc_status picture_fill(const vqc_start_site *site, float *pixels, vqc_error *error)
{
    (void)error;
    const vqc_init *init = &site->render->settings->init;
    for (int64_t i = 0; i < site->height * site->width; i++) {
        pixels[3 * i] = (float)init->red;
        pixels[3 * i + 1] = (float)init->green;
        pixels[3 * i + 2] = (float)init->blue;
    }
    return VQC_OK;
}

const vqc_start_type vqc_start_color = {.picture = picture_fill};
