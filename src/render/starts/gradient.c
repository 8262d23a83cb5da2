#include "render/start.h"

/* For each channel a slope from one random value to another, along x or along y. */
static vqc_status picture_draw(const vqc_start_site *site, float *pixels, vqc_error *error)
{
    (void)error;
    double height = (double)site->height;
    double width = (double)site->width;
    for (int c = 0; c < 3; c++) {
        vqc_stream stream = vqc_start_stream(site, c);
        double from = vqc_stream_uniform(&stream);
        double to = vqc_stream_uniform(&stream);
        bool along_x = vqc_stream_uniform(&stream) < 0.5;
        for (int64_t y = 0; y < site->height; y++)
            for (int64_t x = 0; x < site->width; x++) {
                double place = along_x ? ((double)x + 0.5) / width : ((double)y + 0.5) / height;
                pixels[3 * (y * site->width + x) + c] = (float)(from + (to - from) * place);
            }
    }
    return VQC_OK;
}

const vqc_start_type vqc_start_gradient = {.picture = picture_draw};
