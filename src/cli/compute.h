#ifndef VQC_CLI_COMPUTE_H
#define VQC_CLI_COMPUTE_H

#include "base/dtype.h"
#include "base/status.h"
#include "cli/arguments.h"
#include "ops/ops.h"

/* The device that a command computes with, as its options say, and the time it takes. */
typedef struct vqc_compute {
    const char *device;    /* --device */
    const char *precision; /* --precision */
    long threads;          /* --threads */
    int device_number;     /* cuda: which of the devices that the process sees; its rank among those of its host */
    bool share_device;     /* cuda: several ranks may compute on one device */
    bool quiet;            /* does not say what --device auto chose */
    bool json;             /* --json */
    vqc_ops *ops;
    vqc_ops_options options; /* that it was opened with */
    vqc_dtype dtype;
    double started;      /* seconds, some clock */
    double load_seconds; /* spent on opening models and making networks */
} vqc_compute;

/* The rows of an option table for the member `compute` of the command's options, with the device and the precision
 * where none is given. */
#define VQC_COMPUTE_OPTIONS(options, usual_device, usual_precision)                                                  \
    {.name = "--device",                                                                                             \
     .value = "NAME",                                                                                                \
     .usual = (usual_device),                                                                                        \
     .help = "ref (slow, the oracle), cpu, cuda, or auto: cuda if there is one",                                     \
     VQC_OPTION_MEMBER(options, compute.device)},                                                                    \
        {.name = "--precision",                                                                                      \
         .value = "TYPE",                                                                                            \
         .usual = (usual_precision),                                                                                 \
         .help = "of activations: f32 or bf16; tf32: f32 with products in TF32 (cuda)",                              \
         VQC_OPTION_MEMBER(options, compute.precision)},                                                             \
        {.name = "--threads",                                                                                        \
         .value = "N",                                                                                               \
         .help = "CPU threads (default: what the environment allows)",                                               \
         VQC_OPTION_MEMBER(options, compute.threads)},                                                               \
    {                                                                                                                \
        .name = "--json", .help = "print the result as JSON", VQC_OPTION_MEMBER(options, compute.json)               \
    }

/* Opens the device and starts the clock. --device auto takes cuda where it can be opened, else cpu, and says which on
 * standard error. It is not the default: pictures are the same only for the same kind of device, so which one it is
 * is not to depend on the machine unasked. Unknown names and what the device does not have are VQC_BAD_INPUT. */
VQC_MUST_CHECK vqc_status vqc_compute_open(vqc_compute *compute, vqc_error *error);
/* Opens the same device once more, with a queue of its own; the caller destroys it. */
VQC_MUST_CHECK vqc_status vqc_compute_open_beside(const vqc_compute *compute, vqc_ops **ops_out, vqc_error *error);

void vqc_compute_close(vqc_compute *compute);

#endif
