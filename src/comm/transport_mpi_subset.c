#include "comm/transport_mpi.h"

#include <sched.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/memory.h"

/* Messages count their elements in an int. */
enum { PIECE_ELEMENTS = 1 << 27 };

/* A wait first asks again and again, giving way to other processes; a message between two ranks at work takes less
 * than that. Then it sleeps in between, each time for a small part of what it has waited so far. */
static const double seconds_before_sleep = 200e-6;
static const double sleep_share = 1.0 / 16.0;
static const double longest_sleep = 1e-3;

struct vqc_transport_subset {
    MPI_Comm members;
    MPI_Request arrival; /* of vqc_transport_subset_arrive */
};

vqc_status vqc_transport_subset_create(vqc_transport *transport, const int *ranks, int count,
                                       vqc_transport_subset **subset_out, vqc_error *error)
{
    vqc_transport_subset *subset;
    MPI_Group all;
    MPI_Group chosen;
    MPI_Comm handle = vqc_transport_mpi_handle(transport);
    VQC_TRY(vqc_memory_allocate(1, sizeof *subset, "a team", &subset, error));
    vqc_status status = vqc_mpi_check(MPI_Comm_group(handle, &all), "list the ranks", error);
    if (status == VQC_OK) {
        status = vqc_mpi_check(MPI_Group_incl(all, count, ranks, &chosen), "choose ranks for a team", error);
        (void)MPI_Group_free(&all);
    }
    if (status == VQC_OK) {
        /* The leader's number as the tag: a rank makes one team at a time. */
        status =
            vqc_mpi_check(MPI_Comm_create_group(handle, chosen, ranks[0], &subset->members), "make a team", error);
        (void)MPI_Group_free(&chosen);
    }
    if (status != VQC_OK) {
        free(subset);
        return status;
    }
    subset->arrival = MPI_REQUEST_NULL;
    *subset_out = subset;
    return VQC_OK;
}

void vqc_transport_subset_destroy(vqc_transport_subset *subset)
{
    int complete = 0;
    if (subset == NULL)
        return;
    /* Members that have not all come to where they tell of it (the team has failed) may still: MPI keeps what it
     * needs for that, and so the communicator stays. */
    if (MPI_Test(&subset->arrival, &complete, MPI_STATUS_IGNORE) == MPI_SUCCESS && complete)
        (void)MPI_Comm_free(&subset->members);
    free(subset);
}

static void wait_pause(double waited)
{
    if (waited < seconds_before_sleep) {
        (void)sched_yield();
        return;
    }
    double seconds = waited * sleep_share;
    const struct timespec pause = {
        .tv_nsec = (long)((seconds < longest_sleep ? seconds : longest_sleep) * 1e9),
    };
    (void)nanosleep(&pause, NULL);
}

/* Waits until the request is complete. Asking also lets messages of others through. */
static vqc_status request_wait(MPI_Request *request, const char *action, vqc_error *error)
{
    double started = vqc_clock_seconds();
    for (;;) {
        int complete;
        VQC_TRY(vqc_mpi_check(MPI_Test(request, &complete, MPI_STATUS_IGNORE), action, error));
        if (complete)
            return VQC_OK;
        wait_pause(vqc_clock_seconds() - started);
    }
}

vqc_status vqc_transport_subset_sum(vqc_transport_subset *subset, int64_t *values, size_t count, vqc_error *error)
{
    for (size_t done = 0; done < count; done += PIECE_ELEMENTS) {
        MPI_Request request;
        const int piece = count - done < PIECE_ELEMENTS ? (int)(count - done) : PIECE_ELEMENTS;
        VQC_TRY(vqc_mpi_check(
            MPI_Iallreduce(MPI_IN_PLACE, values + done, piece, MPI_INT64_T, MPI_SUM, subset->members, &request),
            "sum over a team", error));
        VQC_TRY(request_wait(&request, "sum over a team", error));
    }
    return VQC_OK;
}

vqc_status vqc_transport_subset_arrive(vqc_transport_subset *subset, vqc_error *error)
{
    return vqc_mpi_check(MPI_Ibarrier(subset->members, &subset->arrival), "tell a team of its members", error);
}

vqc_status vqc_transport_subset_arrived(vqc_transport_subset *subset, bool *all_out, vqc_error *error)
{
    int all = 0;
    VQC_TRY(vqc_mpi_check(MPI_Test(&subset->arrival, &all, MPI_STATUS_IGNORE), "look for a team's members", error));
    *all_out = all;
    return VQC_OK;
}

vqc_status vqc_transport_subset_broadcast(vqc_transport_subset *subset, void *data, size_t size, int root,
                                          vqc_error *error)
{
    char *bytes = data;
    for (size_t done = 0; done < size; done += PIECE_ELEMENTS) {
        MPI_Request request;
        const int piece = size - done < PIECE_ELEMENTS ? (int)(size - done) : PIECE_ELEMENTS;
        VQC_TRY(vqc_mpi_check(MPI_Ibcast(bytes + done, piece, MPI_BYTE, root, subset->members, &request),
                              "broadcast in a team", error));
        VQC_TRY(request_wait(&request, "broadcast in a team", error));
    }
    return VQC_OK;
}
