/* The steps that a launch says are made and left: of all renders and ranks, from its start or where it goes on. */

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
#include "../support/job.h"
#include "../support/scratch.h"
#include "record/study_archive.h"
#include "schedule/launch.h"

enum { RENDERS = 4, STEPS = 5 + 5 + 5 + 9, STOP_AFTER = 7 };

static const char job[] =
    "study: progress\n" JOB_MODELS "render: {size: [40, 24], steps: 5, crops: {count: 2, group: 2}}\n"
    "prompts: [{id: a, targets: [{noise: 1}]}, {id: b, targets: [{noise: 2}]}, {id: c, targets: [{noise: 3}]}, "
    "{id: d, targets: [{noise: 4}], steps: 9}]\n";

typedef struct fixture {
    vqc_comm *comm;
    vqc_study *study;
    vqc_ops *ops;
    vqc_renderer *renderer;
    vqc_study_archive *plan;
} fixture;

/* What was reported. */
typedef struct reports {
    int count;
    vqc_launch_progress first, last;
} reports;

/* Asked after every step of this rank; a test sets how many there may be. */
static int steps_allowed; // NOLINT: the launch's question has no context

static bool stop_after_some(void)
{
    return steps_allowed-- <= 0;
}

static void progress_note(const vqc_launch_progress *now, void *context)
{
    reports *noted = context;
    if (noted->count++ == 0)
        noted->first = *now;
    noted->last = *now;
    assert_int_equal(now->steps_study, STEPS);
    assert_in_range(now->steps_left, 0, STEPS);
}

static void fixture_open(fixture *f, int *argc, char ***argv)
{
    vqc_error error = {0};
    vqc_environment environment;
    const vqc_ops_options options = {.threads = 1};
    check(vqc_comm_start(argc, argv, &f->comm, &error), &error);
    f->study = job_open(job);
    check(vqc_ops_create("cpu", &options, &f->ops, &error), &error);
    check(vqc_renderer_create(f->study, f->ops, VQC_DTYPE_F32, &f->renderer, &error), &error);
    check(vqc_environment_find(f->ops, VQC_DTYPE_F32, "test", &environment, &error), &error);
    check(vqc_study_archive_create(f->study, f->renderer, &environment, &f->plan, &error), &error);
}

static void fixture_close(fixture *f)
{
    vqc_study_archive_destroy(f->plan);
    vqc_renderer_destroy(f->renderer);
    vqc_ops_destroy(f->ops);
    vqc_study_close(f->study);
    vqc_comm_stop(f->comm);
}

/* One launch on an archive, which it makes or goes on with; whether it came to its end. */
static bool launch_run(fixture *f, const char *path, int steps, reports *noted)
{
    vqc_error error = {0};
    vqc_launch_totals totals;
    bool created;
    bool finished;
    vqc_launch launch = {.comm = f->comm,
                         .study = f->study,
                         .renderer = f->renderer,
                         .lanes = {f->renderer},
                         .lane_count = 1,
                         .device = "cpu",
                         .environment = "cpu",
                         .checkpoint_seconds = 1000.0,
                         .team = 1,
                         .stopped = stop_after_some,
                         .report = progress_note,
                         .report_context = noted};
    steps_allowed = steps;
    *noted = (reports){0};
    check(vqc_archive_start(f->comm, path, vqc_study_archive_outline(f->plan), VQC_ARCHIVE_LOCKED, &launch.archive,
                            &created, &error),
          &error);
    check(vqc_launch_run(&launch, &finished, &totals, &error), &error);
    vqc_archive_close(launch.archive);
    return finished;
}

static void test_steps_are_those_of_all_renders(void **state)
{
    fixture *f = *state;
    reports noted;
    char folder[32];
    char path[64];
    folder_make(folder, sizeof folder);
    (void)snprintf(path, sizeof path, "%s/progress.h5", folder);

    assert_false(launch_run(f, path, STOP_AFTER, &noted));
    assert_int_equal(noted.first.steps_made, 1);
    assert_int_equal(noted.first.steps_left, STEPS - 1);
    const int64_t made = noted.last.steps_made;
    assert_int_equal(noted.last.steps_left, STEPS - made);

    assert_true(launch_run(f, path, 1 << 20, &noted));
    assert_int_equal(noted.first.steps_made, 1);
    assert_int_equal(noted.last.steps_left, 0);
    assert_int_equal(noted.last.steps_made, STEPS - made);
}

int main(int argc, char **argv)
{
    fixture f = {0};
    fixture_open(&f, &argc, &argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(test_steps_are_those_of_all_renders, &f),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    fixture_close(&f);
    return failed;
}
