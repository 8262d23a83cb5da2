/* What guidance draws at random, and its order-free sum. */

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "guide/augment.h"
#include "guide/crops.h"
#include "ops/gradient_sum.h"

enum { DRAWS = 2000, SIDE = 33 };

static vqc_settings settings_with(int count, const vqc_augmentation_kind *kinds, double probability)
{
    vqc_settings settings;
    vqc_settings_default(&settings); /* flip, affine, perspective, jitter, with their published parameters */
    vqc_settings chosen = settings;
    chosen.augmentation_count = count;
    for (int i = 0; i < count; i++) {
        chosen.augmentations[i] = settings.augmentations[kinds[i]];
        chosen.augmentations[i].probability = probability;
    }
    return chosen;
}

static vqc_stream stream_of(uint32_t item)
{
    return (vqc_stream){.seed = 11, .purpose = VQC_STREAM_AUGMENTATION, .item = item};
}

static void test_crops_lie_inside(void **state)
{
    (void)state;
    vqc_settings settings;
    vqc_settings_default(&settings);
    int64_t smallest = 1000;
    int64_t largest = 0;
    for (uint32_t i = 0; i < DRAWS; i++) {
        int32_t crop[5];
        vqc_stream stream = stream_of(i);
        vqc_crop_draw(&settings, 90, 70, 32, &stream, crop);
        assert_int_equal(crop[3], crop[4]);
        assert_true(crop[1] >= 0 && crop[1] + crop[3] <= 70);
        assert_true(crop[2] >= 0 && crop[2] + crop[4] <= 90);
        smallest = crop[3] < smallest ? crop[3] : smallest;
        largest = crop[3] > largest ? crop[3] : largest;
    }
    assert_in_range(smallest, 32, 33);
    assert_in_range(largest, 68, 70);
}

/* A perceptor as large as the picture sees all of it. */
static void test_crop_of_a_small_picture(void **state)
{
    (void)state;
    vqc_settings settings;
    int32_t crop[5];
    vqc_stream stream = stream_of(0);
    vqc_settings_default(&settings);
    vqc_crop_draw(&settings, 32, 32, 224, &stream, crop);
    const int32_t whole[5] = {0, 0, 0, 32, 32};
    assert_memory_equal(crop, whole, sizeof whole);
}

static void test_left_out_augmentations_are_neutral(void **state)
{
    (void)state;
    static const vqc_augmentation_kind kinds[] = {VQC_AUGMENTATION_FLIP, VQC_AUGMENTATION_AFFINE,
                                                  VQC_AUGMENTATION_JITTER};
    static const float identity[9] = {1, 0, 0, 0, 1, 0, 0, 0, 1};
    static const float neutral[5] = {0, 1, 1, 0, 0};
    vqc_settings settings = settings_with(3, kinds, 0.0);
    vqc_augment_draw draws[VQC_SETTINGS_MAX_AUGMENTATIONS];
    vqc_stream stream = stream_of(3);
    bool is_colour[VQC_SETTINGS_MAX_AUGMENTATIONS];
    assert_int_equal(vqc_augment_stages(&settings, is_colour), 2); /* the flip joins the affine warp */
    assert_false(is_colour[0]);
    assert_true(is_colour[1]);
    vqc_augment_draw_all(&settings, SIDE, &stream, draws);
    assert_memory_equal(draws[0].warp, identity, sizeof identity);
    assert_memory_equal(draws[1].colour, neutral, sizeof neutral);
}

static void test_flip_alone(void **state)
{
    (void)state;
    static const vqc_augmentation_kind kinds[] = {VQC_AUGMENTATION_FLIP};
    static const float flip[9] = {-1, 0, SIDE - 1, 0, 1, 0, 0, 0, 1};
    vqc_settings settings = settings_with(1, kinds, 1.0);
    vqc_augment_draw draws[VQC_SETTINGS_MAX_AUGMENTATIONS];
    vqc_stream stream = stream_of(4);
    vqc_augment_draw_all(&settings, SIDE, &stream, draws);
    assert_memory_equal(draws[0].warp, flip, sizeof flip);
}

/* Perspective takes every place of the moved picture back into the picture, and the middle is always seen. */
static void test_perspective_reaches_corners(void **state)
{
    (void)state;
    static const vqc_augmentation_kind kinds[] = {VQC_AUGMENTATION_PERSPECTIVE};
    vqc_settings settings = settings_with(1, kinds, 1.0);
    double last = SIDE - 1;
    for (uint32_t i = 0; i < DRAWS; i++) {
        vqc_augment_draw draws[VQC_SETTINGS_MAX_AUGMENTATIONS];
        vqc_stream stream = stream_of(i);
        vqc_augment_draw_all(&settings, SIDE, &stream, draws);
        const float *m = draws[0].warp;
        double middle = last / 2.0;
        double w = (double)m[6] * middle + (double)m[7] * middle + (double)m[8];
        double x = ((double)m[0] * middle + (double)m[1] * middle + (double)m[2]) / w;
        double y = ((double)m[3] * middle + (double)m[4] * middle + (double)m[5]) / w;
        assert_true(w > 0.0);
        assert_true(x > -0.01 && y > -0.01 && x < last + 0.01 && y < last + 0.01);
    }
}

/* Another crop, step, perceptor or seed gives other numbers; the same gives the same. */
static void test_streams_differ(void **state)
{
    (void)state;
    vqc_stream streams[5];
    for (int i = 0; i < 5; i++)
        streams[i] = stream_of(1);
    streams[1].item = 2;
    streams[2].step = 1;
    streams[3].perceptor = 1;
    streams[4].seed = 12;
    vqc_stream again = streams[0];
    double first = vqc_stream_uniform(&streams[0]);
    assert_true(first == vqc_stream_uniform(&again));
    for (int i = 1; i < 5; i++)
        assert_true(first != vqc_stream_uniform(&streams[i]));
}

static void test_sum_has_no_order(void **state)
{
    (void)state;
    static const float values[] = {1e-3F, -7.25F, 3.3e-9F, 812.5F, -1e-7F, 0.3333F};
    enum { COUNT = sizeof values / sizeof values[0] };
    int64_t forwards = 0;
    int64_t backwards = 0;
    float sums[2];
    for (int i = 0; i < COUNT; i++) {
        vqc_gradient_sum_add(&forwards, &values[i], 1);
        vqc_gradient_sum_add(&backwards, &values[COUNT - 1 - i], 1);
    }
    vqc_gradient_sum_read(&forwards, &sums[0], 1);
    vqc_gradient_sum_read(&backwards, &sums[1], 1);
    assert_memory_equal(&sums[0], &sums[1], sizeof sums[0]);
    assert_true(fabs((double)sums[0] - 805.5843) < 1e-3);
}

static void test_sum_keeps_what_is_not_finite(void **state)
{
    (void)state;
    static const float values[] = {1.0F, NAN, -1e30F, 1.0F};
    for (int bad = 1; bad < 3; bad++) {
        int64_t sum = 0;
        float result;
        vqc_gradient_sum_add(&sum, &values[0], 1);
        vqc_gradient_sum_add(&sum, &values[bad], 1);
        vqc_gradient_sum_add(&sum, &values[3], 1);
        vqc_gradient_sum_read(&sum, &result, 1);
        assert_true(isnan(result));
        assert_int_equal(vqc_gradient_sum_clear_marks(&sum, 1), 1);
        assert_int_equal(sum, 0);
        assert_int_equal(vqc_gradient_sum_clear_marks(&sum, 1), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_crops_lie_inside),
        cmocka_unit_test(test_crop_of_a_small_picture),
        cmocka_unit_test(test_left_out_augmentations_are_neutral),
        cmocka_unit_test(test_flip_alone),
        cmocka_unit_test(test_perspective_reaches_corners),
        cmocka_unit_test(test_streams_differ),
        cmocka_unit_test(test_sum_has_no_order),
        cmocka_unit_test(test_sum_keeps_what_is_not_finite),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
