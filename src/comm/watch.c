#include "comm/watch.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "comm/watch_link.h"

enum {
    TICK_MILLISECONDS = 200, /* how often the thread looks up, and so how late it may notice something */
    CALLER_SECONDS = 5,      /* until a caller must have said who it is */
    CALLERS = 64,            /* at once; more wait in the system's queue */
    DESCRIPTORS = 128,       /* of rank 0 beside those of the ranks: files, MPI, callers */
    HOST_NAME_SIZE = 256,
    HOW_SIZE = 64
};

/* A rank at the other end of a connection. */
typedef struct watch_peer {
    vqc_watch_link link; /* not connected: not yet (on rank 0), or it has left */
    double heard;        /* when its last beat came */
    bool warned;         /* its present silence has been told */
    bool leaving;        /* it has said that its end is near, or has left */
} watch_peer;

/* What the main thread wants of the watch. */
typedef enum watch_wish {
    WISH_WATCH,
    WISH_LEAVE,  /* end with all other ranks */
    WISH_GIVE_UP /* end at once */
} watch_wish;

/* Until the thread runs the main thread owns everything; then the thread does, but for the wish. */
struct vqc_watch {
    int rank;
    int size;
    double timeout;    /* seconds of silence that make a rank a missing one */
    double beat_every; /* seconds */
    vqc_watch_hooks hooks;
    vqc_watch_address address;
    char (*hosts)[HOST_NAME_SIZE]; /* of every rank */

    /* By rank. On rank 0 all but itself are connected, on the others only rank 0 is. */
    watch_peer *peers;
    int listener;              /* rank 0: where ranks call; -1 once all have */
    vqc_watch_caller *callers; /* CALLERS of them on rank 0, else NULL */
    struct pollfd *polled;     /* room for all of the above and the wake-up */

    int wake; /* an event descriptor that ends the thread's waiting */
    _Atomic watch_wish wish;
    pthread_t thread;
    bool started;

    bool stop; /* a rank has asked all to stop */
    double looked;
    double beaten;
    bool over;
};

/* ---- a missing rank ---- */

/* Sends the beat to everybody at the other end of a connection. */
static void beat_send(vqc_watch *watch, vqc_watch_state state, int subject)
{
    const vqc_watch_beat beat = {.state = state, .stop = watch->stop, .subject = subject};
    watch->beaten = vqc_clock_seconds();
    for (int rank = 0; rank < watch->size; rank++)
        if (watch->peers[rank].link.socket >= 0)
            vqc_watch_link_send(&watch->peers[rank].link, &beat);
}

/* Ends the watch because of a rank; how: "has ended without notice". */
static void rank_lost(vqc_watch *watch, int rank, const char *how)
{
    char message[VQC_ERROR_MESSAGE_SIZE];
    (void)snprintf(message, sizeof message,
                   "rank %d (host %s) %s%s; the same command goes on from the last checkpoints", rank,
                   watch->hosts[rank], how, watch->stop ? " after all were asked to stop" : "; the launch ends");
    if (watch->rank == 0)
        beat_send(watch, VQC_WATCH_MISSING, rank);
    watch->over = true;
    watch->hooks.lost(message, watch->hooks.context);
}

/* A connection has ended. */
static void peer_closed(vqc_watch *watch, int rank)
{
    watch_peer *peer = &watch->peers[rank];
    vqc_watch_link_close(&peer->link);
    bool expected = peer->leaving || (rank == 0 && watch->wish != WISH_WATCH);
    peer->leaving = true;
    if (!expected && !watch->over)
        rank_lost(watch, rank, "has ended without notice");
}

/* Says that a rank has not been heard for so long, and how many others have not for nearly as long. */
static void silence_describe(const vqc_watch *watch, double silence, double now, char how[HOW_SIZE])
{
    int others = -1;
    for (int rank = 0; rank < watch->size; rank++)
        others += watch->peers[rank].link.socket >= 0 && now - watch->peers[rank].heard > 0.5 * silence;
    if (others <= 0)
        (void)snprintf(how, HOW_SIZE, "has not answered for %.0f s", silence);
    else
        (void)snprintf(how, HOW_SIZE, "and %d more have not answered for %.0f s", others, silence);
}

/* Tells of a silence when half of the timeout is over: a launcher that notices by itself that a host is gone may end
 * everything without naming it. Once for all ranks that are silent now. */
static void silence_warn(vqc_watch *watch, int rank, const char *how, double now)
{
    char message[VQC_ERROR_MESSAGE_SIZE];
    if (watch->peers[rank].warned)
        return;
    for (int i = 0; i < watch->size; i++)
        watch->peers[i].warned |= now - watch->peers[i].heard > 0.25 * watch->timeout;
    (void)snprintf(message, sizeof message, "rank %d (host %s) %s", rank, watch->hosts[rank], how);
    watch->hooks.warn(message, watch->hooks.context);
}

/* Looks for a rank that has been silent for too long. */
static void silence_check(vqc_watch *watch, double now)
{
    char how[HOW_SIZE];
    const double half = 0.5 * watch->timeout;
    /* This process itself may have been stopped, together with all others. */
    const bool absent = now - watch->looked > half;
    for (int rank = 0; rank < watch->size && !watch->over; rank++) {
        watch_peer *peer = &watch->peers[rank];
        if (absent)
            peer->heard = now;
        const double silence = now - peer->heard;
        if (peer->link.socket < 0 || silence <= half)
            continue;
        silence_describe(watch, silence, now, how);
        /* A launcher that has found out that a host is gone asks all to stop, and ends them soon. */
        if (silence > watch->timeout || watch->stop)
            rank_lost(watch, rank, how);
        else
            silence_warn(watch, rank, how, now);
    }
}

/* ---- what the others say ---- */

static void stop_learn(vqc_watch *watch)
{
    if (watch->stop)
        return;
    watch->stop = true;
    watch->beaten = 0.0; /* the next beat, which carries it, is due now */
    watch->hooks.stop_ask(watch->hooks.context);
}

static void beat_take(vqc_watch *watch, int rank, const vqc_watch_beat *beat)
{
    watch_peer *peer = &watch->peers[rank];
    peer->heard = vqc_clock_seconds();
    peer->warned = false;
    peer->leaving = beat->state == VQC_WATCH_LEAVING;
    if (beat->stop)
        stop_learn(watch);
    if (beat->state != VQC_WATCH_MISSING)
        return;
    watch->over = true;
    watch->hooks.lost("", watch->hooks.context);
}

static void peer_read(vqc_watch *watch, int rank)
{
    vqc_watch_beat beat;
    while (!watch->over && watch->peers[rank].link.socket >= 0) {
        vqc_watch_reading reading = vqc_watch_link_read(&watch->peers[rank].link, &beat);
        if (reading == VQC_WATCH_NOTHING)
            return;
        if (reading == VQC_WATCH_CLOSED)
            peer_closed(watch, rank);
        else
            beat_take(watch, rank, &beat);
    }
}

/* ---- rank 0: who calls ---- */

static void caller_drop(vqc_watch_caller *caller)
{
    (void)close(caller->socket);
    *caller = (vqc_watch_caller){.socket = -1};
}

static void listener_close(vqc_watch *watch)
{
    if (watch->listener >= 0)
        (void)close(watch->listener);
    watch->listener = -1;
}

static void call_accept(vqc_watch *watch)
{
    vqc_watch_caller *caller = watch->callers;
    while (caller->socket >= 0)
        caller++; /* the port is polled only while one is free */
    int connection = accept(watch->listener, NULL, NULL);
    if (connection >= 0) {
        (void)fcntl(connection, F_SETFD, FD_CLOEXEC);
        *caller = (vqc_watch_caller){.socket = connection, .since = vqc_clock_seconds()};
    }
    if (connection < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOMEM))
        listener_close(watch); /* or it would be ready for ever; the rank that calls reports it */
}

/* A caller is a rank: from now on it is watched. */
static void caller_promote(vqc_watch *watch, vqc_watch_caller *caller, int rank)
{
    if (rank <= 0 || rank >= watch->size || watch->peers[rank].link.socket >= 0) {
        caller_drop(caller);
        return;
    }
    watch->peers[rank].link = (vqc_watch_link){.socket = caller->socket};
    watch->peers[rank].heard = vqc_clock_seconds();
    *caller = (vqc_watch_caller){.socket = -1};
    for (int i = 1; i < watch->size; i++)
        if (watch->peers[i].link.socket < 0)
            return;
    listener_close(watch);
}

static void callers_read(vqc_watch *watch, double now)
{
    for (int i = 0; i < CALLERS; i++) {
        vqc_watch_caller *caller = &watch->callers[i];
        int rank;
        if (caller->socket < 0)
            continue;
        vqc_watch_reading reading = vqc_watch_caller_read(caller, &watch->address, &rank);
        if (reading == VQC_WATCH_BEAT)
            caller_promote(watch, caller, rank);
        else if (reading == VQC_WATCH_CLOSED || now - caller->since > CALLER_SECONDS)
            caller_drop(caller);
    }
}

static bool caller_free(const vqc_watch *watch)
{
    for (int i = 0; i < CALLERS; i++)
        if (watch->callers[i].socket < 0)
            return true;
    return false;
}

/* ---- the thread ---- */

/* Waits for something to happen, but not longer than a tick. True if somebody calls. */
static bool events_wait(vqc_watch *watch)
{
    nfds_t count = 0;
    watch->polled[count++] = (struct pollfd){.fd = watch->wake, .events = POLLIN};
    for (int rank = 0; rank < watch->size; rank++)
        if (watch->peers[rank].link.socket >= 0)
            watch->polled[count++] = (struct pollfd){.fd = watch->peers[rank].link.socket, .events = POLLIN};
    for (int i = 0; watch->callers && i < CALLERS; i++)
        if (watch->callers[i].socket >= 0)
            watch->polled[count++] = (struct pollfd){.fd = watch->callers[i].socket, .events = POLLIN};
    struct pollfd *port = &watch->polled[count];
    *port = (struct pollfd){.fd = -1};
    if (watch->listener >= 0 && caller_free(watch))
        *port = (struct pollfd){.fd = watch->listener, .events = POLLIN};
    (void)poll(watch->polled, count + 1, TICK_MILLISECONDS);
    uint64_t woken;
    (void)!read(watch->wake, &woken, sizeof woken);
    return port->revents != 0;
}

/* Whether every rank at the other end is leaving or gone. */
static bool others_leave(const vqc_watch *watch)
{
    for (int rank = 0; rank < watch->size; rank++)
        if ((rank == 0 || watch->rank == 0) && rank != watch->rank && !watch->peers[rank].leaving)
            return false;
    return true;
}

/* Beats if it is time to. A rank says that it is leaving when it is, and rank 0 when all are; then that was the last
 * beat. */
static void beat_if_due(vqc_watch *watch, double now)
{
    watch_wish wish = watch->wish;
    bool last = wish == WISH_GIVE_UP || (wish == WISH_LEAVE && others_leave(watch));
    bool leaving = last || (wish == WISH_LEAVE && watch->rank != 0);
    if (last || now - watch->beaten >= watch->beat_every)
        beat_send(watch, leaving ? VQC_WATCH_LEAVING : VQC_WATCH_ALIVE, watch->rank);
    watch->over = watch->over || last;
}

static void watch_look(vqc_watch *watch)
{
    bool call = events_wait(watch);
    double now = vqc_clock_seconds();
    for (int rank = 0; rank < watch->size; rank++)
        if (watch->peers[rank].link.socket >= 0)
            peer_read(watch, rank);
    if (watch->callers)
        callers_read(watch, now);
    if (call)
        call_accept(watch);
    silence_check(watch, now);
    watch->looked = now;
    if (!watch->stop && watch->hooks.stop_asked(watch->hooks.context))
        stop_learn(watch);
    if (!watch->over)
        beat_if_due(watch, now);
}

static void *watch_run(void *argument)
{
    vqc_watch *watch = argument;
    watch->looked = vqc_clock_seconds();
    while (!watch->over)
        watch_look(watch);
    return NULL;
}

/* ---- start and stop ---- */

static void watch_destroy(vqc_watch *watch)
{
    for (int rank = 0; watch->peers && rank < watch->size; rank++)
        vqc_watch_link_close(&watch->peers[rank].link);
    for (int i = 0; watch->callers && i < CALLERS; i++)
        if (watch->callers[i].socket >= 0)
            caller_drop(&watch->callers[i]);
    listener_close(watch);
    if (watch->wake >= 0)
        (void)close(watch->wake);
    free(watch->hosts);
    free(watch->peers);
    free(watch->callers);
    free(watch->polled);
    free(watch);
}

/* Rank 0 has a connection of every rank, and the usual limit of a process is a thousand files: it takes what it needs
 * of the limit above that. Without it ranks would find nobody to call. */
static vqc_status descriptors_allow(size_t ranks, vqc_error *error)
{
    struct rlimit limit;
    const rlim_t wanted = (rlim_t)ranks + DESCRIPTORS;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted)
        return VQC_OK;
    if (limit.rlim_max < wanted)
        return vqc_error_set(
            error, VQC_FAILED,
            "the watch over %zu ranks needs %llu open files on rank 0, where %llu are allowed (ulimit "
            "-n); with --peer-timeout 0 a launch goes on without",
            ranks, (unsigned long long)wanted, (unsigned long long)limit.rlim_max);
    limit.rlim_cur = wanted;
    if (setrlimit(RLIMIT_NOFILE, &limit) == 0)
        return VQC_OK;
    return vqc_error_set(error, VQC_FAILED, "the watch over %zu ranks cannot have %llu open files on rank 0: %s",
                         ranks, (unsigned long long)wanted, strerror(errno));
}

/* The memory, on every rank by itself. */
static vqc_status watch_create(const vqc_comm *comm, double timeout, const vqc_watch_hooks *hooks,
                               vqc_watch **watch_out, vqc_error *error)
{
    vqc_watch *watch;
    static const char what[] = "the watch over the ranks";
    const size_t size = (size_t)vqc_comm_size(comm);
    const size_t callers = vqc_comm_rank(comm) == 0 ? CALLERS : 0;
    VQC_TRY(vqc_memory_allocate(1, sizeof *watch, what, &watch, error));
    *watch_out = watch;
    watch->rank = vqc_comm_rank(comm);
    watch->size = vqc_comm_size(comm);
    watch->timeout = timeout;
    watch->beat_every = timeout < 5.0 ? timeout / 5.0 : 1.0;
    watch->hooks = *hooks;
    watch->listener = -1;
    watch->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    VQC_TRY(vqc_memory_allocate(size, sizeof *watch->hosts, what, &watch->hosts, error));
    VQC_TRY(vqc_memory_allocate(size, sizeof *watch->peers, what, &watch->peers, error));
    for (size_t i = 0; i < size; i++)
        watch->peers[i].link.socket = -1;
    VQC_TRY(vqc_memory_allocate(size + callers + 2, sizeof *watch->polled, what, &watch->polled, error));
    if (watch->wake < 0)
        return vqc_error_set(error, VQC_FAILED, "%s cannot be started: %s", what, strerror(errno));
    if (callers == 0)
        return VQC_OK;
    VQC_TRY(descriptors_allow(size, error));
    VQC_TRY(vqc_memory_allocate(callers, sizeof *watch->callers, what, &watch->callers, error));
    for (size_t i = 0; i < callers; i++)
        watch->callers[i].socket = -1;
    return vqc_watch_listen(&watch->listener, &watch->address, error);
}

/* Starts the thread, which takes no signals: they are the main thread's. */
static vqc_status thread_start(vqc_watch *watch, vqc_error *error)
{
    sigset_t all;
    sigset_t before;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    int failure = pthread_create(&watch->thread, NULL, watch_run, watch);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (failure != 0)
        return vqc_error_set(error, VQC_FAILED, "the watch over the ranks cannot be started: %s", strerror(failure));
    watch->started = true;
    return VQC_OK;
}

/* On another rank than 0: connects, and starts the thread. */
static vqc_status rank_connect(vqc_watch *watch, vqc_error *error)
{
    vqc_status status = vqc_watch_connect(&watch->address, watch->rank, &watch->peers[0].link, error);
    if (status != VQC_OK)
        return vqc_error_prefix(error, "rank %d (host %s)", watch->rank, watch->hosts[watch->rank]);
    watch->peers[0].heard = vqc_clock_seconds();
    return thread_start(watch, error);
}

/* Collective. Each step's outcome is agreed on, so that no rank waits for one that failed. */
static vqc_status ranks_connect(vqc_comm *comm, vqc_watch *watch, vqc_error *error)
{
    char host[HOST_NAME_SIZE] = "";
    vqc_status status = VQC_OK;
    (void)snprintf(host, sizeof host, "%s", vqc_comm_host(comm));
    VQC_TRY(vqc_comm_all_gather(comm, host, sizeof host, watch->hosts, error));
    VQC_TRY(vqc_comm_broadcast(comm, &watch->address, sizeof watch->address, 0, error));
    if (watch->rank == 0)
        status = thread_start(watch, error);
    VQC_TRY(vqc_comm_agree(comm, status, error));
    if (watch->rank != 0)
        status = rank_connect(watch, error);
    return vqc_comm_agree(comm, status, error);
}

/* Ends the thread, if it runs, in the way that is wished, and releases everything. */
static void watch_end(vqc_watch *watch, watch_wish wish)
{
    const uint64_t one = 1;
    if (watch->started) {
        watch->wish = wish;
        (void)!write(watch->wake, &one, sizeof one);
        (void)pthread_join(watch->thread, NULL);
    }
    watch_destroy(watch);
}

vqc_status vqc_watch_start(vqc_comm *comm, double timeout_seconds, const vqc_watch_hooks *hooks,
                           vqc_watch **watch_out, vqc_error *error)
{
    vqc_watch *watch = NULL;
    *watch_out = NULL;
    if (vqc_comm_size(comm) == 1)
        return VQC_OK;
    vqc_status status = vqc_comm_agree(comm, watch_create(comm, timeout_seconds, hooks, &watch, error), error);
    if (status == VQC_OK)
        status = ranks_connect(comm, watch, error);
    if (status != VQC_OK) {
        if (watch)
            watch_end(watch, WISH_GIVE_UP);
        return status;
    }
    *watch_out = watch;
    return VQC_OK;
}

void vqc_watch_stop(vqc_watch *watch)
{
    if (watch)
        watch_end(watch, WISH_LEAVE);
}
