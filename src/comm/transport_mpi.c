#include "comm/transport_mpi.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "comm/launcher.h"

/* Messages count their bytes in an int. */
enum { PIECE_BYTES = 1 << 30 };

/* Of the messages between two ranks. */
enum { LETTER_TAG = 1 };

struct vqc_transport {
    MPI_Comm all; /* a duplicate of the world's: messages of libraries do not mix with ours */
    int rank;
    bool one_host; /* all ranks share a host */
};

struct vqc_transport_window {
    MPI_Win handle;
};

vqc_status vqc_mpi_check(int code, const char *action, vqc_error *error)
{
    if (code == MPI_SUCCESS)
        return VQC_OK;
    char text[MPI_MAX_ERROR_STRING] = "unknown error";
    int length = 0;
    (void)MPI_Error_string(code, text, &length);
    return vqc_error_set(error, VQC_FAILED, "MPI cannot %s: %s", action, text);
}

static vqc_status place_find(MPI_Comm all, vqc_transport_place *place, vqc_error *error)
{
    VQC_TRY(vqc_mpi_check(MPI_Comm_rank(all, &place->rank), "tell the rank", error));
    VQC_TRY(vqc_mpi_check(MPI_Comm_size(all, &place->size), "count the ranks", error));
    MPI_Comm local;
    VQC_TRY(vqc_mpi_check(MPI_Comm_split_type(all, MPI_COMM_TYPE_SHARED, place->rank, MPI_INFO_NULL, &local),
                          "find the ranks of a host", error));
    vqc_status status = vqc_mpi_check(MPI_Comm_rank(local, &place->local_rank), "tell the rank on a host", error);
    if (status == VQC_OK)
        status = vqc_mpi_check(MPI_Comm_size(local, &place->local_size), "count the ranks of a host", error);
    (void)MPI_Comm_free(&local);
    return status;
}

/* Shared numbers on several hosts need one-sided messages. Debian's configuration of Open MPI 4.1 excludes both
 * components that could carry them over TCP ("osc = ^ucx,pt2pt"); this excludes only the one for other networks. What
 * the user has set, in the environment or on mpirun's command line, stays. */
static void one_sided_messages_allow(void)
{
    (void)setenv("OMPI_MCA_osc", "^ucx", 0);
}

vqc_status vqc_transport_start(int *argc, char ***argv, vqc_transport **transport_out, vqc_transport_place *place_out,
                               vqc_error *error)
{
    *transport_out = NULL;
    if (!vqc_launcher_connects())
        return vqc_launcher_check(1, error);
    int provided;
    one_sided_messages_allow();
    VQC_TRY(vqc_mpi_check(MPI_Init_thread(argc, argv, MPI_THREAD_FUNNELED, &provided), "start", error));
    if (provided < MPI_THREAD_FUNNELED)
        return vqc_error_set(error, VQC_FAILED, "this MPI library cannot be used in a program with threads");
    void *memory;
    VQC_TRY(vqc_memory_allocate(1, sizeof(vqc_transport), "MPI's communicator", &memory, error));
    vqc_transport *transport = memory;
    vqc_status status =
        vqc_mpi_check(MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN), "report errors", error);
    if (status == VQC_OK)
        status = vqc_mpi_check(MPI_Comm_dup(MPI_COMM_WORLD, &transport->all), "duplicate its communicator", error);
    if (status == VQC_OK)
        status = place_find(transport->all, place_out, error);
    if (status == VQC_OK)
        status = vqc_launcher_check(place_out->size, error);
    if (status != VQC_OK) {
        free(transport);
        return status;
    }
    transport->rank = place_out->rank;
    transport->one_host = place_out->local_size == place_out->size;
    *transport_out = transport;
    return VQC_OK;
}

void vqc_transport_stop(vqc_transport *transport)
{
    if (!transport)
        return;
    (void)MPI_Comm_free(&transport->all);
    (void)MPI_Finalize();
    free(transport);
}

void vqc_transport_abort(vqc_transport *transport, int exit_code)
{
    (void)MPI_Abort(transport->all, exit_code);
}

MPI_Comm vqc_transport_mpi_handle(const vqc_transport *transport)
{
    return transport->all;
}

vqc_status vqc_transport_barrier(vqc_transport *transport, vqc_error *error)
{
    return vqc_mpi_check(MPI_Barrier(transport->all), "wait for all ranks", error);
}

vqc_status vqc_transport_broadcast(vqc_transport *transport, void *data, size_t size, int root, vqc_error *error)
{
    char *bytes = data;
    for (size_t done = 0; done < size; done += PIECE_BYTES) {
        const int piece = size - done < PIECE_BYTES ? (int)(size - done) : PIECE_BYTES;
        VQC_TRY(vqc_mpi_check(MPI_Bcast(bytes + done, piece, MPI_BYTE, root, transport->all), "broadcast", error));
    }
    return VQC_OK;
}

vqc_status vqc_transport_all_gather(vqc_transport *transport, const void *data, size_t size, void *all_out,
                                    vqc_error *error)
{
    if (size > PIECE_BYTES)
        return vqc_error_set(error, VQC_FAILED, "MPI cannot gather %zu bytes a rank: at most %d are possible", size,
                             PIECE_BYTES);
    const int count = (int)size;
    return vqc_mpi_check(MPI_Allgather(data, count, MPI_BYTE, all_out, count, MPI_BYTE, transport->all), "gather",
                         error);
}

vqc_status vqc_transport_progress(vqc_transport *transport, vqc_error *error)
{
    int flag;
    if (transport->one_host || transport->rank != 0)
        return VQC_OK;
    return vqc_mpi_check(MPI_Iprobe(MPI_ANY_SOURCE, MPI_ANY_TAG, transport->all, &flag, MPI_STATUS_IGNORE),
                         "look for messages", error);
}

vqc_status vqc_transport_send(vqc_transport *transport, int rank, const void *data, size_t size, vqc_error *error)
{
    if (size > PIECE_BYTES)
        return vqc_error_set(error, VQC_FAILED, "MPI cannot send %zu bytes at once: at most %d are possible", size,
                             PIECE_BYTES);
    return vqc_mpi_check(MPI_Send(data, (int)size, MPI_BYTE, rank, LETTER_TAG, transport->all), "send", error);
}

vqc_status vqc_transport_receive(vqc_transport *transport, void *data, size_t capacity, size_t *size_out,
                                 int *source_out, vqc_error *error)
{
    int flag;
    int size;
    MPI_Status found;
    *size_out = 0;
    VQC_TRY(vqc_mpi_check(MPI_Iprobe(MPI_ANY_SOURCE, LETTER_TAG, transport->all, &flag, &found), "look for messages",
                          error));
    if (!flag)
        return VQC_OK;
    VQC_TRY(vqc_mpi_check(MPI_Get_count(&found, MPI_BYTE, &size), "measure a message", error));
    if ((size_t)size > capacity)
        return vqc_error_set(error, VQC_FAILED, "a message of rank %d has %d bytes: expected at most %zu",
                             found.MPI_SOURCE, size, capacity);
    VQC_TRY(
        vqc_mpi_check(MPI_Recv(data, size, MPI_BYTE, found.MPI_SOURCE, LETTER_TAG, transport->all, MPI_STATUS_IGNORE),
                      "receive", error));
    *size_out = (size_t)size;
    *source_out = found.MPI_SOURCE;
    return VQC_OK;
}

/* Zeroes rank 0's integers and opens the window to everybody for as long as it exists. */
static vqc_status window_open(vqc_transport *transport, MPI_Win handle, int64_t *values, size_t count,
                              vqc_error *error)
{
    VQC_TRY(vqc_mpi_check(MPI_Win_set_errhandler(handle, MPI_ERRORS_RETURN), "report errors", error));
    VQC_TRY(vqc_mpi_check(MPI_Win_lock_all(0, handle), "open shared numbers", error));
    for (size_t i = 0; i < count; i++)
        values[i] = 0;
    VQC_TRY(vqc_mpi_check(MPI_Win_sync(handle), "share numbers", error));
    return vqc_transport_barrier(transport, error);
}

/* Memory of the size given on each rank, in a window. On one host it is shared memory, which ranks reach without the
 * help of the one that owns it. */
static int window_allocate(const vqc_transport *transport, MPI_Aint size, int64_t **values, MPI_Win *handle)
{
    if (transport->one_host)
        return MPI_Win_allocate_shared(size, sizeof **values, MPI_INFO_NULL, transport->all, values, handle);
    return MPI_Win_allocate(size, sizeof **values, MPI_INFO_NULL, transport->all, values, handle);
}

vqc_status vqc_transport_window_create(vqc_transport *transport, size_t count, vqc_transport_window **window_out,
                                       vqc_error *error)
{
    void *memory;
    VQC_TRY(vqc_memory_allocate(1, sizeof(vqc_transport_window), "shared numbers", &memory, error));
    vqc_transport_window *window = memory;
    int rank = 0;
    int64_t *values = NULL;
    vqc_status status = vqc_mpi_check(MPI_Comm_rank(transport->all, &rank), "tell the rank", error);
    const size_t own = rank == 0 ? count : 0;
    if (status == VQC_OK)
        status = vqc_mpi_check(window_allocate(transport, (MPI_Aint)(own * sizeof *values), &values, &window->handle),
                               "make shared numbers", error);
    if (status == VQC_OK)
        status = window_open(transport, window->handle, values, own, error);
    if (status != VQC_OK) {
        free(window);
        return status;
    }
    *window_out = window;
    return VQC_OK;
}

void vqc_transport_window_destroy(vqc_transport_window *window)
{
    (void)MPI_Win_unlock_all(window->handle);
    (void)MPI_Win_free(&window->handle);
    free(window);
}

vqc_status vqc_transport_window_add(vqc_transport_window *window, size_t index, int64_t amount, int64_t *before_out,
                                    vqc_error *error)
{
    VQC_TRY(
        vqc_mpi_check(MPI_Fetch_and_op(&amount, before_out, MPI_INT64_T, 0, (MPI_Aint)index, MPI_SUM, window->handle),
                      "add to a shared number", error));
    return vqc_mpi_check(MPI_Win_flush(0, window->handle), "add to a shared number", error);
}

vqc_status vqc_transport_window_read(vqc_transport_window *window, size_t first, size_t count, int64_t *values,
                                     vqc_error *error)
{
    const int64_t unused = 0;
    VQC_TRY(vqc_mpi_check(MPI_Get_accumulate(&unused, 0, MPI_INT64_T, values, (int)count, MPI_INT64_T, 0,
                                             (MPI_Aint)first, (int)count, MPI_INT64_T, MPI_NO_OP, window->handle),
                          "read shared numbers", error));
    return vqc_mpi_check(MPI_Win_flush(0, window->handle), "read shared numbers", error);
}

vqc_status vqc_transport_library(vqc_text *text, vqc_error *error)
{
    char name[MPI_MAX_LIBRARY_VERSION_STRING];
    int length;
    if (MPI_Get_library_version(name, &length) != MPI_SUCCESS) /* may be called without starting MPI */
        return vqc_text_append(text, error, "MPI\n");
    return vqc_text_append(text, error, "%.*s\n", (int)strcspn(name, ",\n"), name);
}
