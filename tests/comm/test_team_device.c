/* Teams that sum device memory by NCCL, with ops/cuda, and NCCL, in emulation. Run as several ranks under mpirun:
 * every test runs on all of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/clock.h"
#include "comm/team_state.h"
#include "device_sums.h"
#include "nccl.h"

/* Seconds: what a sum that hangs is waited for here, and what a busy machine may add to anything. */
enum { TIMEOUT_SECONDS = 2, LONG_TIMEOUT_SECONDS = 60, SLACK_SECONDS = 8 };

typedef struct observer {
    int calls;
    char message[VQC_ERROR_MESSAGE_SIZE];
} observer;

static void lost_note(const char *message, void *context)
{
    observer *o = context;
    o->calls++;
    (void)snprintf(o->message, sizeof o->message, "%s", message);
}

/* This rank's emulated GPU, with this number among those of the host. */
static vqc_ops *device_open(int number)
{
    char id[32];
    vqc_ops *ops;
    vqc_error error = {0};
    const vqc_ops_options options = {.shared = true};
    (void)snprintf(id, sizeof id, "0000:%02d:00.0", number);
    (void)setenv("VQC_EMULATED_PCI_ID", id, 1);
    device_check(vqc_ops_create("cuda", &options, &ops, &error), &error);
    emulated_nccl_state = (emulated_nccl){0};
    return ops;
}

static void devices_set(vqc_comm *comm, vqc_ops *ops, double timeout, observer *o)
{
    vqc_error error = {0};
    const vqc_devices_options options = {.share = true, .timeout_seconds = timeout, .lost = lost_note, .context = o};
    device_check(vqc_comm_devices_set(comm, ops, &options, &error), &error);
}

static void barrier(vqc_comm *comm)
{
    vqc_error error = {0};
    device_check(vqc_comm_barrier(comm, &error), &error);
}

/* Where each member has its own device NCCL sums, and counts like MPI; teams of some ranks leave the others alone. */
static void test_own_devices(void **state)
{
    vqc_comm *comm = *state;
    observer o = {0};
    vqc_ops *ops = device_open(vqc_comm_rank(comm));
    int64_t *values = device_values(ops);
    devices_set(comm, ops, LONG_TIMEOUT_SECONDS, &o);
    for (int first = 0; first <= vqc_comm_rank(comm); first++) {
        vqc_team *team = device_team(comm, first);
        const bool alone = vqc_team_size(team) == 1;
        emulated_nccl_state = (emulated_nccl){0};
        for (int round = 0; round < DEVICE_SUM_ROUNDS; round++)
            device_sum_compare(team, ops, values, round);
        assert_int_equal(team->nccl != NULL, !alone);
        assert_int_equal(emulated_nccl_state.sums, alone ? 0 : DEVICE_SUM_ROUNDS);
        /* each round sums twice: on the device, and what it is compared with */
        assert_int_equal(vqc_team_traffic_of(team).sums, alone ? 0 : 2 * DEVICE_SUM_ROUNDS);
        assert_int_equal(vqc_team_traffic_of(team).bytes, alone ? 0 : 2 * DEVICE_SUM_ROUNDS * DEVICE_SUM_COUNT * 8);
        vqc_team_destroy(team);
        assert_int_equal(emulated_nccl_state.created, !alone);
        assert_int_equal(emulated_nccl_state.destroyed, !alone);
        assert_int_equal(emulated_nccl_state.aborted, 0);
    }
    assert_int_equal(o.calls, 0);
    barrier(comm);
    vqc_ops_memory_release(ops, values);
    vqc_ops_destroy(ops);
}

/* Two ranks on one device are refused, by name, on every rank, unless they may share it; then a team with both sums
 * through the host's memory, and one with either by NCCL. */
static void test_shared_device(void **state)
{
    vqc_comm *comm = *state;
    observer o = {0};
    vqc_error error = {0};
    const vqc_devices_options strict = {.timeout_seconds = LONG_TIMEOUT_SECONDS};
    const int rank = vqc_comm_rank(comm);
    vqc_ops *ops = device_open(rank < 2 ? 0 : rank);
    int64_t *values = device_values(ops);
    assert_int_equal(vqc_comm_devices_set(comm, ops, &strict, &error), VQC_BAD_INPUT);
    assert_non_null(strstr(error.message, "ranks 0 and 1 (host "));
    assert_non_null(strstr(error.message, "0000:00:00.0"));
    assert_non_null(strstr(error.message, "--share-device"));
    devices_set(comm, ops, LONG_TIMEOUT_SECONDS, &o);
    for (int first = 0; first <= rank && first < 2; first++) {
        vqc_team *team = device_team(comm, first);
        for (int round = 0; round < DEVICE_SUM_ROUNDS; round++)
            device_sum_compare(team, ops, values, round);
        assert_int_equal(team->nccl != NULL, first == 1 && vqc_team_size(team) > 1);
        vqc_team_destroy(team);
    }
    barrier(comm);
    vqc_ops_memory_release(ops, values);
    vqc_ops_destroy(ops);
}

/* A team that has been connected by a first sum. */
typedef struct lost_team {
    vqc_ops *ops;
    int64_t *values;
    vqc_team *team;
    observer o;
    double begun;
} lost_team;

static void lost_team_open(lost_team *t, vqc_comm *comm, emulated_nccl_fault fault)
{
    *t = (lost_team){.ops = device_open(vqc_comm_rank(comm))};
    t->values = device_values(t->ops);
    devices_set(comm, t->ops, TIMEOUT_SECONDS, &t->o);
    t->team = device_team(comm, 0);
    device_sum_compare(t->team, t->ops, t->values, 0);
    emulated_nccl_state.fault = fault;
    t->begun = vqc_clock_seconds();
}

/* After the failure that `error` holds: it names the rank and says what was, has been told once, and the team is of
 * no use any more. */
static void lost_team_close(lost_team *t, vqc_comm *comm, const vqc_error *error, const char *expected)
{
    char place[128];
    vqc_error again = {0};
    (void)snprintf(place, sizeof place, "rank %d (host %s)", vqc_comm_rank(comm), vqc_comm_host(comm));
    assert_non_null(strstr(error->message, place));
    assert_non_null(strstr(error->message, expected));
    assert_int_equal(t->o.calls, 1);
    assert_string_equal(t->o.message, error->message);
    assert_true(vqc_clock_seconds() - t->begun < TIMEOUT_SECONDS + SLACK_SECONDS);
    assert_int_equal(vqc_team_sum_device(t->team, t->ops, t->values, 1, &again), VQC_FAILED);
    assert_int_equal(vqc_team_wait_device(t->team, t->ops, &again), VQC_FAILED);
    assert_int_equal(t->o.calls, 1);
    vqc_team_destroy(t->team);
    assert_int_equal(emulated_nccl_state.destroyed, 0);
    barrier(comm);
    vqc_ops_memory_release(t->ops, t->values);
    vqc_ops_destroy(t->ops);
}

static void test_other_member_fails(void **state)
{
    lost_team t;
    vqc_error error = {0};
    lost_team_open(&t, *state, EMULATED_NCCL_FAILS);
    device_check(vqc_team_sum_device(t.team, t.ops, t.values, DEVICE_SUM_COUNT, &error), &error);
    assert_int_equal(vqc_team_wait_device(t.team, t.ops, &error), VQC_FAILED);
    assert_true(vqc_clock_seconds() - t.begun < TIMEOUT_SECONDS);
    assert_int_equal(emulated_nccl_state.aborted, 1);
    lost_team_close(&t, *state, &error, "NCCL cannot work for a team: remote process exited");
}

static void test_stream_hangs(void **state)
{
    lost_team t;
    vqc_error error = {0};
    lost_team_open(&t, *state, EMULATED_NCCL_HANGS);
    device_check(vqc_team_sum_device(t.team, t.ops, t.values, DEVICE_SUM_COUNT, &error), &error);
    assert_int_equal(vqc_team_wait_device(t.team, t.ops, &error), VQC_FAILED);
    assert_true(vqc_clock_seconds() - t.begun > TIMEOUT_SECONDS);
    assert_int_equal(emulated_nccl_state.aborted, 1);
    lost_team_close(&t, *state, &error, "has not come to an end within 2 s (--peer-timeout)");
}

/* While the device is at a sum that does not come to an end, what it has computed before is to be had. */
static void test_event_before_sum(void **state)
{
    lost_team t;
    vqc_timer *timer;
    vqc_error error = {0};
    lost_team_open(&t, *state, EMULATED_NCCL_HANGS);
    device_check(vqc_timer_create(t.ops, 1, &timer, &error), &error);
    device_check(vqc_timer_mark(timer, 0, &error), &error);
    device_check(vqc_team_sum_device(t.team, t.ops, t.values, DEVICE_SUM_COUNT, &error), &error);
    device_check(vqc_team_wait_event(t.team, (vqc_event){timer, 0}, &error), &error);
    assert_true(vqc_clock_seconds() - t.begun < TIMEOUT_SECONDS);
    assert_int_equal(t.o.calls, 0);
    assert_int_equal(vqc_team_wait_device(t.team, t.ops, &error), VQC_FAILED);
    assert_int_equal(vqc_team_wait_event(t.team, (vqc_event){timer, 0}, &error), VQC_FAILED);
    assert_string_equal(error.message, "the devices of this team have failed before");
    (void)snprintf(error.message, sizeof error.message, "%s", t.o.message);
    vqc_timer_destroy(timer);
    lost_team_close(&t, *state, &error, "has not come to an end within 2 s (--peer-timeout)");
}

/* NCCL that does not come back from aborting is left behind. */
static void test_abort_hangs(void **state)
{
    lost_team t;
    vqc_error error = {0};
    lost_team_open(&t, *state, EMULATED_NCCL_HANGS);
    emulated_nccl_state.abort_seconds = TIMEOUT_SECONDS + 2 * SLACK_SECONDS;
    device_check(vqc_team_sum_device(t.team, t.ops, t.values, DEVICE_SUM_COUNT, &error), &error);
    assert_int_equal(vqc_team_wait_device(t.team, t.ops, &error), VQC_FAILED);
    assert_int_equal(emulated_nccl_state.aborted, 0);
    lost_team_close(&t, *state, &error, "--peer-timeout");
}

/* A member that comes late, by more than the timeout, is waited for. */
static void test_member_comes_late(void **state)
{
    lost_team t;
    vqc_comm *comm = *state;
    const struct timespec pause = {.tv_sec = TIMEOUT_SECONDS + 2};
    lost_team_open(&t, comm, EMULATED_NCCL_WELL);
    if (vqc_comm_rank(comm) == vqc_comm_size(comm) - 1)
        (void)nanosleep(&pause, NULL);
    device_sum_compare(t.team, t.ops, t.values, 1);
    assert_true(vqc_clock_seconds() - t.begun > TIMEOUT_SECONDS);
    assert_int_equal(t.o.calls, 0);
    vqc_team_destroy(t.team);
    assert_int_equal(emulated_nccl_state.destroyed, 1);
    vqc_ops_memory_release(t.ops, t.values);
    vqc_ops_destroy(t.ops);
}

/* One member cannot connect: that one says so at once, and the others do not wait for ever. */
static void test_connection_fails(void **state)
{
    vqc_comm *comm = *state;
    observer o = {0};
    vqc_error error = {0};
    vqc_ops *ops = device_open(vqc_comm_rank(comm));
    int64_t *values = device_values(ops);
    const bool refused = vqc_comm_rank(comm) == 0;
    devices_set(comm, ops, TIMEOUT_SECONDS, &o);
    vqc_team *team = device_team(comm, 0);
    emulated_nccl_state.fault = refused ? EMULATED_NCCL_REFUSES : EMULATED_NCCL_WELL;
    assert_int_equal(vqc_team_sum_device(team, ops, values, 1, &error), VQC_FAILED);
    assert_non_null(strstr(error.message, refused ? "NCCL cannot connect a team" : "the connection of a team of"));
    assert_int_equal(o.calls, 1);
    assert_int_equal(emulated_nccl_state.aborted, !refused);
    barrier(comm);
    vqc_team_destroy(team);
    vqc_ops_memory_release(ops, values);
    vqc_ops_destroy(ops);
}

/* Each rank of a host takes the device of its number. Where there are too few, that is an error, or they begin again
 * at the first; where there is one only, every rank takes it. */
static void test_device_choice(void **state)
{
    static const struct {
        const char *devices;
        int number;
        bool shared;
        const char *expected; /* PCI id; NULL: refused */
    } cases[] = {
        {"1", 0, false, "0000:00:00.0"}, {"1", 3, false, "0000:00:00.0"}, {"2", 1, false, "0000:01:00.0"},
        {"2", 2, false, NULL},           {"2", 2, true, "0000:00:00.0"},  {"2", 3, true, "0000:01:00.0"},
    };
    (void)state;
    (void)unsetenv("VQC_EMULATED_PCI_ID");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        vqc_ops *ops = NULL;
        vqc_error error = {0};
        vqc_ops_identity identity;
        const vqc_ops_options options = {.device = cases[i].number, .shared = cases[i].shared};
        (void)setenv("VQC_EMULATED_DEVICES", cases[i].devices, 1);
        vqc_status status = vqc_ops_create("cuda", &options, &ops, &error);
        assert_int_equal(status, cases[i].expected == NULL ? VQC_BAD_INPUT : VQC_OK);
        if (status != VQC_OK) {
            assert_non_null(strstr(error.message, "device 2: there are 2 devices"));
            continue;
        }
        vqc_ops_identify(ops, &identity);
        assert_string_equal(identity.pci_id, cases[i].expected);
        vqc_ops_destroy(ops);
    }
    (void)unsetenv("VQC_EMULATED_DEVICES");
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
        cmocka_unit_test_prestate(test_own_devices, comm),
        cmocka_unit_test_prestate(test_shared_device, comm),
        cmocka_unit_test_prestate(test_other_member_fails, comm),
        cmocka_unit_test_prestate(test_stream_hangs, comm),
        cmocka_unit_test_prestate(test_event_before_sum, comm),
        cmocka_unit_test_prestate(test_abort_hangs, comm),
        cmocka_unit_test_prestate(test_member_comes_late, comm),
        cmocka_unit_test_prestate(test_connection_fails, comm),
        cmocka_unit_test_prestate(test_device_choice, comm),
    };
    const int failed = cmocka_run_group_tests(tests, NULL, NULL);
    if (failed)
        vqc_comm_abort(comm, 1);
    vqc_comm_stop(comm);
    return failed;
}
