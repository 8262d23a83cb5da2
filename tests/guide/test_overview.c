/* The crops of the method overview: by which numbers, over a schedule worked out by hand, and what they make of a
 * picture and its gradient, against tests/oracle/overviews.py. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../comparison.h"
#include "../support/check.h"
#include "guide/crops.h"
#include "weights/weights.h"

enum { HEIGHT = 12, WIDTH = 20, SIDE = 8, OVERVIEWS = 4, CROPS = 8, PIXELS = 3 * HEIGHT * WIDTH };
enum { CROP_PIXELS = 3 * SIDE * SIDE * CROPS, MOST = 20 };

/* ---- Numbers ---- */

static void crop_draw(const vqc_settings *settings, int64_t step, int64_t index, vqc_crop_numbers *numbers)
{
    vqc_stream stream = {.seed = 3, .purpose = VQC_STREAM_CROP, .step = (uint32_t)step, .item = (uint32_t)index};
    const vqc_crop_place place = {.settings = settings,
                                  .step = step,
                                  .index = index,
                                  .crops = vqc_settings_crops(settings, 0, step),
                                  .width = WIDTH,
                                  .height = HEIGHT,
                                  .side = SIDE};
    *numbers = (vqc_crop_numbers){0};
    vqc_crop_type_of(VQC_CROPS_OVERVIEW)->draw(&place, &stream, numbers);
    assert_int_equal(stream.draw, 3);
}

/* The view that a letter stands for: o as it is, g grey, m mirrored, b both; small: of an inner crop. */
static char letter_of(const vqc_crop_numbers *numbers)
{
    static const char words[] = "OGMB";
    const int kind = (numbers->view[0] != 0 ? 2 : 0) + (numbers->view[1] != 0 ? 1 : 0);
    if (numbers->rectangle[3] == WIDTH)
        return words[kind];
    assert_int_equal(numbers->view[0], 0);
    assert_in_range(numbers->rectangle[1], (WIDTH - HEIGHT) / 2,
                    WIDTH - (WIDTH - HEIGHT) / 2 - numbers->rectangle[3]);
    assert_in_range(numbers->rectangle[2], 0, WIDTH - numbers->rectangle[4]);
    assert_in_range(numbers->rectangle[3], SIDE, HEIGHT);
    return kind == 0 ? 'i' : 'g';
}

/* The crops of each step. Overviews 5, 4, 3, 2, 0 and 20 of 8, 8, 8, 6, 6 and 6 crops; of the n inner ones, those up
 * to number floor(p n) are grey: p = 0.5, 0.5, 0.2, 0.2, 0, 0. */
static void test_schedule(void **state)
{
    static const char *const expected[] = {"OOOOOggi", "OGMBgggi", "OGMggiii", "OGgiii", "giiiii", "OOOOOO"};
    static const double grey[] = {0.5, 0.5, 0.2, 0.2, 0.0, 0.0};
    vqc_settings settings;
    (void)state;
    vqc_settings_default(&settings);
    settings.crop_count_curve = (vqc_curve){VQC_CURVE_HOLD, 2, {0, 3}, {8.0, 6.0}};
    settings.crop_overview_curve = (vqc_curve){VQC_CURVE_HOLD, 6, {0, 1, 2, 3, 4, 5}, {5, 4, 3, 2, 0, 20}};
    settings.crop_count = 8;
    settings.crop_overview = 20;
    for (int64_t step = 0; step < 6; step++) {
        char found[MOST] = "";
        settings.crop_grey = grey[step];
        for (int64_t i = 0; i < vqc_settings_crops(&settings, 0, step); i++) {
            vqc_crop_numbers numbers;
            crop_draw(&settings, step, i, &numbers);
            found[i] = letter_of(&numbers);
        }
        assert_string_equal(found, expected[step]);
    }
}

/* Between whole numbers a line is rounded down; a perceptor's own number stays. */
static void test_count_along_a_line(void **state)
{
    static const int64_t expected[] = {4, 5, 6, 7, 8, 10, 10};
    vqc_settings settings;
    (void)state;
    vqc_settings_default(&settings);
    settings.crop_count_curve = (vqc_curve){VQC_CURVE_LINEAR, 2, {0, 5}, {4.0, 10.0}};
    settings.crop_count = 10;
    for (int64_t step = 0; step < 7; step++)
        assert_int_equal(vqc_settings_crops(&settings, 0, step), expected[step]);
    settings.crop_count_curve = (vqc_curve){VQC_CURVE_LINEAR, 2, {0, 49}, {0.0, 49.0}};
    for (int64_t step = 0; step < 50; step++)
        assert_int_equal(vqc_settings_crops(&settings, 0, step), step);
    assert_int_equal(vqc_settings_crops(&settings, 7, 0), 7);
    assert_int_equal(vqc_settings_most_crops(&settings, 0), 10);
    assert_int_equal(vqc_settings_batch(&settings, 0), 10);
    assert_int_equal(vqc_settings_batch(&settings, 7), 7);
}

/* ---- Pictures ---- */

typedef struct fixture {
    float picture[PIXELS], gradient[PIXELS];
    float crops[CROP_PIXELS], out_gradient[CROP_PIXELS];
    float rectangles[4 * (CROPS - OVERVIEWS)], is_grey[CROPS - OVERVIEWS];
} fixture;

static void tensor_read(const vqc_weights *file, const char *name, int64_t count, float *values)
{
    const vqc_weights_tensor *tensor = vqc_weights_find(file, name);
    vqc_error error = {0};
    assert_non_null(tensor);
    assert_int_equal(tensor->count, count);
    check(vqc_weights_read_f32(file, tensor, values, &error), &error);
}

static void fixture_read(fixture *f)
{
    vqc_weights *file;
    vqc_error error = {0};
    check(vqc_weights_open(VQC_SOURCE_DIR "/tests/guide/fixtures/overviews.safetensors", &file, &error), &error);
    tensor_read(file, "picture", PIXELS, f->picture);
    tensor_read(file, "gradient", PIXELS, f->gradient);
    tensor_read(file, "crops", CROP_PIXELS, f->crops);
    tensor_read(file, "out_gradient", CROP_PIXELS, f->out_gradient);
    tensor_read(file, "rectangles", 4 * (CROPS - OVERVIEWS), f->rectangles);
    tensor_read(file, "is_grey", CROPS - OVERVIEWS, f->is_grey);
    vqc_weights_close(file);
}

/* The numbers of the fixture's crops: the overviews as they are drawn, the others as the fixture has them. */
static void numbers_fill(const fixture *f, int32_t rectangles[CROPS][VQC_CROP_RECTANGLE],
                         int32_t views[CROPS][VQC_CROP_VIEW])
{
    vqc_settings settings;
    vqc_settings_default(&settings);
    settings.crop_count = CROPS;
    settings.crop_overview = OVERVIEWS;
    for (int64_t i = 0; i < CROPS; i++) {
        vqc_crop_numbers numbers;
        crop_draw(&settings, 0, i, &numbers);
        const int64_t inner = i - OVERVIEWS;
        if (inner >= 0) {
            for (int64_t k = 0; k < 4; k++)
                numbers.rectangle[1 + k] = (int32_t)f->rectangles[4 * inner + k];
            numbers.rectangle[1] += (WIDTH - HEIGHT) / 2;
            numbers.view[1] = (int32_t)f->is_grey[inner];
        }
        memcpy(rectangles[i], numbers.rectangle, sizeof numbers.rectangle);
        memcpy(views[i], numbers.view, sizeof numbers.view);
    }
}

static void assert_close(const char *device, const char *what, const float *found, const float *expected,
                         int64_t count)
{
    static double values[2][CROP_PIXELS];
    for (int64_t i = 0; i < count; i++) {
        values[0][i] = (double)found[i];
        values[1][i] = (double)expected[i];
    }
    comparison c = comparison_of(values[0], values[1], count);
    print_message("%s, %s: relative %.2e, largest %.2e\n", device, what, c.relative, c.largest);
    if (!comparison_is_within(&c, &tolerances[TOLERANCE_RESAMPLE]))
        fail_msg("%s, %s: relative %.3e, largest %.3e at %lld", device, what, c.relative, c.largest,
                 (long long)c.worst);
}

static void crops_check(const fixture *f, const char *device)
{
    static int32_t rectangles[CROPS][VQC_CROP_RECTANGLE];
    static int32_t views[CROPS][VQC_CROP_VIEW];
    static float values[CROP_PIXELS];
    const vqc_ops_options options = {.threads = 2};
    vqc_ops *ops;
    vqc_error error = {0};
    vqc_crop_site site = {.height = HEIGHT, .width = WIDTH, .crops = CROPS, .side = SIDE};
    vqc_crop_inputs inputs;
    vqc_value crops;
    numbers_fill(f, rectangles, views);
    check(vqc_ops_create(device, &options, &ops, &error), &error);
    check(vqc_network_create(ops, true, &site.network, &error), &error);
    check(vqc_network_input(site.network, VQC_DTYPE_F32, (vqc_shape){4, {1, HEIGHT, WIDTH, 3}}, true, &site.picture,
                            &error),
          &error);
    check(vqc_network_input(site.network, VQC_DTYPE_I32, (vqc_shape){2, {CROPS, VQC_CROP_RECTANGLE}}, false,
                            &inputs.rectangles, &error),
          &error);
    check(vqc_network_input(site.network, VQC_DTYPE_I32, (vqc_shape){2, {CROPS, VQC_CROP_VIEW}}, false, &inputs.views,
                            &error),
          &error);
    check(vqc_crop_type_of(VQC_CROPS_OVERVIEW)->add(&site, &inputs, &crops, &error), &error);
    check(vqc_network_output(site.network, crops, &error), &error);
    check(vqc_network_finish(site.network, &error), &error);
    check(vqc_network_write(site.network, site.picture, f->picture, &error), &error);
    check(vqc_network_write(site.network, inputs.rectangles, rectangles, &error), &error);
    check(vqc_network_write(site.network, inputs.views, views, &error), &error);
    check(vqc_network_forward(site.network, &error), &error);
    check(vqc_network_read(site.network, crops, values, &error), &error);
    assert_close(device, "crops", values, f->crops, CROP_PIXELS);
    check(vqc_network_gradient_write(site.network, crops, f->out_gradient, &error), &error);
    check(vqc_network_backward(site.network, &error), &error);
    check(vqc_network_gradient_read(site.network, site.picture, values, &error), &error);
    assert_close(device, "gradient", values, f->gradient, PIXELS);
    vqc_network_destroy(site.network);
    vqc_ops_destroy(ops);
}

static void test_pictures(void **state)
{
    static fixture f;
    (void)state;
    fixture_read(&f);
    crops_check(&f, "ref");
    crops_check(&f, "cpu");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_schedule),
        cmocka_unit_test(test_count_along_a_line),
        cmocka_unit_test(test_pictures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
