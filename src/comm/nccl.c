#define _GNU_SOURCE /* pthread_timedjoin_np */
#include "comm/nccl.h"

#include <nccl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/memory.h"

_Static_assert(sizeof(ncclUniqueId) == VQC_NCCL_ID_SIZE, "the size of what members find each other by");

struct vqc_nccl {
    ncclComm_t communicator;
};

/* Turns a result into a status; one that is not ready yet is none of a failure. NCCL has more words on a failure
 * than its result, of the last one at least. */
static vqc_status check(ncclResult_t result, ncclComm_t communicator, const char *action, vqc_error *error)
{
    if (result == ncclSuccess || result == ncclInProgress)
        return VQC_OK;
    const char *more = ncclGetLastError(communicator);
    const bool tells = more != NULL && more[0] != '\0';
    return vqc_error_set(error, VQC_FAILED, "NCCL cannot %s: %s%s%s", action, ncclGetErrorString(result),
                         tells ? ": " : "", tells ? more : "");
}

bool vqc_nccl_built(void)
{
    return true;
}

void vqc_nccl_version(char version_out[VQC_NCCL_VERSION_SIZE])
{
    int version = 0;
    version_out[0] = '\0';
    if (ncclGetVersion(&version) == ncclSuccess)
        (void)snprintf(version_out, VQC_NCCL_VERSION_SIZE, "NCCL %d.%d.%d", version / 10000, version / 100 % 100,
                       version % 100);
}

vqc_status vqc_nccl_id_create(unsigned char id_out[VQC_NCCL_ID_SIZE], vqc_error *error)
{
    ncclUniqueId id;
    VQC_TRY(check(ncclGetUniqueId(&id), NULL, "open a port for a team", error));
    memcpy(id_out, &id, sizeof id);
    return VQC_OK;
}

vqc_status vqc_nccl_create(const unsigned char id[VQC_NCCL_ID_SIZE], int size, int member, vqc_nccl **nccl_out,
                           vqc_error *error)
{
    vqc_nccl *nccl;
    ncclUniqueId unique;
    ncclConfig_t config = NCCL_CONFIG_INITIALIZER;
    VQC_TRY(vqc_memory_allocate(1, sizeof *nccl, "a team's communicator", &nccl, error));
    config.blocking = 0;
    memcpy(&unique, id, sizeof unique);
    vqc_status status = check(ncclCommInitRankConfig(&nccl->communicator, size, unique, member, &config), NULL,
                              "connect a team", error);
    if (status != VQC_OK) {
        free(nccl);
        return status;
    }
    *nccl_out = nccl;
    return VQC_OK;
}

vqc_status vqc_nccl_sum(vqc_nccl *nccl, int64_t *values, size_t count, void *stream, vqc_error *error)
{
    return check(ncclAllReduce(values, values, count, ncclInt64, ncclSum, nccl->communicator, stream),
                 nccl->communicator, "sum over a team", error);
}

vqc_status vqc_nccl_poll(vqc_nccl *nccl, bool *ready_out, vqc_error *error)
{
    ncclResult_t state = ncclSuccess;
    VQC_TRY(check(ncclCommGetAsyncError(nccl->communicator, &state), nccl->communicator, "tell of a team", error));
    *ready_out = state != ncclInProgress;
    return check(state, nccl->communicator, "work for a team", error);
}

vqc_status vqc_nccl_finish(vqc_nccl *nccl, vqc_error *error)
{
    return check(ncclCommFinalize(nccl->communicator), nccl->communicator, "part a team", error);
}

void vqc_nccl_destroy(vqc_nccl *nccl)
{
    if (nccl == NULL)
        return;
    (void)ncclCommDestroy(nccl->communicator);
    free(nccl);
}

static void *abort_run(void *communicator)
{
    (void)ncclCommAbort(communicator);
    return NULL;
}

/* On a thread of its own, as NCCL may not come back from it. */
void vqc_nccl_abort(vqc_nccl *nccl, double seconds)
{
    pthread_t thread;
    struct timespec until;
    if (nccl == NULL)
        return;
    (void)clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += (time_t)seconds + 1;
    if (pthread_create(&thread, NULL, abort_run, nccl->communicator) == 0 &&
        pthread_timedjoin_np(thread, NULL, &until) != 0)
        (void)pthread_detach(thread);
    free(nccl);
}
