#ifndef VQC_COMM_TRANSPORT_H
#define VQC_COMM_TRANSPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "base/text.h"

/* What comm.c needs from MPI. transport_mpi.c implements it; transport_none.c stands in for it in a build without
 * MPI, where there is never more than one rank and none of this is called but start. All failures are VQC_FAILED:
 * MPI refuses, or memory is short; but starting as a rank where the program was built without MPI is VQC_BAD_INPUT.
 */
typedef struct vqc_transport vqc_transport;
typedef struct vqc_transport_window vqc_transport_window;

struct vqc_comm;

/* The transport behind a comm, for team.c; NULL where MPI was not started. */
vqc_transport *vqc_comm_transport(struct vqc_comm *comm);

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

/* Sends size bytes to a rank; small ones do not wait for it to receive them. */
VQC_MUST_CHECK vqc_status vqc_transport_send(vqc_transport *transport, int rank, const void *data, size_t size,
                                             vqc_error *error);
/* Receives one message of vqc_transport_send if one has come, of at most capacity bytes; *size_out is 0 if not. */
VQC_MUST_CHECK vqc_status vqc_transport_receive(vqc_transport *transport, void *data, size_t capacity,
                                                size_t *size_out, int *source_out, vqc_error *error);

/* 64-bit integers in rank 0's memory, zero at first, that all ranks reach. Creating and destroying them are
 * collective. */
VQC_MUST_CHECK vqc_status vqc_transport_window_create(vqc_transport *transport, size_t count,
                                                      vqc_transport_window **window_out, vqc_error *error);
void vqc_transport_window_destroy(vqc_transport_window *window);
/* Reads an integer and adds to it, indivisibly. */
VQC_MUST_CHECK vqc_status vqc_transport_window_add(vqc_transport_window *window, size_t index, int64_t amount,
                                                   int64_t *before_out, vqc_error *error);
/* Reads integers first .. first + count - 1, each by itself. */
VQC_MUST_CHECK vqc_status vqc_transport_window_read(vqc_transport_window *window, size_t first, size_t count,
                                                    int64_t *values, vqc_error *error);

/* Some of the ranks, with messages of their own. Every function is collective over them, and waits without
 * occupying the processor for long. */
typedef struct vqc_transport_subset vqc_transport_subset;

/* The ranks `ranks`, in the order in which they shall be members. */
VQC_MUST_CHECK vqc_status vqc_transport_subset_create(vqc_transport *transport, const int *ranks, int count,
                                                      vqc_transport_subset **subset_out, vqc_error *error);
void vqc_transport_subset_destroy(vqc_transport_subset *subset);
/* Replaces the values of every member by their sums over the members, modulo 2^64. */
VQC_MUST_CHECK vqc_status vqc_transport_subset_sum(vqc_transport_subset *subset, int64_t *values, size_t count,
                                                   vqc_error *error);
/* Tells the others that this member has come here, without waiting; *all_out of the second: whether all members have.
 * The first is collective, and called again only when all have. */
VQC_MUST_CHECK vqc_status vqc_transport_subset_arrive(vqc_transport_subset *subset, vqc_error *error);
VQC_MUST_CHECK vqc_status vqc_transport_subset_arrived(vqc_transport_subset *subset, bool *all_out, vqc_error *error);
VQC_MUST_CHECK vqc_status vqc_transport_subset_broadcast(vqc_transport_subset *subset, void *data, size_t size,
                                                         int root, vqc_error *error);

/* Appends a line with MPI's name and version, at any time; nothing in a build without. */
VQC_MUST_CHECK vqc_status vqc_transport_library(vqc_text *text, vqc_error *error);

#endif
