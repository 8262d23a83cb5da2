#include "cli/interruption.h"

#include <math.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>

#include "base/clock.h"

static const double closing_seconds = 2.0; /* for closing the archive and ending the ranks */

/* A signal handler can reach nothing but a global variable. */
static atomic_bool asked = false;

static struct interruption {
    double deadline; /* 0: none */
    double question; /* when the main thread last asked; 0: not yet */
    double longest;  /* between two questions */
    void (*end)(const char *message);
} interruption;

static void signal_note(int number)
{
    atomic_store(&asked, true);
    if (number == SIGINT)
        (void)signal(number, SIG_DFL);
}

void vqc_interruption_watch(void)
{
    /* Calls that a signal interrupts go on: what is being written is written. */
    const struct sigaction action = {.sa_handler = signal_note, .sa_flags = SA_RESTART};
    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGTERM, &action, NULL);
    (void)sigaction(SIGUSR1, &action, NULL);
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
    (void)fprintf(stderr, "vqclip: %s\n", message);
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
