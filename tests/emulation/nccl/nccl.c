/* See nccl.h beside this file. */
#include "nccl.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

/* Questions until something is under way at last, and until a failure shows. */
enum { MEMBERS = 4, VALUES = 1 << 16, SLOW_POLLS = 3, FAILURE_POLLS = 20 };

/* The file that the members of a communicator share. */
typedef struct exchange {
    atomic_int connected;
    atomic_int given[MEMBERS]; /* the last round for which the member has put its values here */
    atomic_int taken[MEMBERS]; /* the last round of which it has the sums */
    int64_t values[MEMBERS][VALUES];
} exchange;

typedef enum stage { CONNECTS, IDLE, SUMS, PARTS, PARTED } stage;

struct ncclComm {
    exchange *shared;
    char path[128];
    int size, rank;
    stage now;
    int polls; /* in this stage */
    int round;
    bool given;
    int64_t *values;
    size_t count;
};

emulated_nccl emulated_nccl_state;
static bool stream_hangs;

static cudaError_t stream_state(cudaStream_t stream)
{
    (void)stream;
    return stream_hangs ? cudaErrorNotReady : cudaSuccess;
}

ncclResult_t ncclGetVersion(int *version)
{
    *version = 22809;
    return ncclSuccess;
}

const char *ncclGetErrorString(ncclResult_t result)
{
    return result == ncclRemoteError ? "remote process exited or there was a network error" : "invalid";
}

const char *ncclGetLastError(ncclComm_t comm)
{
    (void)comm;
    return "";
}

ncclResult_t ncclGetUniqueId(ncclUniqueId *id)
{
    (void)snprintf(id->internal, sizeof id->internal, "/tmp/emulated-nccl-XXXXXX");
    int file = mkstemp(id->internal);
    if (file < 0 || ftruncate(file, sizeof(exchange)) != 0)
        return ncclSystemError;
    (void)close(file);
    return ncclSuccess;
}

ncclResult_t ncclCommInitRankConfig(ncclComm_t *comm, int size, ncclUniqueId id, int rank, ncclConfig_t *config)
{
    if (config->blocking != 0 || size > MEMBERS || rank < 0 || rank >= size ||
        emulated_nccl_state.fault == EMULATED_NCCL_REFUSES)
        return ncclInvalidArgument;
    int file = open(id.internal, O_RDWR);
    if (file < 0)
        return ncclSystemError;
    struct ncclComm *made = calloc(1, sizeof *made);
    made->shared = mmap(NULL, sizeof *made->shared, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    (void)close(file);
    memcpy(made->path, id.internal, sizeof made->path);
    made->size = size;
    made->rank = rank;
    atomic_fetch_add(&made->shared->connected, 1);
    emulation_stream_state = stream_state;
    emulated_nccl_state.created++;
    *comm = made;
    return ncclInProgress;
}

ncclResult_t ncclAllReduce(const void *values, void *sums, size_t count, ncclDataType_t type, ncclRedOp_t operation,
                           ncclComm_t comm, cudaStream_t stream)
{
    if (comm->now != IDLE || values != sums || stream == NULL || type != ncclInt64 || operation != ncclSum ||
        count > VALUES)
        return ncclInvalidUsage;
    emulated_nccl_state.sums++;
    comm->polls = 0;
    stream_hangs = emulated_nccl_state.fault >= EMULATED_NCCL_HANGS;
    if (stream_hangs)
        return ncclSuccess;
    comm->now = SUMS;
    comm->round++;
    comm->given = false;
    comm->values = sums;
    comm->count = count;
    return ncclInProgress;
}

static bool all_reached(const struct ncclComm *comm, atomic_int *rounds, int round)
{
    for (int rank = 0; rank < comm->size; rank++)
        if (atomic_load(&rounds[rank]) < round)
            return false;
    return true;
}

/* Carries a sum on; whether it is done. */
static bool sum_advance(struct ncclComm *comm)
{
    exchange *shared = comm->shared;
    if (!comm->given && all_reached(comm, shared->taken, comm->round - 1)) {
        memcpy(shared->values[comm->rank], comm->values, comm->count * sizeof *comm->values);
        atomic_store(&shared->given[comm->rank], comm->round);
        comm->given = true;
    }
    if (!comm->given || !all_reached(comm, shared->given, comm->round))
        return false;
    for (size_t i = 0; i < comm->count; i++) {
        uint64_t sum = 0;
        for (int rank = 0; rank < comm->size; rank++)
            sum += (uint64_t)shared->values[rank][i];
        comm->values[i] = (int64_t)sum;
    }
    atomic_store(&shared->taken[comm->rank], comm->round);
    return true;
}

ncclResult_t ncclCommGetAsyncError(ncclComm_t comm, ncclResult_t *state)
{
    bool slow = comm->polls++ < SLOW_POLLS;
    if (comm->now == CONNECTS && !slow && atomic_load(&comm->shared->connected) >= comm->size) {
        (void)unlink(comm->path); /* only one of them finds it */
        comm->now = IDLE;
    } else if (comm->now == SUMS && !slow && sum_advance(comm)) {
        comm->now = IDLE;
    } else if (comm->now == PARTS && !slow) {
        comm->now = PARTED;
    }
    *state = comm->now == IDLE || comm->now == PARTED ? ncclSuccess : ncclInProgress;
    if (stream_hangs && emulated_nccl_state.fault == EMULATED_NCCL_FAILS && comm->polls > FAILURE_POLLS)
        *state = ncclRemoteError;
    return ncclSuccess;
}

static void release(ncclComm_t comm)
{
    (void)unlink(comm->path); /* if not all have connected */
    (void)munmap(comm->shared, sizeof *comm->shared);
    free(comm);
}

ncclResult_t ncclCommFinalize(ncclComm_t comm)
{
    if (comm->now != IDLE)
        return ncclInvalidUsage;
    comm->now = PARTS;
    comm->polls = 0;
    return ncclInProgress;
}

ncclResult_t ncclCommDestroy(ncclComm_t comm)
{
    if (comm->now != PARTED)
        return ncclInvalidUsage;
    release(comm);
    emulated_nccl_state.destroyed++;
    return ncclSuccess;
}

ncclResult_t ncclCommAbort(ncclComm_t comm)
{
    const struct timespec pause = {.tv_sec = (time_t)emulated_nccl_state.abort_seconds};
    (void)nanosleep(&pause, NULL);
    stream_hangs = false;
    release(comm);
    emulated_nccl_state.aborted++;
    return ncclSuccess;
}
