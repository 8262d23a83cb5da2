#ifndef VQC_CLI_LAUNCH_HEAD_H
#define VQC_CLI_LAUNCH_HEAD_H

#include "archive/archive.h"
#include "comm/comm.h"
#include "record/environment.h"

/* The first lines of a launch's log, by rank 0 on standard error: program, time, ranks, hosts, device, the
 * scheduler's job and which of its starts this is; and, of an archive that was there, how many renders are done.
 * Collective; fails as the archive and MPI do. */
VQC_MUST_CHECK vqc_status vqc_launch_head_say(vqc_comm *comm, const vqc_archive *archive, bool created,
                                              const vqc_environment *environment, vqc_error *error);

#endif
