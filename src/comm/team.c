#include "comm/team.h"

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
        status = vqc_transport_group_create(vqc_comm_transport(comm), ranks, count, &team->group, error);
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
    vqc_transport_group_destroy(team->group);
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

vqc_status vqc_team_sum(vqc_team *team, int64_t *values, size_t count, vqc_error *error)
{
    if (team->size == 1)
        return VQC_OK;
    vqc_team_traffic_count(team, count);
    return vqc_transport_group_sum(team->group, values, count, error);
}

vqc_status vqc_team_broadcast(vqc_team *team, void *data, size_t size, int root, vqc_error *error)
{
    return team->size == 1 ? VQC_OK : vqc_transport_group_broadcast(team->group, data, size, root, error);
}

vqc_status vqc_team_agree(vqc_team *team, vqc_status status, vqc_error *error)
{
    int64_t *statuses;
    if (team->size == 1)
        return status;
    VQC_TRY(vqc_memory_allocate((size_t)team->size, sizeof *statuses, "the members' outcomes", &statuses, error));
    statuses[team->member] = (int64_t)status;
    vqc_status summed = vqc_transport_group_sum(team->group, statuses, (size_t)team->size, error);
    int failed = 0;
    while (summed == VQC_OK && failed < team->size && statuses[failed] == VQC_OK)
        failed++;
    free(statuses);
    if (summed != VQC_OK)
        return summed;
    if (failed == team->size)
        return VQC_OK;
    VQC_TRY(vqc_transport_group_broadcast(team->group, error, sizeof *error, failed, error));
    return error->status;
}

vqc_status vqc_team_progress(vqc_team *team, vqc_error *error)
{
    return vqc_comm_progress(team->comm, error);
}

vqc_team_traffic vqc_team_traffic_of(const vqc_team *team)
{
    return team->traffic;
}
