/* Sums of device memory over a team: by NCCL, or through the host's memory. */
#include <sched.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/memory.h"
#include "comm/devices.h"
#include "comm/team_state.h"

/* A wait asks again and again, giving way to other processes, for as long as a step may take; then it sleeps in
 * between. */
static const double seconds_before_sleep = 20e-3;
enum { SLEEP_NANOSECONDS = 100 * 1000 };
static const double abort_seconds = 2.0;

static void wait_pause(double waited)
{
    const struct timespec pause = {.tv_nsec = SLEEP_NANOSECONDS};
    if (waited < seconds_before_sleep)
        (void)sched_yield();
    else
        (void)nanosleep(&pause, NULL);
}

/* Looks whether all members have come to the sum under way. */
static vqc_status assembly_look(vqc_team *team, vqc_error *error)
{
    bool all = false;
    if (team->assembling)
        VQC_TRY(vqc_transport_subset_arrived(team->subset, &all, error));
    if (!all)
        return VQC_OK;
    team->assembling = false;
    team->assembled = vqc_clock_seconds();
    return VQC_OK;
}

/* Between two questions to the device or to NCCL. What goes on for longer than the launch waits for a rank, although
 * all members have come, is a failure; that a member which has not come is alive, and only late, is for the watch
 * over the ranks to see. `what` completes "the ... of a team of N". */
static vqc_status wait_go_on(vqc_team *team, double started, const char *what, vqc_error *error)
{
    VQC_TRY(assembly_look(team, error));
    const double now = vqc_clock_seconds();
    const double since = started > team->assembled ? started : team->assembled;
    const double timeout = vqc_comm_devices(team->comm)->options.timeout_seconds;
    if (timeout > 0.0 && !team->assembling && now - since > timeout)
        return vqc_error_set(error, VQC_FAILED,
                             "the %s of a team of %d ranks has not come to an end within %.0f s (--peer-timeout)",
                             what, team->size, timeout);
    wait_pause(now - started);
    return vqc_comm_progress(team->comm, error);
}

/* Waits until all members have come to the last sum. */
static vqc_status assembly_wait(vqc_team *team, vqc_error *error)
{
    const double started = vqc_clock_seconds();
    VQC_TRY(assembly_look(team, error));
    while (team->assembling)
        VQC_TRY(wait_go_on(team, started, "assembly", error));
    return VQC_OK;
}

/* This member has come to a sum. */
static vqc_status assembly_begin(vqc_team *team, vqc_error *error)
{
    if (team->subset == NULL)
        return VQC_OK;
    VQC_TRY(assembly_wait(team, error));
    VQC_TRY(vqc_transport_subset_arrive(team->subset, error));
    team->assembling = true;
    return VQC_OK;
}

/* Waits until NCCL has done what it was asked to start. */
static vqc_status nccl_wait(vqc_team *team, const char *what, vqc_error *error)
{
    bool ready = false;
    const double started = vqc_clock_seconds();
    for (;;) {
        VQC_TRY(vqc_nccl_poll(team->nccl, &ready, error));
        if (ready)
            return VQC_OK;
        VQC_TRY(wait_go_on(team, started, what, error));
    }
}

static vqc_status lost_again(vqc_error *error)
{
    return vqc_error_set(error, VQC_FAILED, "the devices of this team have failed before");
}

/* The team's devices cannot go on together: the other members may wait for this one's for ever, so that the launch
 * has to end. */
static vqc_status team_lose(vqc_team *team, vqc_error *error)
{
    const vqc_error reason = *error;
    const vqc_devices_options *options = &vqc_comm_devices(team->comm)->options;
    vqc_nccl_abort(team->nccl, abort_seconds);
    team->nccl = NULL;
    team->lost = true;
    vqc_error_fill(error, VQC_FAILED, "rank %d (host %s): %s; the same command goes on from the last checkpoints",
                   vqc_comm_rank(team->comm), vqc_comm_host(team->comm), reason.message);
    if (options->lost != NULL)
        options->lost(error->message, options->context);
    return VQC_FAILED;
}

/* Whether there is nobody to sum with. */
static bool is_alone(const vqc_team *team)
{
    return team->size == 1 && !vqc_comm_devices(team->comm)->options.single;
}

static bool sums_by_nccl(const vqc_team *team)
{
    return vqc_nccl_built() && vqc_devices_differ(vqc_comm_devices(team->comm), team->ranks, team->size);
}

/* Connects the members' devices. */
static vqc_status nccl_connect(vqc_team *team, vqc_error *error)
{
    unsigned char id[VQC_NCCL_ID_SIZE] = {0};
    vqc_status status = team->member == 0 ? vqc_nccl_id_create(id, error) : VQC_OK;
    VQC_TRY(vqc_team_agree(team, status, error));
    VQC_TRY(vqc_team_broadcast(team, id, sizeof id, 0, error));
    VQC_TRY(vqc_nccl_create(id, team->size, team->member, &team->nccl, error));
    return nccl_wait(team, "connection", error);
}

static vqc_status nccl_sum(vqc_team *team, int64_t *values, size_t count, void *stream, vqc_error *error)
{
    if (team->nccl == NULL)
        VQC_TRY(nccl_connect(team, error));
    VQC_TRY(assembly_begin(team, error));
    VQC_TRY(vqc_nccl_sum(team->nccl, values, count, stream, error));
    return nccl_wait(team, "sum", error);
}

static vqc_status staged_sum(vqc_team *team, vqc_ops *ops, int64_t *values, size_t count, vqc_error *error)
{
    const size_t size = count * sizeof *values;
    VQC_TRY(vqc_memory_grow(&team->staging, &team->staging_capacity, count, sizeof *values, "a team's sums", error));
    VQC_TRY(vqc_ops_download(ops, team->staging, values, size, error));
    if (team->size > 1)
        VQC_TRY(vqc_transport_subset_sum(team->subset, team->staging, count, error));
    return vqc_ops_upload(ops, values, team->staging, size, error);
}

vqc_status vqc_team_sum_device(vqc_team *team, vqc_ops *ops, int64_t *values, size_t count, vqc_error *error)
{
    void *stream = vqc_ops_stream(ops);
    if (stream == NULL)
        return vqc_team_sum(team, values, count, error);
    if (is_alone(team))
        return VQC_OK;
    if (team->lost)
        return lost_again(error);
    vqc_team_traffic_count(team, count);
    vqc_status status = sums_by_nccl(team) ? nccl_sum(team, values, count, stream, error)
                                           : staged_sum(team, ops, values, count, error);
    return status == VQC_OK ? VQC_OK : team_lose(team, error);
}

/* Between two questions about work that has nothing to do with other members. */
static vqc_status own_work_go_on(vqc_team *team, double started, vqc_error *error)
{
    wait_pause(vqc_clock_seconds() - started);
    return vqc_comm_progress(team->comm, error);
}

static vqc_status event_wait(vqc_team *team, vqc_event event, vqc_error *error)
{
    bool over;
    bool ready;
    const double started = vqc_clock_seconds();
    for (;;) {
        VQC_TRY(vqc_event_poll(event, &over, error));
        if (over)
            return VQC_OK;
        if (team->nccl != NULL)
            VQC_TRY(vqc_nccl_poll(team->nccl, &ready, error));
        VQC_TRY(own_work_go_on(team, started, error));
    }
}

/* Waits for the device, and looks after what it waits for. */
static vqc_status device_wait(vqc_team *team, vqc_ops *ops, vqc_error *error)
{
    bool done;
    bool ready;
    const double started = vqc_clock_seconds();
    for (;;) {
        VQC_TRY(vqc_ops_poll(ops, &done, error));
        if (done)
            return VQC_OK;
        if (team->nccl == NULL) {
            VQC_TRY(own_work_go_on(team, started, error));
            continue;
        }
        VQC_TRY(vqc_nccl_poll(team->nccl, &ready, error));
        VQC_TRY(wait_go_on(team, started, "step", error));
    }
}

vqc_status vqc_team_wait_device(vqc_team *team, vqc_ops *ops, vqc_error *error)
{
    if (team->lost)
        return lost_again(error);
    vqc_status status = device_wait(team, ops, error);
    return status == VQC_OK || is_alone(team) ? status : team_lose(team, error);
}

vqc_status vqc_team_wait_event(vqc_team *team, vqc_event event, vqc_error *error)
{
    if (team->lost)
        return lost_again(error);
    vqc_status status = event_wait(team, event, error);
    return status == VQC_OK || is_alone(team) ? status : team_lose(team, error);
}

void vqc_team_device_release(vqc_team *team)
{
    vqc_error ignored = {0}; /* the sums are done, and the team is no more */
    free(team->staging);
    if (team->nccl == NULL)
        return;
    vqc_status status = assembly_wait(team, &ignored);
    if (status == VQC_OK)
        status = vqc_nccl_finish(team->nccl, &ignored);
    if (status == VQC_OK)
        status = nccl_wait(team, "end", &ignored);
    if (status == VQC_OK)
        vqc_nccl_destroy(team->nccl);
    else
        vqc_nccl_abort(team->nccl, abort_seconds);
}
