/* What renders cost, how crop groups are shared out, and how ranks are divided into teams. */

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../support/job.h"
#include "schedule/cost.h"
#include "schedule/division.h"

/* Two perceptors; 5 crops in groups of 2, so 3 groups for each. */
static const char job[] =
    "study: s\n"
    "models: {generator: {config: /dev/null, checkpoint: /dev/null}, perceptors: [{checkpoint: /dev/null}, "
    "{checkpoint: /dev/null}]}\n"
    "render: {size: [40, 30], size_rounding: down, steps: 10, crops: {count: 5, group: 2}, snapshots: 0}\n"
    "prompts: [a, {id: b, text: b, steps: 30}, {id: c, text: c, size: [400, 300]}, d]\n";

/* Worked out by hand: 1200 pixels, 3 groups of 2 crops for each perceptor. */
static void test_cost(void **state)
{
    (void)state;
    vqc_study *study = job_open(job);
    vqc_error error = {0};
    double step;
    const vqc_cost_seconds seconds = {.start = 5.0, .pixel = 0.01, .crop = {1.0, 10.0}, .finish = 7.0};
    const double expected[] = {12.0 + 66.0, 12.0 + 40.0, 12.0 + 22.0, 12.0 + 20.0, 12.0 + 20.0};
    const int members[] = {1, 2, 3, 4, 9};
    assert_int_equal(vqc_cost_groups(study, &study->renders[0]), 6);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(vqc_cost_step(study, &study->renders[0], &seconds, members[i], &step, &error), VQC_OK);
        assert_float_equal(step, expected[i], 1e-9);
    }
    assert_float_equal(vqc_cost_render(study, &study->renders[1], &seconds), 5.0 + 30.0 * 78.0 + 7.0, 1e-9);
    vqc_study_close(study);
}

static void test_order(void **state)
{
    (void)state;
    vqc_study *study = job_open(job);
    vqc_error error = {0};
    vqc_cost_seconds guess;
    int64_t numbers[] = {0, 1, 2, 3};
    const int64_t expected[] = {2, 1, 0, 3}; /* 100 times the pixels; 3 times the steps; equal ones by number */
    vqc_cost_guess(study, &guess);
    assert_int_equal(vqc_cost_order(study, &guess, numbers, 4, &error), VQC_OK);
    assert_memory_equal(numbers, expected, sizeof expected);
    vqc_study_close(study);
}

/* Every group has one owner, and nobody does more than the least loaded plus one group. */
static void test_share(void **state)
{
    (void)state;
    const vqc_share_work work = {.perceptors = 3, .groups = {7, 2, 5}, .seconds = {1.0, 4.0, 2.5}};
    int owner[14];
    int again[14];
    double load[14];
    assert_int_equal(vqc_share_groups(&work), 14);
    for (int members = 1; members <= 14; members++) {
        double sums[14] = {0};
        double total = 0.0;
        double largest = vqc_share_assign(&work, members, load, owner);
        assert_float_equal(vqc_share_assign(&work, members, load, again), largest, 0.0);
        assert_memory_equal(owner, again, sizeof owner);
        for (int i = 0; i < 14; i++) {
            assert_in_range(owner[i], 0, members - 1);
            sums[owner[i]] += work.seconds[i < 7 ? 0 : i < 9 ? 1 : 2];
        }
        for (int i = 0; i < members; i++) {
            assert_float_equal(sums[i], load[i], 1e-9);
            assert_true(load[i] <= largest);
            total += load[i];
        }
        assert_float_equal(total, 27.5, 1e-9);
        double least = fmax(total / members, 4.0);                                  /* no way of sharing is faster */
        assert_true(largest <= least * (4.0 / 3.0 - 1.0 / (3.0 * members)) + 1e-9); /* Graham's bound */
    }
}

typedef struct division_case {
    int ranks;
    int64_t team;
    size_t renders;
    int teams;
    int size[4];
} division_case;

static void test_division(void **state)
{
    (void)state;
    vqc_study *study = job_open(job);
    vqc_error error = {0};
    vqc_cost_seconds guess;
    int64_t numbers[] = {2, 1, 0, 3};
    /* The first render costs by far the most, but has only 6 groups. */
    static const division_case cases[] = {
        {1, 0, 4, 1, {1}},  {4, 0, 4, 4, {1, 1, 1, 1}}, {6, 0, 4, 4, {3, 1, 1, 1}}, {5, 0, 2, 2, {4, 1}},
        {20, 0, 1, 1, {6}}, {5, 2, 4, 3, {2, 2, 1}},    {3, 8, 4, 1, {3}},          {4, 1, 4, 4, {1, 1, 1, 1}},
        {4, 0, 0, 0, {0}},  {4, 2, 1, 1, {2}},          {2, 0, 4, 2, {1, 1}},
    };
    vqc_cost_guess(study, &guess);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const division_case *c = &cases[i];
        vqc_division division;
        assert_int_equal(
            vqc_division_create(study, &guess, numbers, c->renders, c->ranks, c->team, &division, &error), VQC_OK);
        assert_int_equal(division.teams, c->teams);
        int rank = 0;
        for (int team = 0; team < c->teams; team++) {
            assert_int_equal(division.size[team], c->size[team]);
            assert_int_equal(division.first[team], rank);
            for (int member = 0; member < c->size[team]; member++)
                assert_int_equal(vqc_division_team(&division, rank++), team);
        }
        assert_int_equal(vqc_division_team(&division, rank), -1);
        vqc_division_release(&division);
    }
    vqc_study_close(study);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cost),
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_share),
        cmocka_unit_test(test_division),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
