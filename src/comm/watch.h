#ifndef VQC_COMM_WATCH_H
#define VQC_COMM_WATCH_H

#include <stdbool.h>

#include "comm/comm.h"

/* Sees to it that a launch never waits for a rank that is gone, and carries a request to stop to all ranks.
 *
 * A thread in every rank, which does nothing with MPI and does not depend on what the main thread is doing:
 *
 *     rank 1 ──┐         every second a beat of 8 bytes goes over each connection, both ways
 *     rank 2 ──┼── rank 0
 *     rank 3 ──┘         TCP over IPv4, a free port, a random token against strangers
 *
 * A rank is missing when it has not beaten for the timeout (stopped, its host hung, its link cut), or its connection
 * ends before it said that it leaves (killed, crashed). Who misses a rank calls `lost`; rank 0 tells the others first
 * which one it is. A process that finds that it did not run itself for a while (the whole launch suspended) counts
 * the silence from then on. Not seen: a link between two ranks other than rank 0 that fails alone, and a rank whose
 * main thread waits for ever while its process is well.
 *
 * Rank 0 needs a file descriptor per rank, and raises its limit of them where it may; VQC_FAILED where it may not. */
typedef struct vqc_watch vqc_watch;

/* What the watch needs of the program. They are called on the watch's thread. */
typedef struct vqc_watch_hooks {
    /* A rank has been silent for half of the timeout; the message names it and its host. */
    void (*warn)(const char *message, void *context);
    /* A rank is missing: ends the process, so that the launcher ends the others; the message names the rank and its
     * host. It is empty where rank 0 has said it already. Should it return, the watch is over. */
    void (*lost)(const char *message, void *context);
    /* Whether this rank asks all to stop; asked a few times a second. */
    bool (*stop_asked)(void *context);
    /* Some rank asks all to stop; called once. */
    void (*stop_ask)(void *context);
    void *context;
} vqc_watch_hooks;

/* The timeouts that make sense, in seconds: with less a busy host would be taken for a missing one. */
enum { VQC_WATCH_TIMEOUT_MINIMUM = 2, VQC_WATCH_TIMEOUT_MAXIMUM = 24 * 60 * 60 };

/* Starts the watch; collective. A rank is missing after timeout_seconds without a beat. With one rank there is
 * nothing to watch, and *watch_out is NULL. A rank that cannot reach rank 0 over TCP is VQC_FAILED on all ranks. */
VQC_MUST_CHECK vqc_status vqc_watch_start(vqc_comm *comm, double timeout_seconds, const vqc_watch_hooks *hooks,
                                          vqc_watch **watch_out, vqc_error *error);

/* Ends the watch; every rank calls it, and leaves it when all have (or one is lost). It does nothing with MPI, so the
 * place to call it is after vqc_comm_stop, which then is watched, too. NULL is allowed. */
void vqc_watch_stop(vqc_watch *watch);

#endif
