#include "render/start.h"

vqc_stream vqc_start_stream(const vqc_start_site *site, int64_t item)
{
    return (vqc_stream){.seed = site->render->seed, .purpose = VQC_STREAM_INIT, .item = (uint32_t)item};
}

void vqc_start_noise(const vqc_start_site *site, double share, float *pixels)
{
    for (int64_t i = 0; i < site->height * site->width; i++) {
        vqc_stream stream = vqc_start_stream(site, i);
        for (int c = 0; c < 3; c++) {
            float *number = &pixels[3 * i + c];
            *number = (float)((1.0 - share) * (double)*number + share * vqc_stream_uniform(&stream));
        }
    }
}
