#ifndef VQC_SCHEDULE_LAUNCH_H
#define VQC_SCHEDULE_LAUNCH_H

#include <stdbool.h>

#include "archive/archive.h"
#include "comm/comm.h"
#include "render/renderer.h"
#include "schedule/lane_count.h"

/* One launch of a study. Renders that start from others of the study (init: render) come after those: the launch goes
 * wave by wave (vqc_render), so nobody ever waits for a render that is not under way. A render whose source failed
 * fails with that reason. In a wave the ranks form teams, which take renders, those that cost most first, until none
 * is left; each team's leader writes its renders into the archive and keeps checkpoints of what is under way. Ranks
 * that find no render left join teams that are still at work. Renders that are done are left alone, but for those
 * whose records no longer have their digests (and, where the launch is to check pictures, pictures and latents): that
 * is said, and they are made again. Where the archive is for a part of the study, its renders are all that there are.
 * So the same launch again goes on where the last one stopped, on any number of ranks. A render whose checkpoint was
 * computed in another environment, or by vqclip 0.1.0, which did not keep it, begins again: half of each would be
 * neither. All failures are VQC_FAILED: the archive's, and MPI's. */

/* How far a launch is, as its rank sees it; what other ranks made is seen up to a second later. */
typedef struct vqc_launch_progress {
    size_t renders;        /* of the study, or of its part that the archive is for */
    size_t renders_done;   /* in the archive */
    size_t renders_failed; /* by this launch */
    int64_t step, steps;   /* of this rank's render under way */
    int64_t steps_made;    /* by all teams of this launch */
    int64_t steps_left;    /* of all renders */
    int64_t steps_study;   /* of all renders, those that were done before as well */
    double seconds;        /* since the launch began */
    const char *render;    /* id of the render under way; NULL before the first */
} vqc_launch_progress;

/* Where the time of a launch went. Seconds are summed over its ranks. */
typedef struct vqc_launch_totals {
    double seconds;        /* from the first look at the archive to the end of all renders */
    double start_seconds;  /* starts of renders: networks, first latent or checkpoint */
    double step_seconds;   /* steps, with the waits of members for each other */
    double finish_seconds; /* snapshots, checkpoints, results */
    double free_seconds;   /* free, after no render was left */
    double steps;          /* of renders */
    double team_steps;     /* of members in teams of more than one */
    double team_bytes;     /* that they handed into the teams' sums */
    double joins;          /* ranks that joined a render under way */
    double lanes_closed;   /* lanes in which no render could be started (lanes.h) */
} vqc_launch_totals;

typedef struct vqc_launch {
    vqc_comm *comm;
    vqc_archive *archive;
    const vqc_study *study;
    vqc_renderer *renderer;
    vqc_renderer *lanes[VQC_LAUNCH_MAX_LANES]; /* renderers of the renders that a rank makes at a time (lanes.h): the
                                                  first is `renderer` */
    int lane_count;                            /* at least 1; not more are used than there are renders for */
    const char *device;                        /* what computes, for the archive */
    const char *environment;   /* all of it that bytes depend on: a checkpoint of another one is not gone on with */
    double checkpoint_seconds; /* between checkpoints of a render */
    int64_t team;              /* ranks of a team; 0: chosen by the program, and free ranks join */
    bool resumed;              /* the archive was there before: how much of it is done is said */
    bool check_pictures;       /* of renders that are done, besides their records: all is read */
    bool (*stopped)(void);     /* asked after every step: whether to save and stop */
    void (*report)(const vqc_launch_progress *progress, void *context); /* called after every step; may be NULL */
    void *report_context;
    void (*say)(const char *line); /* tells people something, on any rank; may be NULL */
} vqc_launch;

/* Runs the launch; collective. *finished_out is false if it was stopped before all renders were made; a rank that is
 * asked to stop stops them all. A render that fails is recorded with its reason and the others go on; a failure of
 * the archive ends the launch. *totals_out is the same on all ranks. */
VQC_MUST_CHECK vqc_status vqc_launch_run(const vqc_launch *launch, bool *finished_out, vqc_launch_totals *totals_out,
                                         vqc_error *error);

#endif
