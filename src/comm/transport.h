#ifndef VQC_COMM_TRANSPORT_H
#define VQC_COMM_TRANSPORT_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

/* What comm.c needs from MPI. transport_mpi.c implements it; transport_none.c stands in for it in a build without
 * MPI, where there is never more than one rank and none of this is called but start. */
typedef struct vqc_transport vqc_transport;
typedef struct vqc_transport_window vqc_transport_window;

typedef struct vqc_transport_place {
    int rank, size;             /* among all ranks */
    int local_rank, local_size; /* among those on this host */
} vqc_transport_place;

/* Starts MPI where the environment says that this process was launched as a rank; otherwise *transport_out is NULL
 * and the place is left as it was. */
VQC_MUST_CHECK vqc_status vqc_transport_start(int *argc, char ***argv, vqc_transport **transport_out,
                                              vqc_transport_place *place_out, vqc_error *error);
/* NULL is allowed. */
void vqc_transport_stop(vqc_transport *transport);
void vqc_transport_abort(vqc_transport *transport, int exit_code);

VQC_MUST_CHECK vqc_status vqc_transport_barrier(vqc_transport *transport, vqc_error *error);
VQC_MUST_CHECK vqc_status vqc_transport_broadcast(vqc_transport *transport, void *data, size_t size, int root,
                                                  vqc_error *error);
VQC_MUST_CHECK vqc_status vqc_transport_all_gather(vqc_transport *transport, const void *data, size_t size,
                                                   void *all_out, vqc_error *error);
VQC_MUST_CHECK vqc_status vqc_transport_progress(vqc_transport *transport, vqc_error *error);

/* One 64-bit integer in rank 0's memory, zero at first, that all ranks reach. Creating and destroying it are
 * collective. */
VQC_MUST_CHECK vqc_status vqc_transport_window_create(vqc_transport *transport, vqc_transport_window **window_out,
                                                      vqc_error *error);
void vqc_transport_window_destroy(vqc_transport_window *window);
/* Reads the integer and adds one to it, indivisibly. */
VQC_MUST_CHECK vqc_status vqc_transport_window_increment(vqc_transport_window *window, int64_t *value_out,
                                                         vqc_error *error);

#endif
