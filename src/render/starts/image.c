#include "image/image.h"
#include "render/start.h"

/* A picture file, resized (Lanczos). */
static vqc_status picture_read(const vqc_start_site *site, float *pixels, vqc_error *error)
{
    vqc_image image = {0};
    vqc_image resized = {0};
    VQC_TRY(vqc_image_read(site->render->settings->init.file, &image, error));
    vqc_status status = vqc_image_resize(&image, site->height, site->width, VQC_IMAGE_LANCZOS, &resized, error);
    if (status == VQC_OK)
        vqc_image_to_float(&resized, pixels);
    vqc_image_release(&image);
    vqc_image_release(&resized);
    return status;
}

const vqc_start_type vqc_start_image = {.picture = picture_read};
