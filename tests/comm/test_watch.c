/* The watch over the ranks. Run as two or more ranks under mpirun: every test runs on all of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "comm/watch.h"

/* Seconds. The short one is what the tests of silence wait for; still, a busy machine must not reach half of it. */
enum { TIMEOUT_SECONDS = 6, LONG_TIMEOUT_SECONDS = 60, MESSAGE_SIZE = 512 };

/* What the hooks saw and say. */
typedef struct observer {
    atomic_int warnings;
    atomic_int lost; /* calls of lost */
    char message[MESSAGE_SIZE];
    double lost_at;
    atomic_bool stop_wish; /* what stop_asked answers */
    atomic_int stops;      /* calls of stop_ask */
} observer;

static void warning_note(const char *message, void *context)
{
    observer *o = context;
    assert_non_null(strstr(message, "has not answered"));
    atomic_fetch_add(&o->warnings, 1);
}

static void lost_note(const char *message, void *context)
{
    observer *o = context;
    (void)snprintf(o->message, sizeof o->message, "%s", message);
    o->lost_at = vqc_clock_seconds();
    atomic_fetch_add(&o->lost, 1);
}

static bool stop_wish_tell(void *context)
{
    return atomic_load(&((observer *)context)->stop_wish);
}

static void stop_note(void *context)
{
    atomic_fetch_add(&((observer *)context)->stops, 1);
}

static vqc_watch *watch_begin(vqc_comm *comm, double timeout, observer *o)
{
    vqc_error error = {0};
    vqc_watch *watch;
    const vqc_watch_hooks hooks = {
        .warn = warning_note, .lost = lost_note, .stop_asked = stop_wish_tell, .stop_ask = stop_note, .context = o};
    if (vqc_watch_start(comm, timeout, &hooks, &watch, &error) != VQC_OK)
        fail_msg("%s", error.message);
    return watch;
}

static void pause_seconds(double seconds)
{
    const struct timespec pause = {(time_t)seconds, (long)((seconds - (double)(time_t)seconds) * 1e9)};
    (void)nanosleep(&pause, NULL);
}

static void barrier(vqc_comm *comm)
{
    vqc_error error = {0};
    assert_int_equal(vqc_comm_barrier(comm, &error), VQC_OK);
}

/* Ranks that leave at different times, some after more than the timeout, are not missed. */
static void test_leaving(void **state)
{
    vqc_comm *comm = *state;
    for (int first = 0; first < 2; first++) {
        observer o = {0};
        vqc_watch *watch = watch_begin(comm, TIMEOUT_SECONDS, &o);
        if ((vqc_comm_rank(comm) == 0) != (first == 0))
            pause_seconds(1.3 * TIMEOUT_SECONDS);
        vqc_watch_stop(watch);
        assert_int_equal(o.lost, 0);
        assert_int_equal(o.stops, 0);
        barrier(comm);
    }
}

/* One rank asks to stop: each is told once, soon. */
static void test_stop_reaches_all(void **state)
{
    vqc_comm *comm = *state;
    for (int asking = 0; asking < vqc_comm_size(comm); asking++) {
        observer o = {0};
        vqc_watch *watch = watch_begin(comm, LONG_TIMEOUT_SECONDS, &o);
        barrier(comm);
        assert_int_equal(o.stops, 0);
        o.stop_wish = vqc_comm_rank(comm) == asking;
        for (double begun = vqc_clock_seconds(); o.stops == 0 && vqc_clock_seconds() - begun < 10.0;)
            pause_seconds(0.02);
        assert_int_equal(o.stops, 1);
        barrier(comm);
        vqc_watch_stop(watch);
        assert_int_equal(o.stops, 1);
        assert_int_equal(o.lost, 0);
    }
}

/* Stops this process for a while. */
static void process_suspend(double seconds)
{
    pid_t parent = getpid();
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        (void)kill(parent, SIGSTOP);
        pause_seconds(seconds);
        (void)kill(parent, SIGCONT);
        _exit(0);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
}

/* A rank that does not run for too long is missed by name; the others are told by rank 0, if it is not the one. */
static void test_silence(void **state)
{
    vqc_comm *comm = *state;
    const int rank = vqc_comm_rank(comm);
    for (int silent = 0; silent < vqc_comm_size(comm); silent += vqc_comm_size(comm) - 1) {
        observer o = {0};
        char expected[64];
        (void)snprintf(expected, sizeof expected, "rank %d (host %s) has not answered for ", silent,
                       vqc_comm_host(comm));
        vqc_watch *watch = watch_begin(comm, TIMEOUT_SECONDS, &o);
        barrier(comm);
        double begun = vqc_clock_seconds();
        if (rank == silent)
            process_suspend(TIMEOUT_SECONDS + 3.0);
        while (o.lost == 0 && vqc_clock_seconds() - begun < TIMEOUT_SECONDS + 8.0)
            pause_seconds(0.1);
        vqc_watch_stop(watch);
        assert_int_equal(o.lost, 1);
        if (rank != silent) {
            assert_true(o.lost_at - begun > TIMEOUT_SECONDS - 2.0);
            assert_true(o.lost_at - begun < TIMEOUT_SECONDS + 4.0);
        }
        if (rank != silent)
            assert_int_equal(o.warnings, rank == 0 || silent == 0);
        if (rank != silent && (rank == 0 || silent == 0))
            assert_non_null(strstr(o.message, expected));
        else if (rank != silent)
            assert_string_equal(o.message, "");
        barrier(comm);
    }
}

/* A launch of which every rank was suspended goes on. */
static void test_all_suspended(void **state)
{
    vqc_comm *comm = *state;
    observer o = {0};
    vqc_watch *watch = watch_begin(comm, TIMEOUT_SECONDS, &o);
    barrier(comm);
    process_suspend(TIMEOUT_SECONDS + 2.0);
    pause_seconds(1.5 * TIMEOUT_SECONDS);
    barrier(comm);
    vqc_watch_stop(watch);
    assert_int_equal(o.lost, 0);
}

int main(int argc, char **argv)
{
    vqc_comm *comm;
    vqc_error error = {0};
    if (vqc_comm_start(&argc, &argv, &comm, &error) != VQC_OK) {
        print_error("%s\n", error.message);
        return 1;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(test_leaving, comm),
        cmocka_unit_test_prestate(test_stop_reaches_all, comm),
        cmocka_unit_test_prestate(test_silence, comm),
        cmocka_unit_test_prestate(test_all_suspended, comm),
    };
    const int failed = cmocka_run_group_tests(tests, NULL, NULL);
    if (failed)
        vqc_comm_abort(comm, 1);
    vqc_comm_stop(comm);
    return failed;
}
