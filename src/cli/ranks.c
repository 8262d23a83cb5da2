#include "cli/ranks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/visible.h"
#include "cli/commands.h"
#include "cli/interruption.h"
#include "comm/arrival.h"
#include "comm/devices.h"

static const double arrival_seconds = 20.0; /* of the other ranks, before that is said */

static void line_say(const char *line)
{
    vqc_print(stderr, "vqclip: %s\n", line);
}

vqc_status vqc_ranks_meet(long peer_timeout, vqc_ranks *ranks_out, vqc_error *error)
{
    vqc_arrival *arrival;
    *ranks_out = (vqc_ranks){0};
    VQC_TRY(vqc_arrival_await(arrival_seconds, line_say, &arrival, error));
    vqc_status status = vqc_comm_start(NULL, NULL, &ranks_out->comm, error);
    if (status == VQC_OK)
        status = vqc_interruption_ranks(ranks_out->comm, peer_timeout, &ranks_out->watch, error);
    vqc_arrival_end(arrival);
    return status;
}

vqc_status vqc_ranks_timeout_check(long peer_timeout, vqc_error *error)
{
    if (peer_timeout == 0 || (peer_timeout >= VQC_WATCH_TIMEOUT_MINIMUM && peer_timeout <= VQC_WATCH_TIMEOUT_MAXIMUM))
        return VQC_OK;
    return vqc_error_set(error, VQC_BAD_INPUT, "--peer-timeout: expected 0 or %d to %d, found %ld",
                         VQC_WATCH_TIMEOUT_MINIMUM, VQC_WATCH_TIMEOUT_MAXIMUM, peer_timeout);
}

/* That all ranks compute on the same kind of device: the same work would not give the same bytes otherwise. */
static vqc_status devices_check(const vqc_compute *compute, vqc_comm *comm, vqc_error *error)
{
    char name[8] = {0};
    char *names;
    int size = vqc_comm_size(comm);
    (void)snprintf(name, sizeof name, "%s", vqc_ops_name(compute->ops));
    VQC_TRY(vqc_memory_allocate((size_t)size, sizeof name, "device names", &names, error));
    vqc_status status = vqc_comm_all_gather(comm, name, sizeof name, names, error);
    for (int rank = 1; rank < size && status == VQC_OK; rank++)
        if (strcmp(names + (size_t)rank * sizeof name, names) != 0)
            status = vqc_error_set(error, VQC_BAD_INPUT,
                                   "--device auto: %s on rank 0 but %s on rank %d; name one that all have", names,
                                   names + (size_t)rank * sizeof name, rank);
    free(names);
    return status;
}

vqc_status vqc_ranks_open_devices(const vqc_ranks *ranks, long peer_timeout, vqc_compute *compute, vqc_error *error)
{
    compute->device_number = vqc_comm_local_rank(ranks->comm);
    compute->quiet = vqc_comm_rank(ranks->comm) != 0;
    VQC_TRY(vqc_comm_agree(ranks->comm, vqc_compute_open(compute, error), error));
    VQC_TRY(devices_check(compute, ranks->comm, error));
    const vqc_devices_options devices = {
        .share = compute->share_device,
        .timeout_seconds = (double)peer_timeout,
        .lost = vqc_interruption_lost,
    };
    return vqc_comm_devices_set(ranks->comm, compute->ops, &devices, error);
}

void vqc_ranks_say(const vqc_ranks *ranks, vqc_status status, vqc_error *error)
{
    if (vqc_comm_rank(ranks->comm) != 0)
        error->message[0] = '\0';
    else if (status != VQC_OK && vqc_comm_size(ranks->comm) > 1)
        vqc_command_error_say(error);
}

void vqc_ranks_part(vqc_ranks *ranks)
{
    vqc_comm_stop(ranks->comm);
    vqc_watch_stop(ranks->watch);
}
