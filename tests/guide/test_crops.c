/* What the methods of crops draw, in pictures of several shapes, against the distribution itself: of the random
 * squares every side and every place, with its probability from the definition, gives the moments and the extremes.
 */

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "../tolerances.h"
#include "guide/crops.h"

enum { DRAWS = 20000, QUANTITIES = 7 };

static const char *const names[QUANTITIES] = {
    "side", "left", "top", "left top", "sees the left", "sees the middle", "sees the bottom"};

/* A picture, a perceptor's side and a power. */
typedef struct shape {
    int64_t width, height, side;
    double power;
} shape;

static const shape shapes[] = {
    {64, 64, 16, 1.0},  {96, 48, 16, 1.0},  {48, 144, 16, 1.0},  {144, 48, 16, 1.0}, {96, 48, 16, 0.5},
    {48, 144, 32, 2.0}, {96, 48, 224, 1.0}, {48, 144, 224, 3.0}, {128, 16, 16, 1.0}, {16, 48, 8, 0.5},
};

static void quantities_of(const shape *s, int64_t side, int64_t left, int64_t top, double values[QUANTITIES])
{
    values[0] = (double)side;
    values[1] = (double)left;
    values[2] = (double)top;
    values[3] = (double)(left * top);
    values[4] = left == 0;
    values[5] = left <= s->width / 2 && s->width / 2 < left + side;
    values[6] = top + side == s->height;
}

/* Of a quantity. */
typedef struct moments {
    double mean, square, fourth, least, most;
} moments;

static int64_t least_of(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* The probability that floor(U^power (most - least) + least) is the side. */
static double side_probability(const shape *s, int64_t side)
{
    const int64_t most = least_of(s->width, s->height);
    const int64_t least = least_of(most, s->side);
    if (most == least)
        return side == least ? 1.0 : 0.0;
    const double from = (double)(side - least) / (double)(most - least);
    const double to = fmin((double)(side + 1 - least) / (double)(most - least), 1.0);
    return pow(to, 1.0 / s->power) - pow(from, 1.0 / s->power);
}

/* Goes through every square that has a probability; adds what it does to the moments about `means`. */
static void squares_go_through(const shape *s, const double means[QUANTITIES], moments found[QUANTITIES])
{
    const int64_t most = least_of(s->width, s->height);
    for (int64_t side = least_of(most, s->side); side <= most; side++) {
        const int64_t columns = s->width - side + 1;
        const int64_t rows = s->height - side + 1;
        const double p = side_probability(s, side) / (double)(columns * rows);
        for (int64_t i = 0; p > 0.0 && i < columns * rows; i++) {
            double values[QUANTITIES];
            quantities_of(s, side, i % columns, i / columns, values);
            for (int q = 0; q < QUANTITIES; q++) {
                const double away = values[q] - means[q];
                found[q].mean += p * values[q];
                found[q].square += p * away * away;
                found[q].fourth += p * away * away * away * away;
                found[q].least = fmin(found[q].least, values[q]);
                found[q].most = fmax(found[q].most, values[q]);
            }
        }
    }
}

static void expected_moments(const shape *s, moments found[QUANTITIES])
{
    double means[QUANTITIES] = {0};
    for (int pass = 0; pass < 2; pass++) {
        for (int q = 0; q < QUANTITIES; q++)
            found[q] = (moments){.least = INFINITY, .most = -INFINITY};
        squares_go_through(s, means, found);
        for (int q = 0; q < QUANTITIES; q++)
            means[q] = found[q].mean;
    }
}

static void square_draw(const shape *s, uint32_t item, double values[QUANTITIES])
{
    vqc_crop_numbers numbers = {0};
    const int32_t *rectangle = numbers.rectangle;
    vqc_settings settings;
    vqc_stream stream = {.seed = 23, .purpose = VQC_STREAM_CROP, .item = item};
    vqc_settings_default(&settings);
    settings.crop_power = s->power;
    const vqc_crop_place place = {
        .settings = &settings, .crops = 1, .width = s->width, .height = s->height, .side = s->side};
    vqc_crop_type_of(VQC_CROPS_ORIGINAL)->draw(&place, &stream, &numbers);
    assert_int_equal(rectangle[0], 0);
    assert_int_equal(rectangle[3], rectangle[4]);
    quantities_of(s, rectangle[3], rectangle[2], rectangle[1], values);
}

static void quantity_check(const shape *s, int q, const moments *expected, const double values[DRAWS])
{
    double mean = 0.0;
    double variance = 0.0;
    for (int i = 0; i < DRAWS; i++) {
        assert_true(values[i] >= expected->least && values[i] <= expected->most);
        mean += values[i] / DRAWS;
    }
    for (int i = 0; i < DRAWS; i++)
        variance += (values[i] - expected->mean) * (values[i] - expected->mean) / DRAWS;
    const double rounding = DRAWS_ROUNDING * (1.0 + expected->square);
    const double spread = fmax(expected->fourth - expected->square * expected->square, 0.0);
    if (!(fabs(mean - expected->mean) <= DRAWS_ERRORS * sqrt(expected->square / DRAWS) + rounding) ||
        !(fabs(variance - expected->square) <= DRAWS_ERRORS * sqrt(spread / DRAWS) + rounding))
        fail_msg("%lld x %lld, side %lld, power %g, %s: mean %.6g and variance %.6g, expected %.6g and %.6g",
                 (long long)s->width, (long long)s->height, (long long)s->side, s->power, names[q], mean, variance,
                 expected->mean, expected->square);
}

/* Mean and variance of side and place, whether they hang together, how often ends and middle are seen; none beyond
 * the extremes. */
static void test_random_squares(void **state)
{
    static double values[QUANTITIES][DRAWS];
    (void)state;
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        moments expected[QUANTITIES];
        expected_moments(&shapes[i], expected);
        for (uint32_t item = 0; item < DRAWS; item++) {
            double drawn[QUANTITIES];
            square_draw(&shapes[i], item, drawn);
            for (int q = 0; q < QUANTITIES; q++)
                values[q][item] = drawn[q];
        }
        for (int q = 0; q < QUANTITIES; q++)
            quantity_check(&shapes[i], q, &expected[q], values[q]);
    }
}

/* In a picture of 2:1 with crops as high as it, worked out by hand: 49 places, one of which shows the left end; the
 * middle column, 48, is seen from the places 1 to 48. */
static void test_by_hand(void **state)
{
    (void)state;
    moments expected[QUANTITIES];
    expected_moments(&(shape){96, 48, 224, 1.0}, expected);
    const double means[QUANTITIES] = {48.0, 24.0, 0.0, 0.0, 1.0 / 49.0, 48.0 / 49.0, 1.0};
    for (int q = 0; q < QUANTITIES; q++)
        assert_float_equal(expected[q].mean, means[q], 1e-12);
}

/* What is drawn after the crop is the same with every method. */
static void test_every_method_leaves_the_stream_alike(void **state)
{
    (void)state;
    for (int method = 0; method < VQC_CROPS_COUNT; method++) {
        vqc_crop_numbers numbers = {0};
        vqc_settings settings;
        vqc_stream stream = {.seed = 3, .purpose = VQC_STREAM_CROP};
        vqc_settings_default(&settings);
        const vqc_crop_place place = {.settings = &settings, .crops = 1, .width = 48, .height = 144, .side = 16};
        vqc_crop_type_of((vqc_crop_method)method)->draw(&place, &stream, &numbers);
        if (stream.draw != 3)
            fail_msg("%s: %u numbers drawn, expected 3", vqc_crop_name((vqc_crop_method)method), stream.draw);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_squares),
        cmocka_unit_test(test_by_hand),
        cmocka_unit_test(test_every_method_leaves_the_stream_alike),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
