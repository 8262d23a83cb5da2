#ifndef VQC_COMM_DEVICES_H
#define VQC_COMM_DEVICES_H

#include <stdbool.h>

#include "comm/comm.h"
#include "ops/ops.h"

/* The GPUs of a launch's ranks: that each has its own, and which teams can let them talk to each other directly. */

typedef struct vqc_devices_options {
    bool share;             /* several ranks may compute on one device */
    double timeout_seconds; /* that a sum may take after all members have come to it; 0: any time */
    /* Called when a team's devices have failed or do not answer, which nothing on this rank can mend; the message
     * names rank and host. Ends the process, so that the launcher ends the others. Should it return, or be NULL, the
     * function that failed is VQC_FAILED. On the main thread. */
    void (*lost)(const char *message, void *context);
    void *context;
    bool single; /* teams of one use NCCL, too; for tests */
} vqc_devices_options;

/* Tells the launch on which device each rank computes; collective, while no team exists. Two ranks on one
 * device (host and PCI id are the same; instances of one GPU count as one, as they do for NCCL) are VQC_BAD_INPUT on
 * all ranks unless devices may be shared.
 *
 * Without it, and where NCCL cannot help (a build without it, two ranks of a team on one device, the host as the
 * device), teams sum device memory through the host's, with the same results. */
VQC_MUST_CHECK vqc_status vqc_comm_devices_set(vqc_comm *comm, const vqc_ops *ops, const vqc_devices_options *options,
                                               vqc_error *error);

/* The library that sums between devices, with its version: "NCCL 2.28.9"; "" in a build without. */
enum { VQC_COMM_LIBRARY_SIZE = 32 };
void vqc_comm_devices_library(char version_out[VQC_COMM_LIBRARY_SIZE]);

/* The rest is for team_device.c. */

typedef struct vqc_devices {
    vqc_devices_options options;
    int *first; /* (ranks): the lowest rank on the same device; -1: the rank computes on its host. NULL: not known */
} vqc_devices;

/* Belongs to the comm. */
vqc_devices *vqc_comm_devices(vqc_comm *comm);

/* Whether these ranks can sum by NCCL: each has a GPU of its own. */
bool vqc_devices_differ(const vqc_devices *devices, const int *ranks, int count);

#endif
