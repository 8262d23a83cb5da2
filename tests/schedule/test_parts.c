/* How a study is divided into parts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../support/check.h"
#include "schedule/cost.h"
#include "schedule/parts.h"

enum { RENDERS = 12 };

/* A study of one perceptor, whose renders have these steps. */
typedef struct example {
    vqc_study study;
    vqc_settings settings[RENDERS];
    vqc_render renders[RENDERS];
} example;

static void example_init(example *e, const int64_t steps[RENDERS])
{
    memset(e, 0, sizeof *e);
    for (size_t i = 0; i < RENDERS; i++) {
        e->settings[i].steps = steps[i];
        e->settings[i].width = 256;
        e->settings[i].height = 240;
        e->settings[i].crop_count = 8;
        e->settings[i].crop_group = 4;
        e->renders[i] = (vqc_render){.number = (int64_t)i, .settings = &e->settings[i]};
    }
    e->study.perceptor_count = 1;
    e->study.renders = e->renders;
    e->study.render_count = RENDERS;
}

/* What costs the same is dealt out in turn. */
static void test_equal_costs(void **state)
{
    (void)state;
    vqc_error error = {0};
    example e;
    uint32_t part[RENDERS];
    static const int64_t steps[RENDERS] = {3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3};
    example_init(&e, steps);
    for (uint32_t count = 1; count <= RENDERS; count++) {
        check(vqc_parts_divide(&e.study, count, part, &error), &error);
        for (size_t i = 0; i < RENDERS; i++)
            assert_int_equal(part[i], i % count + 1);
    }
}

/* By hand: 9, 8 and 7 begin the parts; 6, 5 and 4 come to the third, second and first, 13 each; 2 to the first and
 * the second, two of 1 to the third, 15 each; and one of 1 to the first and the second. */
static void test_unequal_costs(void **state)
{
    (void)state;
    vqc_error error = {0};
    example e;
    uint32_t part[RENDERS];
    static const int64_t steps[RENDERS] = {1, 9, 1, 8, 1, 7, 1, 6, 2, 5, 2, 4};
    static const uint32_t expected[RENDERS] = {3, 1, 3, 2, 1, 3, 2, 3, 1, 2, 2, 1};
    example_init(&e, steps);
    check(vqc_parts_divide(&e.study, 3, part, &error), &error);
    for (size_t i = 0; i < RENDERS; i++)
        assert_int_equal(part[i], expected[i]);
}

/* Costs are whole numbers, so that no rounding decides; and in proportion to the guess. */
static void test_whole_costs(void **state)
{
    (void)state;
    example e;
    vqc_cost_seconds guess;
    vqc_cost_seconds whole;
    static const int64_t steps[RENDERS] = {1, 9, 1, 8, 1, 7, 1, 6, 2, 5, 2, 4};
    example_init(&e, steps);
    vqc_cost_guess(&e.study, &guess);
    vqc_cost_guess_whole(&e.study, &whole);
    assert_true(vqc_cost_render(&e.study, &e.renders[0], &whole) == 256.0 * 240.0 + 8.0 * 2400.0);
    const double first = vqc_cost_render(&e.study, &e.renders[0], &whole);
    for (size_t i = 0; i < RENDERS; i++) {
        const double cost = vqc_cost_render(&e.study, &e.renders[i], &whole);
        assert_true(cost == (double)steps[i] * first);
        assert_float_equal(cost / 2400.0, vqc_cost_render(&e.study, &e.renders[i], &guess), 1e-9 * cost);
    }
}

static void test_too_many(void **state)
{
    (void)state;
    vqc_error error = {0};
    example e;
    uint32_t part[RENDERS];
    static const int64_t steps[RENDERS] = {3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3};
    example_init(&e, steps);
    assert_int_equal(vqc_parts_divide(&e.study, RENDERS + 1, part, &error), VQC_BAD_INPUT);
    assert_string_equal(error.message, "the study has 12 renders: expected 1 to 12 parts, found 13");
    assert_int_equal(vqc_parts_divide(&e.study, 0, part, &error), VQC_BAD_INPUT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_equal_costs),
        cmocka_unit_test(test_unequal_costs),
        cmocka_unit_test(test_whole_costs),
        cmocka_unit_test(test_too_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
