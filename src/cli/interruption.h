#ifndef VQC_CLI_INTERRUPTION_H
#define VQC_CLI_INTERRUPTION_H

#include <stdbool.h>

#include "comm/watch.h"

/* What makes a launch stop before its study is done: a signal, another rank that was asked to stop, the time limit;
 * then it saves and ends with VQC_STOPPED. And a rank that is lost, which ends the process at once.
 *
 * Signals reach the process, not a function, so this is the one part of the program that has state of its own. */

/* From now on SIGINT, SIGTERM and SIGUSR1 ask this rank to stop instead of ending the process. A second SIGINT ends
 * it; the others may be sent again and again, as launchers do. A second call does nothing.
 *
 * To be called before anything else starts a thread, MPI and OpenMP included: the signals are blocked in this thread
 * and all that it starts from then on, and one thread waits for them, so that no signal handler ever runs. One that
 * runs while oneDNN computes a product destroys the heap: its f32 products for x64, up to 3.11.1, let the stack
 * pointer point into memory that they have allocated, and a handler's frame is written below it (oneDNN's issue
 * 4845). Fails with VQC_FAILED, where there can be no such thread. */
VQC_MUST_CHECK vqc_status vqc_interruption_watch(vqc_error *error);

/* Sets the time limit: seconds after `started` on the clock of base/clock.h the process shall have ended. */
void vqc_interruption_limit(double started, double seconds);

/* Sets what ends the process at once after printing the message (none if it is empty), on any thread; main.c does. */
void vqc_interruption_end_set(void (*end)(const char *message));

/* Ends the process so, if it is set what does; for those who find that the launch cannot go on (context is unused).
 */
void vqc_interruption_lost(const char *message, void *context);

/* Starts the watch over the ranks (comm/watch.h), which from then on carries a request to stop to all ranks and ends
 * the process when a rank is lost; collective. A timeout of 0 starts none; neither does a program without an end.
 * Fails with VQC_FAILED, where the ranks cannot connect. */
VQC_MUST_CHECK vqc_status vqc_interruption_ranks(vqc_comm *comm, long timeout_seconds, vqc_watch **watch_out,
                                                 vqc_error *error);

/* Whether to save and stop. To be asked between steps, by the main thread: the time limit counts as reached while
 * there still is time for twice the longest that it took from one question to the next (a step and a save), and for
 * closing the archive. */
bool vqc_interruption_asked(void);

#endif
