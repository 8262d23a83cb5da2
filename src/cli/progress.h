#ifndef VQC_CLI_PROGRESS_H
#define VQC_CLI_PROGRESS_H

#include <stdbool.h>

#include "schedule/launch.h"

/* Shows how far a launch is on standard error: on a terminal one line that is drawn again, several times a second; in
 * a log a line now and then. Rank 0 shows it; its own rate times the number of ranks stands for the launch's. */
typedef struct vqc_progress {
    bool terminal;
    int ranks;
    double shown; /* when the last line was, seconds since the launch began; below 0: never */
} vqc_progress;

void vqc_progress_init(vqc_progress *progress, int ranks);
/* The `report` of a vqc_launch; context is the vqc_progress. */
void vqc_progress_show(const vqc_launch_progress *now, void *context);
/* Ends the line on a terminal. */
void vqc_progress_end(vqc_progress *progress);

#endif
