/* Lanes of which one has too little device memory: it is closed, and its renders are made in the other, and costs are
 * measured without it; a render that cannot be started in any is recorded as failed. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "../support/check.h"
#include "../support/scratch.h"
#include "forecast/measurement.h"
#include "record/study_archive.h"
#include "schedule/launch.h"

#define FIXTURES VQC_SOURCE_DIR "/tests/models/fixtures/"

enum { RENDERS = 5, LANES = 3 };

static const char job[] =
    "study: lanes\n"
    "models:\n"
    "  generator: {config: " FIXTURES "net2net.yaml, checkpoint: " FIXTURES "net2net.safetensors}\n"
    "  perceptors: [{name: first, checkpoint: " FIXTURES "open_clip_gelu/open_clip_model.safetensors}]\n"
    "render: {size: [40, 24], steps: 2, crops: {count: 2, group: 2}}\n"
    "seeds: [0, 1, 2, 3, 4]\n"
    "prompts: [{targets: [{noise: 1}]}]\n";

typedef struct fixture {
    char folder[32];
    vqc_comm *comm;
    vqc_study *study;
    vqc_ops *ops[LANES];
    vqc_renderer *lanes[LANES];
    vqc_study_archive *plan;
    vqc_archive *archive;
} fixture;

static void study_open(fixture *f)
{
    vqc_error error = {0};
    char path[64];
    (void)snprintf(path, sizeof path, "%s/job.yaml", f->folder);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(job, 1, strlen(job), file), strlen(job));
    assert_int_equal(fclose(file), 0);
    check(vqc_study_open(path, &f->study, &error), &error);
}

/* Lanes whose devices have no more memory than these; 0: any. */
static void fixture_open(fixture *f, const size_t limits[LANES])
{
    vqc_error error = {0};
    vqc_environment environment;
    bool created;
    char path[64];
    folder_make(f->folder, sizeof f->folder);
    check(vqc_comm_start(NULL, NULL, &f->comm, &error), &error);
    study_open(f);
    for (int lane = 0; lane < LANES; lane++) {
        const vqc_ops_options options = {.threads = 1, .memory_limit = limits[lane]};
        check(vqc_ops_create("cpu", &options, &f->ops[lane], &error), &error);
        check(lane == 0 ? vqc_renderer_create(f->study, f->ops[0], VQC_DTYPE_F32, &f->lanes[0], &error)
                        : vqc_renderer_create_beside(f->lanes[0], f->ops[lane], &f->lanes[lane], &error),
              &error);
    }
    check(vqc_environment_find(f->ops[0], VQC_DTYPE_F32, "test", &environment, &error), &error);
    check(vqc_study_archive_create(f->study, f->lanes[0], &environment, &f->plan, &error), &error);
    (void)snprintf(path, sizeof path, "%s/lanes.h5", f->folder);
    check(vqc_archive_start(f->comm, path, vqc_study_archive_outline(f->plan), VQC_ARCHIVE_LOCKED, &f->archive,
                            &created, &error),
          &error);
}

static void fixture_close(fixture *f)
{
    vqc_archive_close(f->archive);
    vqc_study_archive_destroy(f->plan);
    for (int lane = LANES - 1; lane >= 0; lane--) {
        vqc_renderer_destroy(f->lanes[lane]);
        vqc_ops_destroy(f->ops[lane]);
    }
    vqc_study_close(f->study);
    vqc_comm_stop(f->comm);
}

static bool never_stopped(void)
{
    return false;
}

/* Renders of the launch in this state, after which so many lanes are closed. */
static int renders_in(vqc_archive_state state, const size_t limits[LANES], int closed)
{
    fixture f = {0};
    vqc_error error = {0};
    vqc_launch_totals totals;
    bool finished = false;
    int found = 0;
    fixture_open(&f, limits);
    vqc_launch launch = {.comm = f.comm,
                         .archive = f.archive,
                         .study = f.study,
                         .renderer = f.lanes[0],
                         .device = "cpu",
                         .environment = "cpu",
                         .checkpoint_seconds = 1000.0,
                         .stopped = never_stopped,
                         .lane_count = LANES};
    memcpy(launch.lanes, f.lanes, sizeof f.lanes);
    check(vqc_launch_run(&launch, &finished, &totals, &error), &error);
    assert_true(finished);
    assert_int_equal((int)totals.lanes_closed, closed);
    for (size_t i = 0; i < RENDERS; i++) {
        vqc_archive_state now;
        check(vqc_archive_state_read(f.archive, i, &now, &error), &error);
        found += now == state;
    }
    fixture_close(&f);
    return found;
}

static void test_small_lane_is_closed(void **state)
{
    (void)state;
    assert_int_equal(renders_in(VQC_ARCHIVE_DONE, (const size_t[]){0, 1000, 0}, 1), RENDERS);
    assert_int_equal(renders_in(VQC_ARCHIVE_DONE, (const size_t[]){0, 1000, 1000}, 2), RENDERS);
}

static void test_too_little_for_any_is_a_failure(void **state)
{
    (void)state;
    assert_int_equal(renders_in(VQC_ARCHIVE_FAILED, (const size_t[]){1000, 1000, 1000}, 0), RENDERS);
}

/* Measures the study on lanes with these limits: steps of these numbers of lanes, ended by 0, are measured. */
static void expect_measured(const size_t limits[LANES], const int *lanes)
{
    fixture f = {0};
    vqc_error error = {0};
    vqc_cost_table costs = {0};
    fixture_open(&f, limits);
    check(vqc_measurement_run(f.study, f.ops, LANES, VQC_DTYPE_F32, &costs, &error), &error);
    assert_int_equal(costs.lanes, LANES);
    assert_int_equal(costs.free_bytes, limits[0]);
    assert_int_equal(costs.count, 1);
    for (int i = 0; i < costs.shapes[0].lane_phase_count; i++) {
        assert_int_equal(costs.shapes[0].lane_phases[i].lanes, lanes[i]);
        assert_true(costs.shapes[0].lane_phases[i].seconds > 0.0);
    }
    assert_int_equal(lanes[costs.shapes[0].lane_phase_count], 0);
    vqc_cost_table_release(&costs);
    fixture_close(&f);
}

/* What a launch would close is not measured. */
static void test_measured_lanes(void **state)
{
    (void)state;
    enum { ENOUGH = 1 << 30 };
    expect_measured((const size_t[]){0, 0, 0}, (const int[]){1, 2, 3, 0});
    expect_measured((const size_t[]){ENOUGH, 0, 1000}, (const int[]){1, 2, 0});
    expect_measured((const size_t[]){0, 1000, 0}, (const int[]){1, 0});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_small_lane_is_closed),
        cmocka_unit_test(test_too_little_for_any_is_a_failure),
        cmocka_unit_test(test_measured_lanes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
