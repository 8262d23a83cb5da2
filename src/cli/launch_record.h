#ifndef VQC_CLI_LAUNCH_RECORD_H
#define VQC_CLI_LAUNCH_RECORD_H

#include "archive/archive.h"
#include "cli/compute.h"
#include "comm/comm.h"
#include "record/environment.h"

/* What an archive keeps of each launch: JSON text with ranks, host, the environment, the build, and where the job
 * file was. All failures are VQC_FAILED: the archive's. */

/* Appends this launch, with teams of `team` ranks (0: chosen by the program); rank 0 does it, the others return at
 * once. The build and a path that is very long are left out where there is no room for them. */
VQC_MUST_CHECK vqc_status vqc_launch_record(vqc_archive *archive, const vqc_comm *comm, const vqc_compute *compute,
                                            const vqc_environment *environment, const char *job, int64_t team,
                                            vqc_error *error);

/* The folder of the newest launch's job file, ending in a slash; "" where the archive does not tell. To be freed. */
VQC_MUST_CHECK vqc_status vqc_launch_job_folder(const vqc_archive *archive, char **folder_out, vqc_error *error);

#endif
