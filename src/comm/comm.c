#include "comm/comm.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "comm/devices.h"
#include "comm/handle.h"
#include "comm/transport.h"
#ifdef VQC_WITH_MPI
#include "comm/transport_mpi.h"
#endif

enum { HOST_NAME_SIZE = 256 };

struct vqc_comm {
    vqc_transport *transport; /* NULL: one rank, MPI was not started */
    vqc_transport_place place;
    vqc_devices devices;
    char host[HOST_NAME_SIZE];
};

struct vqc_comm_numbers {
    vqc_transport_window *window; /* NULL: one rank, the values are here */
    int64_t value[];
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
    free(comm->devices.first);
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

vqc_status vqc_comm_send(vqc_comm *comm, int rank, const void *letter, size_t size, vqc_error *error)
{
    if (comm->place.size == 1)
        return vqc_error_set(error, VQC_FAILED, "there is no rank %d among 1", rank);
    return vqc_transport_send(comm->transport, rank, letter, size, error);
}

vqc_status vqc_comm_receive(vqc_comm *comm, void *letter, size_t capacity, size_t *size_out, int *source_out,
                            vqc_error *error)
{
    *size_out = 0;
    if (comm->place.size == 1)
        return VQC_OK;
    return vqc_transport_receive(comm->transport, letter, capacity, size_out, source_out, error);
}

vqc_status vqc_comm_numbers_create(vqc_comm *comm, size_t count, vqc_comm_numbers **numbers_out, vqc_error *error)
{
    void *memory;
    const size_t own = comm->place.size > 1 ? 0 : count;
    VQC_TRY(
        vqc_memory_allocate(1, sizeof(vqc_comm_numbers) + own * sizeof(int64_t), "shared numbers", &memory, error));
    vqc_comm_numbers *numbers = memory;
    if (comm->place.size > 1) {
        vqc_status status = vqc_transport_window_create(comm->transport, count, &numbers->window, error);
        if (status != VQC_OK) {
            free(numbers);
            return status;
        }
    }
    *numbers_out = numbers;
    return VQC_OK;
}

void vqc_comm_numbers_destroy(vqc_comm_numbers *numbers)
{
    if (!numbers)
        return;
    if (numbers->window)
        vqc_transport_window_destroy(numbers->window);
    free(numbers);
}

vqc_status vqc_comm_numbers_add(vqc_comm_numbers *numbers, size_t index, int64_t amount, int64_t *before_out,
                                vqc_error *error)
{
    if (numbers->window)
        return vqc_transport_window_add(numbers->window, index, amount, before_out, error);
    *before_out = numbers->value[index];
    numbers->value[index] += amount;
    return VQC_OK;
}

vqc_status vqc_comm_numbers_read(vqc_comm_numbers *numbers, size_t first, size_t count, int64_t *values,
                                 vqc_error *error)
{
    if (numbers->window)
        return vqc_transport_window_read(numbers->window, first, count, values, error);
    memcpy(values, numbers->value + first, count * sizeof *values);
    return VQC_OK;
}

vqc_transport *vqc_comm_transport(vqc_comm *comm)
{
    return comm->transport;
}

vqc_devices *vqc_comm_devices(vqc_comm *comm)
{
    return &comm->devices;
}

#ifdef VQC_WITH_MPI
MPI_Comm vqc_comm_handle(const vqc_comm *comm)
{
    return comm->transport ? vqc_transport_mpi_handle(comm->transport) : MPI_COMM_NULL;
}
#endif
