/* One rank, in a build without MPI. */
#include "comm/transport.h"

#include "comm/launcher.h"

static vqc_status unavailable(vqc_error *error)
{
    return vqc_error_set(error, VQC_FAILED, "this build of the program has no MPI");
}

vqc_status vqc_transport_start(int *argc, char ***argv, vqc_transport **transport_out, vqc_transport_place *place_out,
                               vqc_error *error)
{
    (void)argc, (void)argv, (void)place_out;
    *transport_out = NULL;
    return vqc_launcher_check(1, error);
}

void vqc_transport_stop(vqc_transport *transport)
{
    (void)transport;
}

void vqc_transport_abort(vqc_transport *transport, int exit_code)
{
    (void)transport, (void)exit_code;
}

vqc_status vqc_transport_barrier(vqc_transport *transport, vqc_error *error)
{
    (void)transport;
    return unavailable(error);
}

vqc_status vqc_transport_broadcast(vqc_transport *transport, void *data, size_t size, int root, vqc_error *error)
{
    (void)transport, (void)data, (void)size, (void)root;
    return unavailable(error);
}

vqc_status vqc_transport_all_gather(vqc_transport *transport, const void *data, size_t size, void *all_out,
                                    vqc_error *error)
{
    (void)transport, (void)data, (void)size, (void)all_out;
    return unavailable(error);
}

vqc_status vqc_transport_progress(vqc_transport *transport, vqc_error *error)
{
    (void)transport;
    return unavailable(error);
}

vqc_status vqc_transport_send(vqc_transport *transport, int rank, const void *data, size_t size, vqc_error *error)
{
    (void)transport, (void)rank, (void)data, (void)size;
    return unavailable(error);
}

vqc_status vqc_transport_receive(vqc_transport *transport, void *data, size_t capacity, size_t *size_out,
                                 int *source_out, vqc_error *error)
{
    (void)transport, (void)data, (void)capacity, (void)size_out, (void)source_out;
    return unavailable(error);
}

vqc_status vqc_transport_window_create(vqc_transport *transport, size_t count, vqc_transport_window **window_out,
                                       vqc_error *error)
{
    (void)transport, (void)count, (void)window_out;
    return unavailable(error);
}

void vqc_transport_window_destroy(vqc_transport_window *window)
{
    (void)window;
}

vqc_status vqc_transport_window_add(vqc_transport_window *window, size_t index, int64_t amount, int64_t *before_out,
                                    vqc_error *error)
{
    (void)window, (void)index, (void)amount, (void)before_out;
    return unavailable(error);
}

vqc_status vqc_transport_window_read(vqc_transport_window *window, size_t first, size_t count, int64_t *values,
                                     vqc_error *error)
{
    (void)window, (void)first, (void)count, (void)values;
    return unavailable(error);
}

vqc_status vqc_transport_subset_create(vqc_transport *transport, const int *ranks, int count,
                                       vqc_transport_subset **subset_out, vqc_error *error)
{
    (void)transport, (void)ranks, (void)count, (void)subset_out;
    return unavailable(error);
}

void vqc_transport_subset_destroy(vqc_transport_subset *subset)
{
    (void)subset;
}

vqc_status vqc_transport_subset_sum(vqc_transport_subset *subset, int64_t *values, size_t count, vqc_error *error)
{
    (void)subset, (void)values, (void)count;
    return unavailable(error);
}

vqc_status vqc_transport_subset_arrive(vqc_transport_subset *subset, vqc_error *error)
{
    (void)subset;
    return unavailable(error);
}

vqc_status vqc_transport_subset_arrived(vqc_transport_subset *subset, bool *all_out, vqc_error *error)
{
    (void)subset, (void)all_out;
    return unavailable(error);
}

vqc_status vqc_transport_subset_broadcast(vqc_transport_subset *subset, void *data, size_t size, int root,
                                          vqc_error *error)
{
    (void)subset, (void)data, (void)size, (void)root;
    return unavailable(error);
}

vqc_status vqc_transport_library(vqc_text *text, vqc_error *error)
{
    (void)text, (void)error;
    return VQC_OK;
}
