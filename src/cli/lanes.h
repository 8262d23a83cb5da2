#ifndef VQC_CLI_LANES_H
#define VQC_CLI_LANES_H

#include "cli/compute.h"
#include "render/renderer.h"
#include "schedule/launch.h"

/* The lanes of a rank (schedule/lanes.h): renderers beside a first one, each on a device queue of its own. */
typedef struct vqc_lanes {
    int count;
    vqc_renderer *renderers[VQC_LAUNCH_MAX_LANES];
    vqc_ops *ops[VQC_LAUNCH_MAX_LANES]; /* NULL for the first: the command's own */
} vqc_lanes;

/* `first` becomes lane 0, which stays the caller's; makes the others, on the device that `compute` has opened.
 * wanted: 1 to VQC_LAUNCH_MAX_LANES. */
VQC_MUST_CHECK vqc_status vqc_lanes_open(vqc_lanes *lanes, const vqc_compute *compute, vqc_renderer *first,
                                         int wanted, vqc_error *error);
/* Before the first renderer is destroyed. */
void vqc_lanes_close(vqc_lanes *lanes);

/* Checks --lanes: 0 to VQC_LAUNCH_MAX_LANES. */
VQC_MUST_CHECK vqc_status vqc_lanes_check(long lanes, vqc_error *error);

#endif
