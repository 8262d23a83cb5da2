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

/* That the device computes in the precision, before anything is done: what is left to do may be nothing, or much. */
static vqc_status precision_check(const vqc_compute *compute, vqc_error *error)
{
    enum { SIDE = 16 };
    static const float weight[SIDE * SIDE];
    const vqc_operation operation = {
        .kind = VQC_OPERATION_LINEAR,
        .dtype = compute->dtype,
        .linear = {.rows = SIDE, .in_width = SIDE, .out_width = SIDE, .weight = weight},
    };
    vqc_plan *plan;
    vqc_error reason;
    if (compute->dtype == VQC_DTYPE_F32)
        return VQC_OK;
    if (vqc_plan_create(compute->ops, &operation, false, &plan, &reason) != VQC_OK)
        return vqc_error_set(error, VQC_BAD_INPUT, "--precision %s: %s", vqc_dtype_name(compute->dtype),
                             reason.message);
    vqc_plan_destroy(plan);
    return VQC_OK;
}

static vqc_status device_open(vqc_compute *compute, vqc_error *error)
{
    const char *device = compute->device == NULL ? "cpu" : compute->device;
    if (strcmp(device, "auto") == 0)
        return auto_open(compute, &compute->options, error);
    return vqc_ops_create(device, &compute->options, &compute->ops, error);
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
    VQC_TRY(device_open(compute, error));
    vqc_status status = precision_check(compute, error);
    if (status != VQC_OK)
        vqc_compute_close(compute);
    return status;
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
