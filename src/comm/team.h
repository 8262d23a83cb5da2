#ifndef VQC_COMM_TEAM_H
#define VQC_COMM_TEAM_H

#include "comm/comm.h"
#include "ops/ops.h"

/* Some of the ranks of a launch that work on one thing together. Its members are numbered from 0; member 0 is the
 * leader. A rank may be in several teams, but creates and destroys them one at a time.
 *
 * "Collective" means here: called by all members in the same order. While a function waits for other members it
 * gives the processor away, and serves shared numbers as vqc_comm_progress does. A team of one never calls MPI. All
 * failures are VQC_FAILED: MPI's, NCCL's, the device's, or for want of memory. Only vqc_team_agree hands on others.
 */
typedef struct vqc_team vqc_team;

/* Makes a team of `count` ranks, in the order given; this rank is one of them. Collective over these ranks, with the
 * same list. */
VQC_MUST_CHECK vqc_status vqc_team_create(vqc_comm *comm, const int *ranks, int count, vqc_team **team_out,
                                          vqc_error *error);
/* Collective. NULL is allowed. */
void vqc_team_destroy(vqc_team *team);

int vqc_team_size(const vqc_team *team);
/* This rank's number among the members. */
int vqc_team_member(const vqc_team *team);
/* The rank that is member `member`. */
int vqc_team_rank(const vqc_team *team, int member);

/* Replaces each of the values by its sum over all members, modulo 2^64: whole numbers, so the result is the same in
 * whatever order they are added. A number that only one member gives, and the others as 0, arrives bit by bit,
 * whatever it stands for. Collective. */
VQC_MUST_CHECK vqc_status vqc_team_sum(vqc_team *team, int64_t *values, size_t count, vqc_error *error);

/* The same of values in the device memory of `ops`. The device sums after what it was given before, and before what
 * it is given next; the caller does not wait for it, or not for longer than the way that the sum goes demands: by
 * NCCL on the device's stream where each member has a GPU of its own (comm/devices.h), else through the host's
 * memory. The values are the same bit by bit. Not while operations are recorded; collective.
 *
 * The first sum of a team connects the members' GPUs, which takes a good part of a second. What fails here and in
 * vqc_team_wait_device leaves the other members waiting, so it ends the process where the launch has said how. */
VQC_MUST_CHECK vqc_status vqc_team_sum_device(vqc_team *team, vqc_ops *ops, int64_t *values, size_t count,
                                              vqc_error *error);

/* Waits until the device of `ops` has done all that it was given. After a sum this, and not a copy to the host, is
 * the way to wait: the device waits for other members' in the sum. It gives the processor away, serves shared
 * numbers, and gives up when the way to other members fails or, in a team that sums by NCCL, when it takes longer
 * than comm/devices.h allows after all members have come to the sum. For teams of one, too. Not while operations are
 * recorded. */
VQC_MUST_CHECK vqc_status vqc_team_wait_device(vqc_team *team, vqc_ops *ops, vqc_error *error);

/* Waits likewise until an event that was marked before the sum is over, so that the host can go on with what was
 * computed before it while the device is at the sum and what comes after. A member's own work may take any time: only
 * a failure ends this wait. */
VQC_MUST_CHECK vqc_status vqc_team_wait_event(vqc_team *team, vqc_event event, vqc_error *error);

/* Copies size bytes at data on member root to data on every member; collective. */
VQC_MUST_CHECK vqc_status vqc_team_broadcast(vqc_team *team, void *data, size_t size, int root, vqc_error *error);

/* Makes one outcome out of one per member, as vqc_comm_agree does of the ranks': that of the lowest member that
 * failed; collective. */
VQC_MUST_CHECK vqc_status vqc_team_agree(vqc_team *team, vqc_status status, vqc_error *error);

/* vqc_comm_progress for those who know only their team. */
VQC_MUST_CHECK vqc_status vqc_team_progress(vqc_team *team, vqc_error *error);

/* What this member has handed into sums of this team so far. */
typedef struct vqc_team_traffic {
    int64_t sums;
    int64_t bytes;
} vqc_team_traffic;

vqc_team_traffic vqc_team_traffic_of(const vqc_team *team);

#endif
