#include "comm/comm.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "comm/handle.h"
#include "comm/transport.h"
#ifdef VQC_WITH_MPI
#include "comm/transport_mpi.h"
#endif

enum { HOST_NAME_SIZE = 256 };

struct vqc_comm {
    vqc_transport *transport; /* NULL: one rank, MPI was not started */
    vqc_transport_place place;
    char host[HOST_NAME_SIZE];
};

struct vqc_comm_counter {
    vqc_transport_window *window; /* NULL: one rank, the value is here */
    int64_t value;
};

vqc_status vqc_comm_start(int *argc, char ***argv, vqc_comm **comm_out, vqc_error *error)
{
    void *memory;
    VQC_TRY(vqc_memory_allocate(1, sizeof(vqc_comm), "the ranks", &memory, error));
    vqc_comm *comm = memory;
    comm->place = (vqc_transport_place){.size = 1, .local_size = 1};
    if (gethostname(comm->host, sizeof comm->host - 1) != 0)
        memcpy(comm->host, "unknown", sizeof "unknown");
    vqc_status status = vqc_transport_start(argc, argv, &comm->transport, &comm->place, error);
    if (status != VQC_OK) {
        free(comm);
        return status;
    }
    *comm_out = comm;
    return VQC_OK;
}

void vqc_comm_stop(vqc_comm *comm)
{
    if (!comm)
        return;
    vqc_transport_stop(comm->transport);
    free(comm);
}

void vqc_comm_abort(vqc_comm *comm, int exit_code)
{
    if (comm->place.size > 1)
        vqc_transport_abort(comm->transport, exit_code);
}

int vqc_comm_rank(const vqc_comm *comm)
{
    return comm->place.rank;
}

int vqc_comm_size(const vqc_comm *comm)
{
    return comm->place.size;
}

int vqc_comm_local_rank(const vqc_comm *comm)
{
    return comm->place.local_rank;
}

int vqc_comm_local_size(const vqc_comm *comm)
{
    return comm->place.local_size;
}

const char *vqc_comm_host(const vqc_comm *comm)
{
    return comm->host;
}

vqc_status vqc_comm_barrier(vqc_comm *comm, vqc_error *error)
{
    return comm->place.size == 1 ? VQC_OK : vqc_transport_barrier(comm->transport, error);
}

vqc_status vqc_comm_broadcast(vqc_comm *comm, void *data, size_t size, int root, vqc_error *error)
{
    return comm->place.size == 1 ? VQC_OK : vqc_transport_broadcast(comm->transport, data, size, root, error);
}

vqc_status vqc_comm_all_gather(vqc_comm *comm, const void *data, size_t size, void *all_out, vqc_error *error)
{
    if (comm->place.size > 1)
        return vqc_transport_all_gather(comm->transport, data, size, all_out, error);
    memcpy(all_out, data, size);
    return VQC_OK;
}

vqc_status vqc_comm_agree(vqc_comm *comm, vqc_status status, vqc_error *error)
{
    if (comm->place.size == 1)
        return status;
    void *memory;
    VQC_TRY(vqc_memory_allocate((size_t)comm->place.size, sizeof(int), "the ranks' outcomes", &memory, error));
    int *statuses = memory;
    const int own = (int)status;
    vqc_status gathered = vqc_transport_all_gather(comm->transport, &own, sizeof own, statuses, error);
    int failed = 0;
    while (gathered == VQC_OK && failed < comm->place.size && statuses[failed] == VQC_OK)
        failed++;
    free(memory);
    if (gathered != VQC_OK)
        return gathered;
    if (failed == comm->place.size)
        return VQC_OK;
    VQC_TRY(vqc_transport_broadcast(comm->transport, error, sizeof *error, failed, error));
    return error->status;
}

vqc_status vqc_comm_progress(vqc_comm *comm, vqc_error *error)
{
    return comm->place.size == 1 ? VQC_OK : vqc_transport_progress(comm->transport, error);
}

vqc_status vqc_comm_counter_create(vqc_comm *comm, vqc_comm_counter **counter_out, vqc_error *error)
{
    void *memory;
    VQC_TRY(vqc_memory_allocate(1, sizeof(vqc_comm_counter), "a counter", &memory, error));
    vqc_comm_counter *counter = memory;
    if (comm->place.size > 1) {
        vqc_status status = vqc_transport_window_create(comm->transport, &counter->window, error);
        if (status != VQC_OK) {
            free(counter);
            return status;
        }
    }
    *counter_out = counter;
    return VQC_OK;
}

void vqc_comm_counter_destroy(vqc_comm_counter *counter)
{
    if (!counter)
        return;
    if (counter->window)
        vqc_transport_window_destroy(counter->window);
    free(counter);
}

vqc_status vqc_comm_counter_next(vqc_comm_counter *counter, int64_t *value_out, vqc_error *error)
{
    if (counter->window)
        return vqc_transport_window_increment(counter->window, value_out, error);
    *value_out = counter->value++;
    return VQC_OK;
}

#ifdef VQC_WITH_MPI
MPI_Comm vqc_comm_handle(const vqc_comm *comm)
{
    return comm->transport ? vqc_transport_mpi_handle(comm->transport) : MPI_COMM_NULL;
}
#endif
