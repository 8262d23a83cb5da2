#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "comm/team_state.h"

vqc_status vqc_team_create(vqc_comm *comm, const int *ranks, int count, vqc_team **team_out, vqc_error *error)
{
    void *memory;
    VQC_TRY(vqc_memory_allocate(1, sizeof(vqc_team) + (size_t)count * sizeof(int), "a team", &memory, error));
    vqc_team *team = memory;
    team->comm = comm;
    team->size = count;
    memcpy(team->ranks, ranks, (size_t)count * sizeof *ranks);
    while (team->member < count && ranks[team->member] != vqc_comm_rank(comm))
        team->member++;
    vqc_status status = VQC_OK;
    if (team->member == count)
        status = vqc_error_set(error, VQC_FAILED, "rank %d is not a member of the team that it makes",
                               vqc_comm_rank(comm));
    if (status == VQC_OK && count > 1)
        status = vqc_transport_subset_create(vqc_comm_transport(comm), ranks, count, &team->subset, error);
    if (status != VQC_OK) {
        free(team);
        return status;
    }
    *team_out = team;
    return VQC_OK;
}

void vqc_team_destroy(vqc_team *team)
{
    if (team == NULL)
        return;
    vqc_team_device_release(team);
    vqc_transport_subset_destroy(team->subset);
    free(team);
}

int vqc_team_size(const vqc_team *team)
{
    return team->size;
}

int vqc_team_member(const vqc_team *team)
{
    return team->member;
}

int vqc_team_rank(const vqc_team *team, int member)
{
    return team->ranks[member];
}

vqc_status vqc_team_progress(vqc_team *team, vqc_error *error)
{
    return vqc_comm_progress(team->comm, error);
}

vqc_team_traffic vqc_team_traffic_of(const vqc_team *team)
{
    return team->traffic;
}
