/* Otsu's threshold against its definition, by trying every division, and on values known by hand. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "../support/check.h"
#include "guide/relevance.h"

enum { MOST = 40 };

/* The variance between the classes below `level` and from it on, by their shares and means. */
static double variance_between(const double *values, size_t count, double level)
{
    double sums[2] = {0};
    double counts[2] = {0};
    for (size_t i = 0; i < count; i++) {
        sums[values[i] >= level] += values[i];
        counts[values[i] >= level] += 1.0;
    }
    if (counts[0] == 0.0 || counts[1] == 0.0)
        return -1.0;
    double mean = (sums[0] + sums[1]) / (double)count;
    double variance = 0.0;
    for (int class = 0; class < 2; class ++) {
        double apart = sums[class] / counts[class] - mean;
        variance += counts[class] / (double)count * apart * apart;
    }
    return variance;
}

static double threshold_of(const double *values, size_t count)
{
    double level;
    vqc_error error = {0};
    check(vqc_relevance_threshold(values, count, &level, &error), &error);
    return level;
}

static void threshold_divides_best(void **state)
{
    (void)state;
    uint32_t draw = 1;
    for (size_t count = 2; count <= MOST; count++) {
        double values[MOST];
        double best = -1.0;
        for (size_t i = 0; i < count; i++) {
            draw = draw * 1664525U + 1013904223U;
            values[i] = (double)(draw >> 27) / 7.0 - 1.0; /* some are equal */
        }
        for (size_t i = 0; i < count; i++) {
            double variance = variance_between(values, count, values[i]);
            best = variance > best ? variance : best;
        }
        double found = variance_between(values, count, threshold_of(values, count));
        assert_true(found >= best * (1.0 - 1e-12) - 1e-15 || best < 0.0);
    }
}

static void threshold_is_the_least_above(void **state)
{
    (void)state;
    const double apart[] = {0.9, 0.1, 0.2, 0.8, 0.15, 1.0};
    const double same[] = {0.5, 0.5, 0.5};
    assert_true(threshold_of(apart, 6) == 0.8);
    assert_true(threshold_of(same, 3) == 0.5);
    assert_true(threshold_of(apart, 1) == 0.9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(threshold_divides_best),
        cmocka_unit_test(threshold_is_the_least_above),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
