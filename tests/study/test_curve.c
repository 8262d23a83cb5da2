/* Numbers that change over the steps: against tables worked out by hand, and through writing and reading. */

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../support/check.h"
#include "study/curve.h"

static vqc_status curve_parse(const char *text, vqc_curve *curve, vqc_error *error)
{
    vqc_yaml *yaml;
    VQC_TRY(vqc_yaml_parse("curve", text, strlen(text), &yaml, error));
    vqc_status status = vqc_curve_read(vqc_yaml_root(yaml), -10.0, 10.0, curve, error);
    vqc_yaml_destroy(yaml);
    return status;
}

/* By hand: (step, value), to a step of 0. */
static const struct {
    const char *text;
    struct {
        int64_t step;
        double value;
    } table[10];
    double most;
} curves[] = {
    {"{0: 1, 200: 0.3}", {{1, 0.9965}, {50, 0.825}, {100, 0.65}, {199, 0.3035}, {200, 0.3}, {900, 0.3}}, 1.0},
    {"{10: 2, 20: 4, 30: -6}", {{1, 2}, {10, 2}, {15, 3}, {20, 4}, {25, -1}, {30, -6}, {31, -6}}, -6.0},
    {"{curve: hold, 0: 0.5, 3: 1, 7: 0}", {{1, 0.5}, {2, 0.5}, {3, 1}, {6, 1}, {7, 0}, {8, 0}}, 1.0},
    {"{0: 0, 100: 1, curve: cosine}", /* (1 - cos(pi x)) / 2: at 1/3 it is 1/4, at 1/6 (1 - sqrt(3/4)) / 2 */
     {{25, 0.146446609406726}, {50, 0.5}, {75, 0.853553390593274}, {100, 1}},
     1.0},
    {"{curve: exponential, 0: 8, 30: 1}", {{10, 4}, {20, 2}, {30, 1}, {40, 1}}, 8.0},
    {"{curve: exponential, 2: 0.01, 6: 1}", {{1, 0.01}, {2, 0.01}, {4, 0.1}, {6, 1}}, 1.0},
    {"{5: 3}", {{1, 3}, {5, 3}, {6, 3}}, 3.0},
};

static void tables_hold(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof curves / sizeof curves[0]; i++) {
        vqc_error error = {0};
        vqc_curve curve;
        check(curve_parse(curves[i].text, &curve, &error), &error);
        for (size_t j = 0; curves[i].table[j].step > 0; j++) {
            const double value = vqc_curve_at(&curve, 7.0, curves[i].table[j].step);
            if (fabs(value - curves[i].table[j].value) > 1e-14)
                fail_msg("%s: step %lld: %.17g", curves[i].text, (long long)curves[i].table[j].step, value);
        }
        assert_float_equal(vqc_curve_most(&curve), curves[i].most, 0.0);
    }
}

static void no_curve_is_the_constant(void **state)
{
    (void)state;
    const vqc_curve none = {0};
    assert_float_equal(vqc_curve_at(&none, 7.0, 3), 7.0, 0.0);
}

static void writing_and_reading_give_the_same(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof curves / sizeof curves[0]; i++) {
        vqc_error error = {0};
        vqc_text text = {0};
        vqc_curve curve;
        vqc_curve again;
        check(curve_parse(curves[i].text, &curve, &error), &error);
        check(vqc_curve_write(&curve, &text, &error), &error);
        check(curve_parse(text.data, &again, &error), &error);
        assert_memory_equal(&curve, &again, sizeof curve);
        vqc_text_release(&text);
    }
}

static void bad_curves_are_refused(void **state)
{
    (void)state;
    static const char *const bad[][2] = {
        {"{}", "found no point"},
        {"{curve: linear}", "found no point"},
        {"{curve: square, 0: 1}", "expected one of linear, hold, cosine, exponential, found square"},
        {"{0: 1, 01: 2}", "1:8: 01: expected a step from 0 to 1000000, or the key curve, found 01"},
        {"{-1: 1}", "found -1"},
        {"{1.5: 1}", "found 1.5"},
        {"{1000001: 1}", "found 1000001"},
        {"{9999999999: 1}", "found 9999999999"},
        {"{5: 1, 5: 2}", "the key stands twice"},
        {"{5: 1, 4: 2}", "expected steps that rise, found 4 behind 5"},
        {"{0: 11}", "expected a number from -10 to 10, found 11"},
        {"{0: x}", "expected a number from -10 to 10, found x"},
        {"{0: [1]}", "expected a number"},
        {"{curve: exponential, 0: 1, 5: 0}", "above 0 on an exponential curve, found 0"},
        {"{0: 1, 1: 1, 2: 1, 3: 1, 4: 1, 5: 1, 6: 1, 7: 1, 8: 1, 9: 1, 10: 1, 11: 1, 12: 1, 13: 1, 14: 1, 15: 1, 16: "
         "1}",
         "at most 16 points"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        vqc_error error = {0};
        vqc_curve curve;
        if (curve_parse(bad[i][0], &curve, &error) != VQC_BAD_INPUT || strstr(error.message, bad[i][1]) == NULL)
            fail_msg("%s: %s", bad[i][0], error.message);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tables_hold),
        cmocka_unit_test(no_curve_is_the_constant),
        cmocka_unit_test(writing_and_reading_give_the_same),
        cmocka_unit_test(bad_curves_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
