#ifndef VQC_SCHEDULE_LAUNCH_H
#define VQC_SCHEDULE_LAUNCH_H

#include <stdbool.h>

#include "archive/archive.h"
#include "comm/comm.h"
#include "render/renderer.h"

/* One launch of a study: all of its ranks take renders from one counter until none is left, write each into the
 * archive, and keep checkpoints of what is under way. Renders that are done are left alone, so that the same launch
 * again goes on where the last one stopped. */

/* How far a launch is, as its rank sees it. */
typedef struct vqc_launch_progress {
    size_t renders;        /* of the study */
    size_t renders_done;   /* in the archive */
    size_t renders_failed; /* in the archive */
    int64_t step, steps;   /* of this rank's render under way */
    double steps_made;     /* by this rank in this launch */
    double seconds;        /* since the launch began */
    const char *render;    /* id of the render under way */
} vqc_launch_progress;

typedef struct vqc_launch {
    vqc_comm *comm;
    vqc_archive *archive;
    const vqc_study *study;
    vqc_renderer *renderer;
    const char *device;        /* what computes, for the archive */
    double checkpoint_seconds; /* between checkpoints of a render */
    bool (*stopped)(void);     /* asked after every step: whether to save and stop */
    void (*report)(const vqc_launch_progress *progress, void *context); /* called after every step; may be NULL */
    void *report_context;
} vqc_launch;

/* Runs the launch; collective. *finished_out is false if it was stopped before all renders were made. A render that
 * fails is recorded with its reason and the others go on; a failure of the archive ends the launch. */
VQC_MUST_CHECK vqc_status vqc_launch_run(const vqc_launch *launch, bool *finished_out, vqc_error *error);

#endif
