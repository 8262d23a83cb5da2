#ifndef VQC_COMM_COMM_H
#define VQC_COMM_COMM_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

/* The ranks of one launch.
 *
 * A launch is `mpirun -n N vqclip ...` or `srun ... vqclip ...` with N ranks, or the program started by itself, which
 * is one rank. With one rank, and in a build without MPI, every function here works and MPI is never started.
 *
 * Functions called "collective" must be called by all ranks in the same order. Only the main thread calls them. */
typedef struct vqc_comm vqc_comm;

/* Starts the ranks; collective, once per process, before the arguments are read (MPI may take some away). Ranks
 * that a launcher started and that are not connected (comm/launcher.h) are VQC_BAD_INPUT: each would do all the work.
 */
VQC_MUST_CHECK vqc_status vqc_comm_start(int *argc, char ***argv, vqc_comm **comm_out, vqc_error *error);

/* Ends the ranks; collective. Everything made with the comm (archive, team, numbers) is closed before. NULL is
 * allowed. After a failure that not all ranks share use vqc_comm_abort, as the others may never come here. */
void vqc_comm_stop(vqc_comm *comm);

/* Ends all ranks of the launch at once with this exit code and does not return; with one rank it does nothing and
 * the caller leaves through main as usual. For main.c. */
void vqc_comm_abort(vqc_comm *comm, int exit_code);

/* This rank's number from 0, the number of ranks, and the same among the ranks that share this host. */
int vqc_comm_rank(const vqc_comm *comm);
int vqc_comm_size(const vqc_comm *comm);
int vqc_comm_local_rank(const vqc_comm *comm);
int vqc_comm_local_size(const vqc_comm *comm);

/* Name of this rank's host; belongs to the comm. */
const char *vqc_comm_host(const vqc_comm *comm);

/* Waits until all ranks are here; collective. */
VQC_MUST_CHECK vqc_status vqc_comm_barrier(vqc_comm *comm, vqc_error *error);

/* Copies size bytes at data on rank root to data on every rank; collective, with the same size everywhere. */
VQC_MUST_CHECK vqc_status vqc_comm_broadcast(vqc_comm *comm, void *data, size_t size, int root, vqc_error *error);

/* Collects size bytes of every rank: rank r's come to all_out + r × size on every rank. Collective, with the same
 * size everywhere. */
VQC_MUST_CHECK vqc_status vqc_comm_all_gather(vqc_comm *comm, const void *data, size_t size, void *all_out,
                                              vqc_error *error);

/* Makes one outcome out of one per rank; collective. Every rank hands in its status and, where that is a failure,
 * the error that goes with it. If all succeeded the result is VQC_OK; otherwise every rank gets the status and
 * message of the lowest rank that failed. So all ranks take the same way afterwards. */
VQC_MUST_CHECK vqc_status vqc_comm_agree(vqc_comm *comm, vqc_status status, vqc_error *error);

/* Lets what other ranks do with shared numbers through, without waiting. Where ranks are on several hosts, and the
 * network cannot reach into memory by itself, numbers are served only while rank 0, which keeps them, is inside a
 * function of this header: rank 0 calls this one between the steps of its own work. Costs nothing on other ranks and
 * on one host, where each look at the network might give the processor away. Not collective. */
VQC_MUST_CHECK vqc_status vqc_comm_progress(vqc_comm *comm, vqc_error *error);

/* Sends a letter of size bytes, at least 1, to another rank, which gets it by vqc_comm_receive; letters
 * of one rank arrive in their order. With one rank there is nobody to send to: VQC_FAILED. */
VQC_MUST_CHECK vqc_status vqc_comm_send(vqc_comm *comm, int rank, const void *letter, size_t size, vqc_error *error);
/* Receives a letter of at most capacity bytes if one has come, without waiting; *size_out is 0 if not. A longer one
 * is VQC_FAILED. *source_out: the rank that sent it. */
VQC_MUST_CHECK vqc_status vqc_comm_receive(vqc_comm *comm, void *letter, size_t capacity, size_t *size_out,
                                           int *source_out, vqc_error *error);

/* Numbers shared by all ranks, kept by rank 0: to take work from, to announce things on. */
typedef struct vqc_comm_numbers vqc_comm_numbers;

/* Makes `count` numbers that start at zero; collective. */
VQC_MUST_CHECK vqc_status vqc_comm_numbers_create(vqc_comm *comm, size_t count, vqc_comm_numbers **numbers_out,
                                                  vqc_error *error);
/* Collective. NULL is allowed (on all ranks). */
void vqc_comm_numbers_destroy(vqc_comm_numbers *numbers);
/* Reads number `index` and adds to it, as one indivisible step; any rank, at any time. With an amount of 1 each value
 * is handed out once. */
VQC_MUST_CHECK vqc_status vqc_comm_numbers_add(vqc_comm_numbers *numbers, size_t index, int64_t amount,
                                               int64_t *before_out, vqc_error *error);
/* Reads numbers first .. first + count - 1, each by itself; any rank, at any time. */
VQC_MUST_CHECK vqc_status vqc_comm_numbers_read(vqc_comm_numbers *numbers, size_t first, size_t count,
                                                int64_t *values, vqc_error *error);

#endif
