#include <stdlib.h>

#include "base/memory.h"
#include "render/start.h"

/* Limits wide codes to those of the codebook. */
static vqc_status codes_check(const vqc_start_site *site, const int64_t *wide, int64_t count, int32_t *codes,
                              vqc_error *error)
{
    const vqc_init *init = &site->render->settings->init;
    for (int64_t i = 0; i < count; i++) {
        if (wide[i] < 0 || wide[i] >= site->generator->codes)
            return vqc_error_set(error, VQC_BAD_INPUT, "%s: tensor %s: code %lld, the codebook has 0 to %lld",
                                 init->file, init->tensor, (long long)wide[i], (long long)site->generator->codes - 1);
        codes[i] = (int32_t)wide[i];
    }
    return VQC_OK;
}

/* Reads codes from a tensor of the right number of whole numbers. */
static vqc_status tensor_read(const vqc_start_site *site, const vqc_weights *weights, int32_t *codes,
                              vqc_error *error)
{
    const vqc_init *init = &site->render->settings->init;
    const vqc_weights_tensor *tensor = vqc_weights_find(weights, init->tensor);
    if (tensor == NULL)
        return vqc_error_set(error, VQC_BAD_INPUT, "%s: tensor %s is missing", init->file, init->tensor);
    int64_t count = site->rows * site->columns;
    if (tensor->rank < 2 || tensor->count != count || tensor->shape[tensor->rank - 1] != site->columns)
        return vqc_error_set(error, VQC_BAD_INPUT, "%s: tensor %s: expected %lld × %lld codes, found %lld elements",
                             init->file, init->tensor, (long long)site->rows, (long long)site->columns,
                             (long long)tensor->count);
    int64_t *wide;
    VQC_TRY(vqc_memory_allocate((size_t)count, sizeof *wide, "codes", &wide, error));
    vqc_status status = vqc_weights_read_i64(weights, tensor, wide, error);
    if (status == VQC_OK)
        status = codes_check(site, wide, count, codes, error);
    free(wide);
    return status;
}

static vqc_status codes_read(const vqc_start_site *site, int32_t *codes, vqc_error *error)
{
    vqc_weights *weights;
    VQC_TRY(vqc_weights_open(site->render->settings->init.file, &weights, error));
    vqc_status status = tensor_read(site, weights, codes, error);
    vqc_weights_close(weights);
    return status;
}

const vqc_start_type vqc_start_codes = {.codes = codes_read};
