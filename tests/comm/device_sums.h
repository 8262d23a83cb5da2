#ifndef VQC_TESTS_DEVICE_SUMS_H
#define VQC_TESTS_DEVICE_SUMS_H

/* Sums of device memory and what they have to give, for the tests of teams; after <cmocka.h>. */

#include <stdio.h>
#include <stdlib.h>

#include "comm/devices.h"
#include "comm/team.h"

enum { DEVICE_SUM_COUNT = 30011, DEVICE_SUM_ROUNDS = 4 };

static inline void device_check(vqc_status status, const vqc_error *error)
{
    if (status != VQC_OK)
        fail_msg("%s", error->message);
}

/* A team of the ranks from `first` on. */
static inline vqc_team *device_team(vqc_comm *comm, int first)
{
    int ranks[16];
    int count = 0;
    vqc_team *team;
    vqc_error error = {0};
    for (int rank = first; rank < vqc_comm_size(comm); rank++)
        ranks[count++] = rank;
    device_check(vqc_team_create(comm, ranks, count, &team, &error), &error);
    return team;
}

static inline int64_t *device_values(vqc_ops *ops)
{
    void *memory;
    vqc_error error = {0};
    device_check(vqc_ops_memory_allocate(ops, DEVICE_SUM_COUNT * sizeof(int64_t), &memory, &error), &error);
    return memory;
}

/* One sum between other work on the device: the values' first half is cleared before, the last one after it. The
 * others must be the sums that MPI gives. */
static inline void device_sum_compare(vqc_team *team, vqc_ops *ops, int64_t *device, int round)
{
    enum { COUNT = DEVICE_SUM_COUNT, SIZE = COUNT * sizeof(int64_t) };
    vqc_error error = {0};
    int64_t *expected = malloc(SIZE);
    int64_t *found = malloc(SIZE);
    for (int i = 0; i < COUNT; i++)
        expected[i] = (int64_t)((uint64_t)(i + round) * 0x9e3779b97f4a7c15U * (uint64_t)(vqc_team_member(team) + 1));
    device_check(vqc_ops_upload(ops, device, expected, SIZE, &error), &error);
    device_check(vqc_ops_clear(ops, device, COUNT / 2 * sizeof *device, &error), &error);
    device_check(vqc_team_sum_device(team, ops, device, COUNT, &error), &error);
    device_check(vqc_ops_clear(ops, device + COUNT - 1, sizeof *device, &error), &error);
    device_check(vqc_team_wait_device(team, ops, &error), &error);
    device_check(vqc_ops_download(ops, found, device, SIZE, &error), &error);
    for (int i = 0; i < COUNT / 2; i++)
        expected[i] = 0;
    device_check(vqc_team_sum(team, expected, COUNT, &error), &error);
    expected[COUNT - 1] = 0;
    assert_memory_equal(found, expected, SIZE);
    free(found);
    free(expected);
}

#endif
