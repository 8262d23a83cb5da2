#include "comm/arrival.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/memory.h"
#include "comm/launcher.h"

struct vqc_arrival {
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t ended;
    bool over;
    struct timespec until;
    double seconds;
    void (*say)(const char *message);
};

static void *arrival_wait(void *argument)
{
    vqc_arrival *arrival = argument;
    int code = 0;
    (void)pthread_mutex_lock(&arrival->mutex);
    while (!arrival->over && code != ETIMEDOUT)
        code = pthread_cond_timedwait(&arrival->ended, &arrival->mutex, &arrival->until);
    if (!arrival->over) {
        char message[VQC_ERROR_MESSAGE_SIZE];
        (void)snprintf(message, sizeof message,
                       "rank 0 has waited %.0f s for the other ranks, and MPI waits for all of them without end: one "
                       "whose process is stopped, or whose host hangs, keeps the launch from beginning",
                       arrival->seconds);
        arrival->say(message);
    }
    (void)pthread_mutex_unlock(&arrival->mutex);
    return NULL;
}

/* Its condition's clock does not jump. */
static void clock_set(vqc_arrival *arrival)
{
    pthread_condattr_t monotonic;
    (void)pthread_condattr_init(&monotonic);
    (void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&arrival->ended, &monotonic);
    (void)pthread_condattr_destroy(&monotonic);
    (void)pthread_mutex_init(&arrival->mutex, NULL);
    (void)clock_gettime(CLOCK_MONOTONIC, &arrival->until);
    arrival->until.tv_sec += (time_t)arrival->seconds;
}

static void arrival_release(vqc_arrival *arrival)
{
    (void)pthread_cond_destroy(&arrival->ended);
    (void)pthread_mutex_destroy(&arrival->mutex);
    free(arrival);
}

vqc_status vqc_arrival_await(double seconds, void (*say)(const char *message), vqc_arrival **arrival_out,
                             vqc_error *error)
{
    sigset_t all;
    sigset_t before;
    vqc_arrival *arrival;
    *arrival_out = NULL;
    if (!vqc_launcher_is_first_of_several())
        return VQC_OK;
    VQC_TRY(vqc_memory_allocate(1, sizeof *arrival, "a thread", &arrival, error));
    arrival->seconds = seconds;
    arrival->say = say;
    clock_set(arrival);
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    const int failure = pthread_create(&arrival->thread, NULL, arrival_wait, arrival);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (failure != 0) {
        arrival_release(arrival);
        return vqc_error_set(error, VQC_FAILED, "a thread that waits for the ranks cannot be started: %s",
                             strerror(failure));
    }
    *arrival_out = arrival;
    return VQC_OK;
}

void vqc_arrival_end(vqc_arrival *arrival)
{
    if (arrival == NULL)
        return;
    (void)pthread_mutex_lock(&arrival->mutex);
    arrival->over = true;
    (void)pthread_cond_signal(&arrival->ended);
    (void)pthread_mutex_unlock(&arrival->mutex);
    (void)pthread_join(arrival->thread, NULL);
    arrival_release(arrival);
}
