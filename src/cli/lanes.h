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

/* The row of an option table that says how many, for the member `lanes` of the command's options. 0, as where it is
 * not there: vqc_lanes_choose does. */
#define VQC_LANES_OPTION(options)                                                                                    \
    {                                                                                                                \
        .name = "--lanes", .value = "N", .help = "renders that a rank makes at a time (default: 4 on cuda, else 1)", \
        VQC_OPTION_MEMBER(options, lanes)                                                                            \
    }

/* As many as asked for; where that is 0, as many as keep the device busy. */
int vqc_lanes_choose(long asked, const vqc_ops *ops);

/* Checks --lanes: VQC_BAD_INPUT where it is not 0 to VQC_LAUNCH_MAX_LANES. */
VQC_MUST_CHECK vqc_status vqc_lanes_check(long lanes, vqc_error *error);

#endif
