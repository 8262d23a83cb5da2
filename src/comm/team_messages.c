/* What a team's members tell each other through the host's memory. */
#include <stdlib.h>

#include "base/memory.h"
#include "comm/team_state.h"

vqc_status vqc_team_sum(vqc_team *team, int64_t *values, size_t count, vqc_error *error)
{
    if (team->size == 1)
        return VQC_OK;
    vqc_team_traffic_count(team, count);
    return vqc_transport_subset_sum(team->subset, values, count, error);
}

vqc_status vqc_team_broadcast(vqc_team *team, void *data, size_t size, int root, vqc_error *error)
{
    return team->size == 1 ? VQC_OK : vqc_transport_subset_broadcast(team->subset, data, size, root, error);
}

vqc_status vqc_team_agree(vqc_team *team, vqc_status status, vqc_error *error)
{
    int64_t *statuses;
    if (team->size == 1)
        return status;
    VQC_TRY(vqc_memory_allocate((size_t)team->size, sizeof *statuses, "the members' outcomes", &statuses, error));
    statuses[team->member] = (int64_t)status;
    vqc_status summed = vqc_transport_subset_sum(team->subset, statuses, (size_t)team->size, error);
    int failed = 0;
    while (summed == VQC_OK && failed < team->size && statuses[failed] == VQC_OK)
        failed++;
    free(statuses);
    if (summed != VQC_OK)
        return summed;
    if (failed == team->size)
        return VQC_OK;
    VQC_TRY(vqc_transport_subset_broadcast(team->subset, error, sizeof *error, failed, error));
    return error->status;
}
