#ifndef VQC_CLI_LAUNCH_HEAD_H
#define VQC_CLI_LAUNCH_HEAD_H

#include "comm/comm.h"
#include "record/environment.h"

/* The first line of a launch's log, by rank 0 on standard error: program, time, ranks, hosts, device, the scheduler's
 * job and which of its starts this is. Collective; VQC_FAILED where MPI fails, or for want of memory. */
VQC_MUST_CHECK vqc_status vqc_launch_head_say(vqc_comm *comm, const vqc_environment *environment, vqc_error *error);

#endif
