#ifndef VQC_CLI_PROGRESS_H
#define VQC_CLI_PROGRESS_H

#include <stdbool.h>

#include "schedule/launch.h"

/* Shows how far a launch is on standard error: on a terminal one line that is drawn again, several times a second; in
 * a log a line now and then. Rank 0 shows it: steps and rate are those of all teams, the time left is that of all
 * steps that are left. */
typedef struct vqc_progress {
    bool terminal;
    double shown; /* when the last line was, seconds since the launch began; below 0: never */
} vqc_progress;

void vqc_progress_init(vqc_progress *progress);
/* The `report` of a vqc_launch; context is the vqc_progress. */
void vqc_progress_show(const vqc_launch_progress *now, void *context);
/* Ends the line on a terminal. */
void vqc_progress_end(vqc_progress *progress);

#endif
