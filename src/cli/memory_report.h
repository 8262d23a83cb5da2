#ifndef VQC_CLI_MEMORY_REPORT_H
#define VQC_CLI_MEMORY_REPORT_H

#include "cli/compute.h"
#include "study/study.h"

/* What `vqclip plan JOB --memory` prints: the device memory of each kind of the study's renders, by network, with and
 * without recomputation, what so many lanes (schedule/lanes.h) of it take together, and, where the device knows its
 * memory, how many fit, by the rule by which a launch closes those that do not (render/memory.h). Opens the study's
 * models on the compute's device, which is open, and plans their networks; the memory that they would compute in is
 * not allocated.
 *
 * lanes: 1 to VQC_LAUNCH_MAX_LANES; no more are counted as fitting. A lane's device queue takes some memory of its
 * own, which is not counted. Fails as opening the models and making networks do: a model's file that is wrong is
 * VQC_BAD_INPUT. */
VQC_MUST_CHECK vqc_status vqc_memory_report_print(const vqc_study *study, const vqc_compute *compute, int lanes,
                                                  vqc_error *error);

#endif
