#include "cli/interruption.h"

#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/visible.h"

static const double closing_seconds = 2.0; /* for closing the archive and ending the ranks */

/* Set by any thread. */
static atomic_bool asked = false;

static struct interruption {
    bool watching;   /* the signals */
    double deadline; /* 0: none */
    double question; /* when the main thread last asked; 0: not yet */
    double longest;  /* between two questions */
    void (*end)(const char *message);
} interruption;

static void signals_fill(sigset_t *signals)
{
    (void)sigemptyset(signals);
    (void)sigaddset(signals, SIGINT);
    (void)sigaddset(signals, SIGTERM);
    (void)sigaddset(signals, SIGUSR1);
}

/* Ends the process as a signal does that nobody takes. */
static void signal_obey(int number)
{
    sigset_t one;
    (void)sigemptyset(&one);
    (void)sigaddset(&one, number);
    (void)signal(number, SIG_DFL);
    (void)pthread_sigmask(SIG_UNBLOCK, &one, NULL);
    (void)raise(number);
}

static void *signals_take(void *unused)
{
    sigset_t signals;
    bool interrupted = false;
    signals_fill(&signals);
    for (;;) {
        int number = 0;
        if (sigwait(&signals, &number) != 0)
            continue;
        if (number == SIGINT && interrupted)
            signal_obey(number);
        interrupted = interrupted || number == SIGINT;
        atomic_store(&asked, true);
    }
    return unused;
}

vqc_status vqc_interruption_watch(vqc_error *error)
{
    sigset_t signals;
    pthread_t thread;
    if (interruption.watching)
        return VQC_OK;
    signals_fill(&signals);
    (void)pthread_sigmask(SIG_BLOCK, &signals, NULL);
    int failure = pthread_create(&thread, NULL, signals_take, NULL);
    if (failure != 0) {
        (void)pthread_sigmask(SIG_UNBLOCK, &signals, NULL);
        return vqc_error_set(error, VQC_FAILED, "a thread for signals cannot be started: %s", strerror(failure));
    }
    (void)pthread_detach(thread);
    interruption.watching = true;
    return VQC_OK;
}

void vqc_interruption_limit(double started, double seconds)
{
    interruption.deadline = started + seconds;
}

void vqc_interruption_end_set(void (*end)(const char *message))
{
    interruption.end = end;
}

/* ---- the hooks of the watch ---- */

static void rank_warn(const char *message, void *context)
{
    (void)context;
    vqc_print(stderr, "vqclip: %s\n", message);
}

void vqc_interruption_lost(const char *message, void *context)
{
    (void)context;
    if (interruption.end != NULL)
        interruption.end(message);
}

static bool stop_asked(void *context)
{
    (void)context;
    return atomic_load(&asked);
}

static void stop_ask(void *context)
{
    (void)context;
    atomic_store(&asked, true);
}

vqc_status vqc_interruption_ranks(vqc_comm *comm, long timeout_seconds, vqc_watch **watch_out, vqc_error *error)
{
    const vqc_watch_hooks hooks = {
        .warn = rank_warn, .lost = vqc_interruption_lost, .stop_asked = stop_asked, .stop_ask = stop_ask};
    *watch_out = NULL;
    if (timeout_seconds == 0 || interruption.end == NULL)
        return VQC_OK;
    return vqc_watch_start(comm, (double)timeout_seconds, &hooks, watch_out, error);
}

/* ---- between steps ---- */

bool vqc_interruption_asked(void)
{
    const double now = vqc_clock_seconds();
    if (interruption.question > 0.0)
        interruption.longest = fmax(interruption.longest, now - interruption.question);
    interruption.question = now;
    if (interruption.deadline > 0.0 && now + 2.0 * interruption.longest + closing_seconds > interruption.deadline)
        atomic_store(&asked, true);
    return atomic_load(&asked);
}
