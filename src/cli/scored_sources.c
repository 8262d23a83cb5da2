#include "cli/scored_sources.h"

vqc_status vqc_scored_allocate(vqc_scored *scored, size_t count, vqc_error *error)
{
    VQC_TRY(vqc_study_storage_allocate(scored->storage, count, sizeof *scored->pictures, &scored->pictures, error));
    scored->count = count;
    for (size_t i = 0; i < count; i++)
        scored->pictures[i] =
            (vqc_scored_picture){.file = "", .id = "", .prompt = "", .seed = "", .category = "", .settings = ""};
    return VQC_OK;
}
