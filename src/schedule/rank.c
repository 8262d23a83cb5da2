#include "schedule/rank.h"

#include <time.h>

#include "base/clock.h"

static const double count_every = 1.0; /* seconds */
enum { REST_NANOSECONDS = 1000 * 1000 };

vqc_status vqc_rank_report(vqc_rank *rank, vqc_error *error)
{
    vqc_launch_progress *progress = &rank->progress;
    double now = vqc_clock_seconds();
    if (rank->launch->report == NULL)
        return VQC_OK;
    if (now - rank->counted >= count_every) {
        vqc_board_state state;
        VQC_TRY(vqc_board_look(rank->board, &state, error));
        rank->counted = now;
        progress->renders_done = rank->done_before + (size_t)state.done;
        progress->renders_failed = (size_t)state.failed;
    }
    progress->seconds = now - rank->started;
    if (progress->render != NULL)
        rank->launch->report(progress, rank->launch->report_context);
    return VQC_OK;
}

void vqc_rank_team_end(vqc_rank *rank)
{
    rank->totals.team_bytes += (double)vqc_team_traffic_of(rank->team).bytes;
    vqc_team_destroy(rank->team);
    rank->team = NULL;
}

vqc_status vqc_rank_fail(vqc_rank *rank, const vqc_error *failure, vqc_error *error)
{
    if (rank->failure.status == VQC_OK)
        rank->failure = *failure;
    return vqc_board_end(rank->board, error);
}

void vqc_rank_rest(void)
{
    const struct timespec pause = {.tv_nsec = REST_NANOSECONDS};
    (void)nanosleep(&pause, NULL);
}
