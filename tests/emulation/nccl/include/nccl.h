#ifndef VQC_EMULATION_NCCL_H
#define VQC_EMULATION_NCCL_H

/* Stands in for NCCL's header in the emulation: what comm/nccl.c uses of it, with the meaning that NCCL's
 * documentation gives to a communicator that does not block. A build with NCCL checks that the true declarations fit.
 *
 * Members are processes of one host, which exchange values through a file in memory. A call only begins something;
 * ncclCommGetAsyncError carries it on, so that whoever does not ask until it is done gets nothing. The emulated
 * stream does what it is given at once, so a sum is done when it has been put onto the stream. */

#include <cuda_runtime_api.h>
#include <stdatomic.h>
#include <stddef.h>

typedef struct ncclComm *ncclComm_t;
typedef struct ncclUniqueId {
    char internal[128];
} ncclUniqueId;

typedef enum ncclResult {
    ncclSuccess,
    ncclSystemError = 2,
    ncclInvalidArgument = 4,
    ncclInvalidUsage = 5,
    ncclRemoteError = 6,
    ncclInProgress = 7
} ncclResult_t;
typedef enum { ncclInt64 = 4 } ncclDataType_t;
typedef enum { ncclSum = 0 } ncclRedOp_t;

typedef struct ncclConfig {
    int blocking;
} ncclConfig_t;
#define NCCL_CONFIG_INITIALIZER                                                                                      \
    {                                                                                                                \
        1                                                                                                            \
    }

ncclResult_t ncclGetVersion(int *version);
ncclResult_t ncclGetUniqueId(ncclUniqueId *id);
ncclResult_t ncclCommInitRankConfig(ncclComm_t *comm, int size, ncclUniqueId id, int rank, ncclConfig_t *config);
ncclResult_t ncclAllReduce(const void *values, void *sums, size_t count, ncclDataType_t type, ncclRedOp_t operation,
                           ncclComm_t comm, cudaStream_t stream);
ncclResult_t ncclCommGetAsyncError(ncclComm_t comm, ncclResult_t *state);
ncclResult_t ncclCommFinalize(ncclComm_t comm);
ncclResult_t ncclCommDestroy(ncclComm_t comm);
ncclResult_t ncclCommAbort(ncclComm_t comm);
const char *ncclGetErrorString(ncclResult_t result);
const char *ncclGetLastError(ncclComm_t comm);

/* What goes wrong in this process. */
typedef enum emulated_nccl_fault {
    EMULATED_NCCL_WELL,
    EMULATED_NCCL_REFUSES, /* no communicator is made */
    EMULATED_NCCL_HANGS,   /* a sum stays on the stream for ever */
    EMULATED_NCCL_FAILS    /* and the communicator reports a failure of another member after a while */
} emulated_nccl_fault;

/* Set by the tests, and what they look at. */
typedef struct emulated_nccl {
    emulated_nccl_fault fault;
    double abort_seconds; /* that ncclCommAbort takes */
    int created, sums, destroyed;
    atomic_int aborted; /* NCCL may be left alone with it on a thread */
} emulated_nccl;
extern emulated_nccl emulated_nccl_state;

#endif
