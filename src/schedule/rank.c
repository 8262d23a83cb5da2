#include "schedule/rank.h"

#include <time.h>

#include "base/clock.h"

static const double count_every = 1.0; /* seconds */
enum { REST_NANOSECONDS = 1000 * 1000 };

vqc_status vqc_rank_count_steps(vqc_rank *rank, vqc_error *error)
{
    VQC_TRY(vqc_board_count_steps(rank->board, rank->made, rank->spared, error));
    rank->seen.made += rank->made;
    rank->seen.spared += rank->spared;
    rank->made = 0;
    rank->spared = 0;
    return VQC_OK;
}

/* Every rank writes; only one that reports reads. */
static vqc_status board_exchange(vqc_rank *rank, vqc_error *error)
{
    VQC_TRY(vqc_rank_count_steps(rank, error));
    return rank->launch->report == NULL ? VQC_OK : vqc_board_look(rank->board, &rank->seen, error);
}

vqc_status vqc_rank_report(vqc_rank *rank, vqc_error *error)
{
    vqc_launch_progress *progress = &rank->progress;
    double now = vqc_clock_seconds();
    if (now - rank->counted >= count_every) {
        VQC_TRY(board_exchange(rank, error));
        rank->counted = now;
    }
    if (rank->launch->report == NULL || progress->render == NULL)
        return VQC_OK;
    progress->renders_done = rank->done_before + (size_t)(rank->earlier.done + rank->seen.done);
    progress->renders_failed = (size_t)(rank->earlier.failed + rank->seen.failed);
    progress->steps_made = rank->earlier.made + rank->seen.made + rank->made;
    progress->steps_left =
        rank->steps_listed - progress->steps_made - rank->earlier.spared - rank->seen.spared - rank->spared;
    progress->seconds = now - rank->started;
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
