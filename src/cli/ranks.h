#ifndef VQC_CLI_RANKS_H
#define VQC_CLI_RANKS_H

#include "cli/compute.h"
#include "comm/comm.h"
#include "comm/watch.h"

/* The ranks of a command that works over them, from their meeting to their parting.
 *
 *     vqc_interruption_watch → vqc_ranks_meet → vqc_ranks_open_devices → the work → vqc_ranks_part */
typedef struct vqc_ranks {
    vqc_comm *comm; /* NULL: MPI could not be started */
    vqc_watch *watch;
} vqc_ranks;

/* Starts MPI and the watch over the ranks, before which nothing else notices one that does not come; collective.
 * peer_timeout: seconds without an answer after which a rank counts as lost, 0 for no watch. Also after a failure the
 * ranks are to be parted. */
VQC_MUST_CHECK vqc_status vqc_ranks_meet(long peer_timeout, vqc_ranks *ranks_out, vqc_error *error);

/* Checks --peer-timeout: VQC_BAD_INPUT where it is neither 0 nor in the watch's range. */
VQC_MUST_CHECK vqc_status vqc_ranks_timeout_check(long peer_timeout, vqc_error *error);

/* Opens each rank's device: where several ranks share a host, each has its own, unless they are to share. All must be
 * of one kind, else VQC_BAD_INPUT. Collective. */
VQC_MUST_CHECK vqc_status vqc_ranks_open_devices(const vqc_ranks *ranks, long peer_timeout, vqc_compute *compute,
                                                 vqc_error *error);

/* Has one rank say what all failed by, before the others end: mpirun stops all ranks at the first exit code that is
 * not 0. The error is then empty where it is said. */
void vqc_ranks_say(const vqc_ranks *ranks, vqc_status status, vqc_error *error);

/* Ends the ranks; collective. What was made with them is closed before. */
void vqc_ranks_part(vqc_ranks *ranks);

/* The row of an option table for the member `peer_timeout` of the command's options. */
#define VQC_PEER_TIMEOUT_OPTION(options)                                                                             \
    {                                                                                                                \
        .name = "--peer-timeout", .value = "SECONDS", .usual = "20",                                                 \
        .help = "end when a rank does not answer for so long; 0: wait for ever",                                     \
        VQC_OPTION_MEMBER(options, peer_timeout)                                                                     \
    }

#endif
