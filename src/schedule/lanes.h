#ifndef VQC_SCHEDULE_LANES_H
#define VQC_SCHEDULE_LANES_H

#include "schedule/rank.h"

/* Several renders at a time on one rank's device. A lane is a renderer with a device queue of its own; the lanes make
 * their steps side by side, so that work that is too small to fill a GPU is done beside other work. Every lane
 * computes exactly what it would compute alone: what a render becomes does not depend on which others are under way.
 *
 * A lane whose render cannot be started, as where the device's memory is enough for fewer lanes, is closed, and its
 * render waits for another one; what cannot be started in the first lane either is the render's failure.
 *
 * For a rank that is a team of its own. While its lanes are at work it asks nobody to join. What a render fails with
 * goes into the archive. Other failures are VQC_FAILED: the archive's, and MPI's. */

/* Gives the number of the next render; -1: none is left. */
typedef vqc_status vqc_lanes_source(void *context, int64_t *number_out, vqc_error *error);

/* Makes render number `first`, and then those that the source gives, until none is left. */
VQC_MUST_CHECK vqc_status vqc_lanes_run(vqc_rank *rank, int lanes, int64_t first, vqc_lanes_source *source,
                                        void *context, vqc_error *error);

#endif
