#include "render/start.h"

vqc_stream vqc_start_stream(const vqc_start_site *site, int64_t item)
{
    return (vqc_stream){.seed = site->render->seed, .purpose = VQC_STREAM_INIT, .item = (uint32_t)item};
}
