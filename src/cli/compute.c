#include "cli/compute.h"

#include <string.h>

#include "base/clock.h"

vqc_status vqc_compute_open(vqc_compute *compute, vqc_error *error)
{
    const char *precision = compute->precision == NULL ? "f32" : compute->precision;
    if (strcmp(precision, "f32") == 0)
        compute->dtype = VQC_DTYPE_F32;
    else if (strcmp(precision, "bf16") == 0)
        compute->dtype = VQC_DTYPE_BF16;
    else
        return vqc_error_set(error, VQC_BAD_INPUT, "--precision %s: expected f32 or bf16", precision);
    if (compute->threads > 4096)
        return vqc_error_set(error, VQC_BAD_INPUT, "--threads %ld: expected at most 4096", compute->threads);
    compute->started = vqc_clock_seconds();
    vqc_ops_options options = {.threads = (int)compute->threads};
    return vqc_ops_create(compute->device == NULL ? "cpu" : compute->device, &options, &compute->ops, error);
}

void vqc_compute_close(vqc_compute *compute)
{
    vqc_ops_destroy(compute->ops);
    compute->ops = NULL;
}
