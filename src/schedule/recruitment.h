#ifndef VQC_SCHEDULE_RECRUITMENT_H
#define VQC_SCHEDULE_RECRUITMENT_H

#include "schedule/rank.h"

/* How free ranks come to join a team at work on a render.
 *
 *     leader:    look ─ claim ─ invite ── steps go on ── all have answered ─ join after the next step
 *     free rank:        offer ─ invited ─ makes its networks ─ answers ───── joins
 *
 * Nobody waits: the team makes steps while the newcomers make ready. All failures are VQC_FAILED: MPI's, or for want
 * of memory. */
typedef struct vqc_recruitment {
    int *ranks;    /* (ranks of the launch): those invited; the ready ones first, as answers come in */
    int invited;   /* of them */
    int ready;     /* of these */
    bool refused;  /* somebody could not make ready for this render: nobody else is asked */
    double looked; /* when the board was looked at last */
} vqc_recruitment;

/* For the leader, when a render begins. */
VQC_MUST_CHECK vqc_status vqc_recruitment_init(const vqc_rank *rank, vqc_recruitment *recruitment, vqc_error *error);

/* For the leader, before a step: reads answers, or now and then looks at the board and invites. `left`: seconds that
 * the rest of the render takes the team as it is. *ready_out: ranks that can join after this step; *ending_out: the
 * launch is being ended. */
VQC_MUST_CHECK vqc_status vqc_recruitment_advance(vqc_recruitment *recruitment, vqc_rank *rank, int64_t render,
                                                  int64_t steps_left, double left, int *ready_out, bool *ending_out,
                                                  vqc_error *error);

/* For all members, after the step whose notice told of this many newcomers: forms the new team; the old one goes
 * apart. The renderer joins it. recruitment is the leader's; NULL on other members. */
VQC_MUST_CHECK vqc_status vqc_recruitment_join(vqc_recruitment *recruitment, vqc_rank *rank, int64_t render,
                                               int newcomers, vqc_error *error);

/* For the leader, when a render ends: those still invited are not needed. */
VQC_MUST_CHECK vqc_status vqc_recruitment_dismiss(vqc_recruitment *recruitment, vqc_rank *rank, vqc_error *error);

void vqc_recruitment_release(vqc_recruitment *recruitment);

#endif
