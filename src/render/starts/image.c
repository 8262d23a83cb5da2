#include "image/image.h"
#include "render/start.h"

/* A picture file, brought to the size (Lanczos). */
static vqc_status picture_read(const vqc_start_site *site, float *pixels, vqc_error *error)
{
    vqc_image image = {0};
    VQC_TRY(vqc_image_read(site->render->settings->init.file, &image, error));
    vqc_status status =
        vqc_image_fit_to(&image, site->height, site->width, site->render->settings->fit, VQC_IMAGE_LANCZOS, error);
    if (status == VQC_OK)
        vqc_image_to_float(&image, pixels);
    vqc_image_release(&image);
    return status;
}

/* Noise over it, as the multi-perceptor tool lays a picture of less than full opacity on one of noise. */
static void picture_disturb(const vqc_start_site *site, float *pixels)
{
    const double share = site->render->settings->init.noise;
    if (share > 0.0)
        vqc_start_noise(site, share, pixels);
}

const vqc_start_type vqc_start_image = {.picture = picture_read, .disturb = picture_disturb};
