#ifndef VQC_COMM_ARRIVAL_H
#define VQC_COMM_ARRIVAL_H

#include "base/status.h"

/* Says that MPI has been starting for long. MPI waits for all ranks without end, and who is missing cannot be asked
 * before they have met, nor watched (comm/watch.h): a process that is stopped, or a host that hangs, then keeps all
 * others waiting, without a word. So a thread of rank 0, which does nothing with MPI, says once that they wait. It
 * says nothing where rank 0 itself is the one that is stopped. */
typedef struct vqc_arrival vqc_arrival;

/* Starts the clock, on the rank that the launcher's environment calls 0 of several; elsewhere *arrival_out is NULL.
 * After so many seconds `say` is called, on the thread. */
VQC_MUST_CHECK vqc_status vqc_arrival_await(double seconds, void (*say)(const char *message),
                                            vqc_arrival **arrival_out, vqc_error *error);

/* The ranks have met, or will not: nothing is said after it returns. NULL is allowed. */
void vqc_arrival_end(vqc_arrival *arrival);

#endif
