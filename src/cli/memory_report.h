#ifndef VQC_CLI_MEMORY_REPORT_H
#define VQC_CLI_MEMORY_REPORT_H

#include "cli/compute.h"
#include "study/study.h"

/* What `vqclip plan JOB --memory` prints: the device memory of each kind of the study's renders, by network, with and
 * without recomputation. Opens the study's models on the compute's device, which is open, and plans their networks;
 * the memory that they would compute in is not allocated. */
VQC_MUST_CHECK vqc_status vqc_memory_report_print(const vqc_study *study, const vqc_compute *compute,
                                                  vqc_error *error);

#endif
