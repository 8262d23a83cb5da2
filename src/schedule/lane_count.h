#ifndef VQC_SCHEDULE_LANE_COUNT_H
#define VQC_SCHEDULE_LANE_COUNT_H

#include <stddef.h>

enum { VQC_LAUNCH_MAX_LANES = 16 };

/* Of `lanes` lanes (lanes.h) those for which there is work on a rank that makes its share of the renders:
 * renders / ranks, rounded up. */
int vqc_lane_count_useful(int lanes, size_t renders, int ranks);

#endif
