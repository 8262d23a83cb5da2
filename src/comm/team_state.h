#ifndef VQC_COMM_TEAM_STATE_H
#define VQC_COMM_TEAM_STATE_H

#include "comm/nccl.h"
#include "comm/team.h"
#include "comm/transport.h"

/* A team's parts, for team.c and team_device.c. */
struct vqc_team {
    vqc_comm *comm;
    vqc_transport_subset *subset; /* NULL: a team of one */
    vqc_team_traffic traffic;
    /* Of sums of device memory. */
    vqc_nccl *nccl; /* NULL: not connected yet, or they go through the host's memory */
    int64_t *staging;
    size_t staging_capacity; /* values */
    bool assembling;         /* not all members are known to have come to the last sum by NCCL */
    double assembled;        /* when all were */
    bool lost;               /* its devices have been given up */
    int size;
    int member;
    int ranks[]; /* (size) */
};

static inline void vqc_team_traffic_count(vqc_team *team, size_t count)
{
    team->traffic.sums++;
    team->traffic.bytes += (int64_t)(count * sizeof(int64_t));
}

/* Parts the team's devices; collective. */
void vqc_team_device_release(vqc_team *team);

#endif
