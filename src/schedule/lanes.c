#include "schedule/lanes.h"

#include "base/clock.h"
#include "schedule/work.h"

static const double look_every = 0.5; /* seconds */

typedef struct lanes {
    vqc_rank *rank;
    int count;
    vqc_work *works[VQC_LAUNCH_MAX_LANES]; /* NULL: the lane is free */
    bool closed[VQC_LAUNCH_MAX_LANES];     /* no render could be started there */
    int64_t waiting[VQC_LAUNCH_MAX_LANES]; /* renders of lanes that were closed */
    int waiting_count;
    bool source_is_dry;
    double looked; /* when the board was looked at last */
} lanes;

/* Puts a render into the lane; closes any but the first where it cannot be started. */
static vqc_status lane_fill(lanes *l, int lane, int64_t number, vqc_error *error)
{
    vqc_work *work = NULL;
    VQC_TRY(vqc_work_start(l->rank, l->rank->launch->lanes[lane], number, false, &work, error));
    if (lane == 0 || vqc_work_is_started(work)) {
        l->works[lane] = work;
        return VQC_OK;
    }
    vqc_work_abandon(work);
    l->closed[lane] = true;
    l->rank->totals.lanes_closed += 1.0;
    l->waiting[l->waiting_count++] = number;
    return VQC_OK;
}

/* The next render: one that waits, or one from the source; -1: none. */
static vqc_status number_take(lanes *l, vqc_lanes_source *source, void *context, int64_t *number_out,
                              vqc_error *error)
{
    *number_out = -1;
    if (l->waiting_count > 0) {
        *number_out = l->waiting[--l->waiting_count];
        return VQC_OK;
    }
    if (!l->source_is_dry)
        VQC_TRY(source(context, number_out, error));
    l->source_is_dry = *number_out < 0;
    return VQC_OK;
}

/* Ends what is not under way any more in the lane, and fills it. */
static vqc_status lane_refill(lanes *l, int lane, vqc_lanes_source *source, void *context, vqc_error *error)
{
    while (!l->closed[lane] && (l->works[lane] == NULL || !vqc_work_is_under_way(l->works[lane]))) {
        vqc_work *ended = l->works[lane];
        int64_t number;
        l->works[lane] = NULL;
        VQC_TRY(vqc_work_end(ended, error));
        VQC_TRY(number_take(l, source, context, &number, error));
        if (number < 0)
            return VQC_OK;
        VQC_TRY(lane_fill(l, lane, number, error));
    }
    return VQC_OK;
}

static vqc_status lanes_fill(lanes *l, vqc_lanes_source *source, void *context, vqc_error *error)
{
    for (int lane = 0; lane < l->count; lane++)
        VQC_TRY(lane_refill(l, lane, source, context, error));
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
