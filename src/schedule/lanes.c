#include "schedule/lanes.h"

#include "base/clock.h"
#include "schedule/work.h"

static const double look_every = 0.5; /* seconds */

typedef struct lanes {
    vqc_rank *rank;
    int count;
    vqc_work *works[VQC_LAUNCH_MAX_LANES]; /* NULL: the lane is free */
    bool source_is_dry;
    double looked; /* when the board was looked at last */
} lanes;

/* Puts a render into the lane. */
static vqc_status lane_fill(lanes *l, int lane, int64_t number, vqc_error *error)
{
    return vqc_work_start(l->rank, l->rank->launch->lanes[lane], number, false, &l->works[lane], error);
}

/* Ends what is not under way any more, and fills free lanes while the source gives. */
static vqc_status lanes_fill(lanes *l, vqc_lanes_source *source, void *context, vqc_error *error)
{
    for (int lane = 0; lane < l->count; lane++) {
        while (l->works[lane] == NULL || !vqc_work_is_under_way(l->works[lane])) {
            vqc_work *ended = l->works[lane];
            int64_t number = -1;
            l->works[lane] = NULL;
            VQC_TRY(vqc_work_end(ended, error));
            if (!l->source_is_dry)
                VQC_TRY(source(context, &number, error));
            l->source_is_dry = l->source_is_dry || number < 0;
            if (l->source_is_dry)
                break;
            VQC_TRY(lane_fill(l, lane, number, error));
        }
    }
    return VQC_OK;
}

/* Now and then finds out whether another rank ends the launch. */
static vqc_status board_look(lanes *l, vqc_error *error)
{
    vqc_board_state state;
    double now = vqc_clock_seconds();
    if (now - l->looked < look_every)
        return VQC_OK;
    l->looked = now;
    VQC_TRY(vqc_board_look(l->rank->board, &state, error));
    l->rank->ending = state.ending;
    return VQC_OK;
}

/* One step of every render under way; whether there was one. */
static bool lanes_step(lanes *l)
{
    bool any = false;
    for (int lane = 0; lane < l->count; lane++)
        if (l->works[lane] != NULL)
            vqc_work_step_begin(l->works[lane]);
    for (int lane = 0; lane < l->count; lane++) {
        if (l->works[lane] == NULL)
            continue;
        any = true;
        vqc_work_step_end(l->works[lane]);
    }
    return any;
}

static vqc_status lanes_work(lanes *l, vqc_lanes_source *source, void *context, vqc_error *error)
{
    do {
        VQC_TRY(board_look(l, error));
        VQC_TRY(lanes_fill(l, source, context, error));
    } while (lanes_step(l));
    return VQC_OK;
}

vqc_status vqc_lanes_run(vqc_rank *rank, int count, int64_t first, vqc_lanes_source *source, void *context,
                         vqc_error *error)
{
    vqc_error unheard = {0};
    lanes l = {.rank = rank, .count = count, .looked = vqc_clock_seconds()};
    vqc_status status = lane_fill(&l, 0, first, error);
    if (status == VQC_OK)
        status = lanes_work(&l, source, context, error);
    for (int lane = 0; lane < count; lane++)
        if (vqc_work_end(l.works[lane], status == VQC_OK ? error : &unheard) != VQC_OK && status == VQC_OK)
            status = error->status;
    return status;
}
