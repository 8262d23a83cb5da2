#include "cli/compute.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/visible.h"

/* Opens cuda, or cpu where that cannot be opened. */
static vqc_status auto_open(vqc_compute *compute, const vqc_ops_options *options, vqc_error *error)
{
    vqc_error reason = {0};
    vqc_ops_identity identity;
    if (vqc_ops_create("cuda", options, &compute->ops, &reason) != VQC_OK) {
        if (!compute->quiet)
            vqc_print(stderr, "vqclip: computing on the cpu (%s)\n", reason.message);
        return vqc_ops_create("cpu", options, &compute->ops, error);
    }
    vqc_ops_identify(compute->ops, &identity);
    if (!compute->quiet)
        vqc_print(stderr, "vqclip: computing on cuda (%s, %s)\n", identity.name, identity.pci_id);
    return VQC_OK;
}

vqc_status vqc_compute_open(vqc_compute *compute, vqc_error *error)
{
    const char *precision = compute->precision == NULL ? "f32" : compute->precision;
    bool tf32 = strcmp(precision, "tf32") == 0;
    if (strcmp(precision, "f32") == 0 || tf32)
        compute->dtype = VQC_DTYPE_F32;
    else if (strcmp(precision, "bf16") == 0)
        compute->dtype = VQC_DTYPE_BF16;
    else
        return vqc_error_set(error, VQC_BAD_INPUT, "--precision %s: expected f32, tf32 or bf16", precision);
    if (compute->threads > 4096)
        return vqc_error_set(error, VQC_BAD_INPUT, "--threads %ld: expected at most 4096", compute->threads);
    compute->started = vqc_clock_seconds();
    compute->options = (vqc_ops_options){.threads = (int)compute->threads,
                                         .device = compute->device_number,
                                         .tf32 = tf32,
                                         .shared = compute->share_device};
    const char *device = compute->device == NULL ? "cpu" : compute->device;
    if (strcmp(device, "auto") == 0)
        return auto_open(compute, &compute->options, error);
    return vqc_ops_create(device, &compute->options, &compute->ops, error);
}

vqc_status vqc_compute_open_beside(const vqc_compute *compute, vqc_ops **ops_out, vqc_error *error)
{
    return vqc_ops_create(vqc_ops_name(compute->ops), &compute->options, ops_out, error);
}

void vqc_compute_close(vqc_compute *compute)
{
    vqc_ops_destroy(compute->ops);
    compute->ops = NULL;
}
