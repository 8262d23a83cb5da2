/* Teams that sum device memory on a real GPU: alone, by a communicator of NCCL with one member; under mpirun, where
 * ranks share a GPU, through the host's memory, and where each has its own, by NCCL. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../device_absent.h"
#include "comm/team_state.h"
#include "device_sums.h"

enum { TIMEOUT_SECONDS = 60 };

typedef struct fixture {
    vqc_comm *comm;
    vqc_ops *ops;
} fixture;

static void test_sums(void **state)
{
    const fixture *f = *state;
    vqc_error error = {0};
    char version[VQC_COMM_LIBRARY_SIZE];
    const vqc_devices_options options = {.share = true, .single = true, .timeout_seconds = TIMEOUT_SECONDS};
    device_check(vqc_comm_devices_set(f->comm, f->ops, &options, &error), &error);
    int64_t *values = device_values(f->ops);
    vqc_team *team = device_team(f->comm, 0);
    for (int round = 0; round < DEVICE_SUM_ROUNDS; round++)
        device_sum_compare(team, f->ops, values, round);
    const vqc_devices *devices = vqc_comm_devices(f->comm);
    const bool by_nccl = vqc_nccl_built() && vqc_devices_differ(devices, team->ranks, team->size);
    assert_int_equal(team->nccl != NULL, by_nccl);
    vqc_comm_devices_library(version);
    print_message("%d ranks: summed %s %s\n", team->size, by_nccl ? "by" : "through the host's memory; built with",
                  version[0] == '\0' ? "no NCCL" : version);
    vqc_team_destroy(team);
    vqc_ops_memory_release(f->ops, values);
}

/* Ranks that compute on one device are refused where they are not to share it. */
static void test_duplicates(void **state)
{
    const fixture *f = *state;
    vqc_error error = {0};
    const vqc_devices_options options = {.timeout_seconds = TIMEOUT_SECONDS};
    const vqc_devices *devices = vqc_comm_devices(f->comm);
    bool shared = false;
    for (int rank = 0; rank < vqc_comm_size(f->comm); rank++)
        shared = shared || devices->first[rank] != rank;
    vqc_status status = vqc_comm_devices_set(f->comm, f->ops, &options, &error);
    assert_int_equal(status, shared ? VQC_BAD_INPUT : VQC_OK);
    if (shared)
        assert_non_null(strstr(error.message, "would compute on the same device"));
}

int main(int argc, char **argv)
{
    fixture f = {0};
    vqc_error error = {0};
    if (vqc_comm_start(&argc, &argv, &f.comm, &error) != VQC_OK) {
        print_error("%s\n", error.message);
        return 1;
    }
    const vqc_ops_options options = {.device = vqc_comm_local_rank(f.comm), .shared = true};
    if (vqc_comm_agree(f.comm, vqc_ops_create("cuda", &options, &f.ops, &error), &error) != VQC_OK) {
        vqc_comm_stop(f.comm);
        device_absent_exit(&error);
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(test_sums, &f),
        cmocka_unit_test_prestate(test_duplicates, &f),
    };
    const int failed = cmocka_run_group_tests(tests, NULL, NULL);
    if (failed)
        vqc_comm_abort(f.comm, 1);
    vqc_ops_destroy(f.ops);
    vqc_comm_stop(f.comm);
    return failed;
}
