#ifndef VQC_CLI_LAUNCH_REPORT_H
#define VQC_CLI_LAUNCH_REPORT_H

#include "schedule/launch.h"

/* Prints a launch's totals on standard output as JSON: seconds summed over the ranks, `scheduling_share` the part of
 * them that went into none of the things listed, `bytes_per_step` what a member of a team handed into the sum of a
 * step, on average. Fails for want of memory alone. */
VQC_MUST_CHECK vqc_status vqc_launch_report_print(const vqc_launch_totals *totals, int ranks, vqc_error *error);

#endif
