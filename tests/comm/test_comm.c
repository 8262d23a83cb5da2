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

/* Every value is handed out exactly once, whoever asks; and a second counter starts at zero again. */
static void test_counter(void **state)
{
    const fixture *f = *state;
    vqc_error error = {0};
    enum { VALUES = 1000 };
    for (int round = 0; round < 2; round++) {
        vqc_comm_counter *counter;
        unsigned char taken[VALUES] = {0};
        assert_int_equal(vqc_comm_counter_create(f->comm, &counter, &error), VQC_OK);
        for (int64_t value = 0; value < VALUES;) {
            assert_int_equal(vqc_comm_counter_next(counter, &value, &error), VQC_OK);
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
        vqc_comm_counter_destroy(counter);
    }
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
        cmocka_unit_test_prestate(test_counter, &f),
    };
    const int failed = cmocka_run_group_tests(tests, NULL, NULL);
    if (failed)
        vqc_comm_abort(f.comm, 1);
    vqc_comm_stop(f.comm);
    return failed;
}
