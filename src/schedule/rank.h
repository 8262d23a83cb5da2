#ifndef VQC_SCHEDULE_RANK_H
#define VQC_SCHEDULE_RANK_H

#include "comm/team.h"
#include "schedule/board.h"
#include "schedule/launch.h"

/* This rank within a launch: what the parts of the scheduler on one rank share. All failures are VQC_FAILED: the
 * archive's, and MPI's. */
typedef struct vqc_rank {
    const vqc_launch *launch;
    vqc_board *board;
    vqc_team *team; /* NULL: free */
    bool ending;    /* lanes have found out that the launch is being ended */
    double started; /* of the launch */
    size_t done_before;
    double counted;          /* when the board was last looked at for the progress */
    vqc_board_state seen;    /* what was on it then, where this rank reports */
    vqc_board_state earlier; /* what the boards of earlier waves came to */
    int64_t steps_listed;    /* of all renders of this launch */
    int64_t made, spared;    /* steps of this rank's renders that it has not yet put on the board */
    double start_seconds;    /* the longest start of a render so far: what it takes a rank to join */
    vqc_launch_progress progress;
    vqc_launch_totals totals; /* of this rank */
    vqc_error failure;        /* the first failure of the archive on this rank; it ends the launch */
} vqc_rank;

/* Puts the steps of this rank's renders on the board that are not yet there. */
VQC_MUST_CHECK vqc_status vqc_rank_count_steps(vqc_rank *rank, vqc_error *error);

/* Puts the steps that this rank's teams have made on the board, every second, and reports how far the launch is,
 * where somebody listens. */
VQC_MUST_CHECK vqc_status vqc_rank_report(vqc_rank *rank, vqc_error *error);

/* Puts an end to this rank's team, adding its traffic to the totals; collective over it. */
void vqc_rank_team_end(vqc_rank *rank);

/* Notes a failure of the archive, and ends the launch. */
VQC_MUST_CHECK vqc_status vqc_rank_fail(vqc_rank *rank, const vqc_error *failure, vqc_error *error);

/* Lets a moment pass, for those who wait for letters. */
void vqc_rank_rest(void);

#endif
