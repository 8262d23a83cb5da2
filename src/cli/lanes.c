#include "cli/lanes.h"

#include <string.h>

enum { GPU_LANES = 4 };

static vqc_status lane_open(vqc_lanes *lanes, const vqc_compute *compute, vqc_error *error)
{
    int lane = lanes->count;
    VQC_TRY(vqc_compute_open_beside(compute, &lanes->ops[lane], error));
    vqc_status status =
        vqc_renderer_create_beside(lanes->renderers[0], lanes->ops[lane], &lanes->renderers[lane], error);
    if (status != VQC_OK)
        vqc_ops_destroy(lanes->ops[lane]);
    else
        lanes->count++;
    return status;
}

vqc_status vqc_lanes_open(vqc_lanes *lanes, const vqc_compute *compute, vqc_renderer *first, int wanted,
                          vqc_error *error)
{
    *lanes = (vqc_lanes){.count = 1, .renderers = {first}};
    while (lanes->count < wanted)
        VQC_TRY(lane_open(lanes, compute, error));
    return VQC_OK;
}

void vqc_lanes_close(vqc_lanes *lanes)
{
    for (int lane = 1; lane < lanes->count; lane++) {
        vqc_renderer_destroy(lanes->renderers[lane]);
        vqc_ops_destroy(lanes->ops[lane]);
    }
    *lanes = (vqc_lanes){0};
}

int vqc_lanes_choose(long asked, const vqc_ops *ops)
{
    bool is_gpu = strcmp(vqc_ops_name(ops), "cuda") == 0;
    return asked > 0 ? (int)asked : is_gpu ? GPU_LANES : 1;
}

vqc_status vqc_lanes_check(long lanes, vqc_error *error)
{
    if (lanes >= 0 && lanes <= VQC_LAUNCH_MAX_LANES)
        return VQC_OK;
    return vqc_error_set(error, VQC_BAD_INPUT, "--lanes: expected at most %d, found %ld", VQC_LAUNCH_MAX_LANES,
                         lanes);
}
