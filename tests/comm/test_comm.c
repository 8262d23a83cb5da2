/* Ranks and what they exchange. Run as `test_comm N`, by itself with N = 1 or as N ranks under mpirun: every test
 * runs on all ranks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "comm/comm.h"
#include "comm/team.h"
#include "device_sums.h"

typedef struct fixture {
    vqc_comm *comm;
    int expected_size;
} fixture;

static void test_places(void **state)
{
    const fixture *f = *state;
    vqc_error error = {0};
    int ranks[16];
    const int rank = vqc_comm_rank(f->comm);
    assert_int_equal(vqc_comm_size(f->comm), f->expected_size);
    assert_int_equal(vqc_comm_all_gather(f->comm, &rank, sizeof rank, ranks, &error), VQC_OK);
    for (int i = 0; i < f->expected_size; i++)
        assert_int_equal(ranks[i], i);
    /* All ranks of a test share the host. */
    assert_int_equal(vqc_comm_local_size(f->comm), f->expected_size);
    assert_int_equal(vqc_comm_local_rank(f->comm), rank);
    assert_true(strlen(vqc_comm_host(f->comm)) > 0);
}

static void test_broadcast(void **state)
{
    const fixture *f = *state;
    vqc_error error = {0};
    enum { SIZE = 100003 };
    unsigned char *bytes = calloc(SIZE, 1);
    const int root = f->expected_size - 1;
    for (int i = 0; vqc_comm_rank(f->comm) == root && i < SIZE; i++)
        bytes[i] = (unsigned char)(i * 7);
    assert_int_equal(vqc_comm_broadcast(f->comm, bytes, SIZE, root, &error), VQC_OK);
    for (int i = 0; i < SIZE; i++)
        assert_int_equal(bytes[i], (unsigned char)(i * 7));
    free(bytes);
    assert_int_equal(vqc_comm_barrier(f->comm, &error), VQC_OK);
}

/* All ranks succeed, the last one fails, all fail: everybody gets the lowest failing rank's error. */
static void test_agreement(void **state)
{
    const fixture *f = *state;
    const int rank = vqc_comm_rank(f->comm);
    const int last = f->expected_size - 1;
    vqc_error error = {0};
    assert_int_equal(vqc_comm_agree(f->comm, VQC_OK, &error), VQC_OK);
    assert_string_equal(error.message, "");

    vqc_status status = VQC_OK;
    if (rank == last)
        status = vqc_error_set(&error, VQC_BAD_INPUT, "only rank %d", rank);
    assert_int_equal(vqc_comm_agree(f->comm, status, &error), VQC_BAD_INPUT);
    char expected[64];
    (void)snprintf(expected, sizeof expected, "only rank %d", last);
    assert_string_equal(error.message, expected);

    status = vqc_error_set(&error, VQC_FAILED, "rank %d", rank);
    assert_int_equal(vqc_comm_agree(f->comm, status, &error), VQC_FAILED);
    assert_string_equal(error.message, "rank 0");
}

/* Every value is handed out exactly once, whoever asks; and numbers made anew start at zero again. */
static void test_numbers_count(void **state)
{
    const fixture *f = *state;
    vqc_error error = {0};
    enum { VALUES = 1000 };
    for (int round = 0; round < 2; round++) {
        vqc_comm_numbers *numbers;
        unsigned char taken[VALUES] = {0};
        assert_int_equal(vqc_comm_numbers_create(f->comm, 3, &numbers, &error), VQC_OK);
        for (int64_t value = 0; value < VALUES;) {
            assert_int_equal(vqc_comm_numbers_add(numbers, 1, 1, &value, &error), VQC_OK);
            if (value < VALUES)
                taken[value]++;
            assert_int_equal(vqc_comm_progress(f->comm, &error), VQC_OK);
        }
        unsigned char *all = malloc((size_t)f->expected_size * VALUES);
        assert_int_equal(vqc_comm_all_gather(f->comm, taken, VALUES, all, &error), VQC_OK);
        for (int value = 0; value < VALUES; value++) {
            int count = 0;
            for (int rank = 0; rank < f->expected_size; rank++)
                count += all[rank * VALUES + value];
            assert_int_equal(count, 1);
        }
        free(all);
        vqc_comm_numbers_destroy(numbers);
    }
}

/* Numbers do not mix, and everybody reads what all have added. */
static void test_numbers_read(void **state)
{
    const fixture *f = *state;
    vqc_error error = {0};
    vqc_comm_numbers *numbers;
    int64_t before;
    int64_t values[4];
    const int rank = vqc_comm_rank(f->comm);
    const int size = f->expected_size;
    assert_int_equal(vqc_comm_numbers_create(f->comm, 4, &numbers, &error), VQC_OK);
    assert_int_equal(vqc_comm_numbers_add(numbers, 2, rank + 1, &before, &error), VQC_OK);
    assert_int_equal(vqc_comm_numbers_add(numbers, 3, -5, &before, &error), VQC_OK);
    assert_int_equal(before % 5, 0);
    assert_int_equal(vqc_comm_barrier(f->comm, &error), VQC_OK);
    assert_int_equal(vqc_comm_numbers_read(numbers, 1, 3, values, &error), VQC_OK);
    assert_int_equal(values[0], 0);
    assert_int_equal(values[1], size * (size + 1) / 2);
    assert_int_equal(values[2], -5 * size);
    assert_int_equal(vqc_comm_barrier(f->comm, &error), VQC_OK);
    vqc_comm_numbers_destroy(numbers);
}

/* Every rank writes two letters to the next one. */
static void test_letters(void **state)
{
    const fixture *f = *state;
    vqc_error error = {0};
    int letter[2];
    size_t size;
    int source;
    const int rank = vqc_comm_rank(f->comm);
    const int next = (rank + 1) % f->expected_size;
    const int last = (rank + f->expected_size - 1) % f->expected_size;
    assert_int_equal(vqc_comm_receive(f->comm, letter, sizeof letter, &size, &source, &error), VQC_OK);
    assert_int_equal(size, 0);
    if (f->expected_size == 1) {
        assert_int_equal(vqc_comm_send(f->comm, 0, letter, 1, &error), VQC_FAILED);
        return;
    }
    assert_int_equal(vqc_comm_barrier(f->comm, &error), VQC_OK);
    for (int i = 0; i < 2; i++) {
        const int written[2] = {rank, i};
        assert_int_equal(vqc_comm_send(f->comm, next, written, sizeof written, &error), VQC_OK);
    }
    for (int i = 0; i < 2; i++) {
        do {
            assert_int_equal(vqc_comm_receive(f->comm, letter, sizeof letter, &size, &source, &error), VQC_OK);
        } while (size == 0);
        assert_int_equal(size, sizeof letter);
        assert_int_equal(source, last);
        assert_int_equal(letter[0], last);
        assert_int_equal(letter[1], i);
    }
}

/* A team of all ranks in reverse order, or of the ranks from `first` on. */
static vqc_team *team_of(const fixture *f, int first)
{
    int ranks[16];
    int count = 0;
    vqc_team *team;
    vqc_error error = {0};
    for (int rank = f->expected_size - 1; rank >= first; rank--)
        ranks[count++] = rank;
    if (vqc_team_create(f->comm, ranks, count, &team, &error) != VQC_OK)
        fail_msg("%s", error.message);
    assert_int_equal(vqc_team_size(team), count);
    assert_int_equal(vqc_team_rank(team, vqc_team_member(team)), vqc_comm_rank(f->comm));
    assert_int_equal(vqc_team_rank(team, 0), f->expected_size - 1);
    return team;
}

/* Sums wrap around; bits that one member alone gives arrive as they are. Teams of some ranks leave the others alone.
 */
static void test_team_sums(void **state)
{
    const fixture *f = *state;
    vqc_error error = {0};
    enum { COUNT = 30011 };
    for (int first = 0; first < f->expected_size; first++) {
        if (vqc_comm_rank(f->comm) < first)
            continue;
        int64_t *values = calloc(COUNT, sizeof *values);
        vqc_team *team = team_of(f, first);
        const int size = vqc_team_size(team);
        const int member = vqc_team_member(team);
        const double number = -0x1.23456789abcdep-1030; /* as bits, a large negative integer */
        for (int i = 0; i < COUNT - 1; i++)
            values[i] = (int64_t)i * (member + 1) - INT64_MAX / 2 * (i % 2);
        if (member == size - 1)
            memcpy(&values[COUNT - 1], &number, sizeof number);
        assert_int_equal(vqc_team_sum(team, values, COUNT, &error), VQC_OK);
        for (int i = 0; i < COUNT - 1; i++) {
            uint64_t odd = (uint64_t)(INT64_MAX / 2) * (uint64_t)(i % 2) * (uint64_t)size;
            uint64_t sum = (uint64_t)i * (uint64_t)(size * (size + 1) / 2) - odd;
            assert_true((uint64_t)values[i] == sum);
        }
        assert_memory_equal(&values[COUNT - 1], &number, sizeof number);
        assert_int_equal(vqc_team_traffic_of(team).sums, size > 1);
        assert_int_equal(vqc_team_traffic_of(team).bytes, size > 1 ? COUNT * 8 : 0);
        vqc_team_destroy(team);
        free(values);
    }
    assert_int_equal(vqc_comm_barrier(f->comm, &error), VQC_OK);
}

/* Device memory that is the host's: the sum is that of host memory, and counts once. */
static void test_team_sums_device_memory(void **state)
{
    const fixture *f = *state;
    vqc_error error = {0};
    vqc_ops *ops;
    const vqc_ops_options options = {.threads = 1};
    assert_int_equal(vqc_ops_create("ref", &options, &ops, &error), VQC_OK);
    assert_null(vqc_ops_stream(ops));
    int64_t *values = device_values(ops);
    vqc_team *team = team_of(f, 0);
    for (int round = 0; round < DEVICE_SUM_ROUNDS; round++)
        device_sum_compare(team, ops, values, round);
    assert_int_equal(vqc_team_traffic_of(team).sums, f->expected_size > 1 ? 2 * DEVICE_SUM_ROUNDS : 0);
    vqc_team_destroy(team);
    vqc_ops_memory_release(ops, values);
    vqc_ops_destroy(ops);
}

static void test_team_agrees(void **state)
{
    const fixture *f = *state;
    vqc_error error = {0};
    vqc_team *team = team_of(f, 0);
    const int size = vqc_team_size(team);
    const int member = vqc_team_member(team);
    assert_int_equal(vqc_team_agree(team, VQC_OK, &error), VQC_OK);
    vqc_status status = VQC_OK;
    if (member >= size / 2)
        status = vqc_error_set(&error, VQC_FAILED, "member %d", member);
    assert_int_equal(vqc_team_agree(team, status, &error), VQC_FAILED);
    char expected[64];
    (void)snprintf(expected, sizeof expected, "member %d", size / 2);
    assert_string_equal(error.message, expected);
    int64_t told = member == size - 1 ? 77 : 0;
    assert_int_equal(vqc_team_broadcast(team, &told, sizeof told, size - 1, &error), VQC_OK);
    assert_int_equal(told, 77);
    vqc_team_destroy(team);
}

int main(int argc, char **argv)
{
    fixture f = {.expected_size = argc > 1 ? atoi(argv[1]) : 1};
    vqc_error error = {0};
    if (vqc_comm_start(&argc, &argv, &f.comm, &error) != VQC_OK) {
        print_error("%s\n", error.message);
        return 1;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(test_places, &f),
        cmocka_unit_test_prestate(test_broadcast, &f),
        cmocka_unit_test_prestate(test_agreement, &f),
        cmocka_unit_test_prestate(test_numbers_count, &f),
        cmocka_unit_test_prestate(test_numbers_read, &f),
        cmocka_unit_test_prestate(test_letters, &f),
        cmocka_unit_test_prestate(test_team_sums, &f),
        cmocka_unit_test_prestate(test_team_agrees, &f),
        cmocka_unit_test_prestate(test_team_sums_device_memory, &f),
    };
    const int failed = cmocka_run_group_tests(tests, NULL, NULL);
    if (failed)
        vqc_comm_abort(f.comm, 1);
    vqc_comm_stop(f.comm);
    return failed;
}
