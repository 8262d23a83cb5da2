#include "render/start.h"

static vqc_status codes_draw(const vqc_start_site *site, int32_t *codes, vqc_error *error)
{
    (void)error;
    for (int64_t i = 0; i < site->rows * site->columns; i++) {
        vqc_stream stream = vqc_start_stream(site, i);
        codes[i] = (int32_t)vqc_stream_integer(&stream, site->generator->codes);
    }
    return VQC_OK;
}

const vqc_start_type vqc_start_random = {.codes = codes_draw};
