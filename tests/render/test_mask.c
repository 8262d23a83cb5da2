/* Masks: which cells move and how far, and whose pixels a picture has, each against the definition worked out anew in
 * double, and against values known by hand. */

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "../support/check.h"
#include "../support/scratch.h"
#include "../tolerances.h"
#include "image/image.h"
#include "render/mask.h"

enum { ROWS = 3, COLUMNS = 4, FACTOR = 4, HEIGHT = ROWS * FACTOR, WIDTH = COLUMNS * FACTOR, PIXELS = HEIGHT * WIDTH };

/* A picture file of these greys. */
static void greys_write(const uint8_t greys[PIXELS], const char *path)
{
    vqc_error error = {0};
    vqc_image image;
    check(vqc_image_create(HEIGHT, WIDTH, &image, &error), &error);
    for (int i = 0; i < PIXELS; i++)
        memset(image.pixels + (size_t)3 * (size_t)i, greys[i], 3);
    check(vqc_image_write_png(path, &image, NULL, 0, &error), &error);
    vqc_image_release(&image);
}

/* The mask of these greys under these settings; the start is a picture of one grey. */
static vqc_status mask_of(const uint8_t greys[PIXELS], const vqc_mask *settings, vqc_render_mask *mask,
                          vqc_error *error)
{
    char path[PATH_SIZE];
    float start[3 * PIXELS];
    vqc_generator generator = {.factor = FACTOR};
    const vqc_render_models models = {.generator = &generator};
    vqc_settings resolved = {0};
    for (int i = 0; i < 3 * PIXELS; i++)
        start[i] = 77 / 255.0F;
    greys_write(greys, path_in(path, "mask"));
    resolved.mask = *settings;
    resolved.mask.file = path;
    const vqc_render render = {.settings = &resolved};
    return vqc_render_mask_create(&models, &render, ROWS, COLUMNS, start, mask, error);
}

/* Greys without order: black, white and between. */
static void greys_fill(uint8_t greys[PIXELS])
{
    uint32_t state = 5;
    for (int i = 0; i < PIXELS; i++) {
        state = state * 1664525U + 1013904223U;
        uint32_t byte = state >> 24;
        greys[i] = (uint8_t)(byte < 100 ? 0 : byte > 200 ? 255 : byte);
    }
}

/* The mean of the values at most so far away, by its definition. */
static double feathered(const double values[PIXELS], int feather, int y, int x)
{
    double sum = 0.0;
    int count = 0;
    for (int v = y - feather; v <= y + feather; v++)
        for (int u = x - feather; u <= x + feather; u++)
            if (v >= 0 && v < HEIGHT && u >= 0 && u < WIDTH) {
                sum += values[v * WIDTH + u];
                count++;
            }
    return sum / count;
}

static double cell_mean(const double values[PIXELS], int row, int column, int feather)
{
    double sum = 0.0;
    for (int y = row * FACTOR; y < (row + 1) * FACTOR; y++)
        for (int x = column * FACTOR; x < (column + 1) * FACTOR; x++)
            sum += feathered(values, feather, y, x);
    return sum / (FACTOR * FACTOR);
}

static void values_of(const uint8_t greys[PIXELS], const vqc_mask *settings, bool decided, double values[PIXELS])
{
    for (int i = 0; i < PIXELS; i++) {
        values[i] = (settings->invert ? 255 - greys[i] : greys[i]) / 255.0;
        if (decided)
            values[i] = values[i] >= 0.5 ? 1.0 : 0.0;
    }
}

static void mask_is_its_definition(void **state)
{
    (void)state;
    uint8_t greys[PIXELS];
    double values[PIXELS];
    greys_fill(greys);
    for (int number = 0; number < 32; number++) {
        const int feathers[] = {0, 1, 3, 40};
        const vqc_mask settings = {.invert = (number & 1) != 0,
                                   .soft = (number & 2) != 0,
                                   .keep_pixels = (number & 4) != 0,
                                   .feather = feathers[number / 8]};
        vqc_render_mask mask;
        vqc_error error = {0};
        check(mask_of(greys, &settings, &mask, &error), &error);
        values_of(greys, &settings, false, values);
        int moving = 0;
        for (int i = 0; i < ROWS * COLUMNS; i++) {
            int feather = settings.soft ? (int)settings.feather : 0;
            double expected = cell_mean(values, i / COLUMNS, i % COLUMNS, feather);
            if (!settings.soft)
                expected = expected >= 0.5 ? 1.0 : 0.0;
            assert_float_equal(mask.cells[i], expected, MASK_SHARE);
            moving += expected > 0.0;
        }
        assert_int_equal(mask.moving, moving);
        assert_true((mask.weights != NULL) == settings.keep_pixels);
        values_of(greys, &settings, !settings.soft, values);
        for (int i = 0; settings.keep_pixels && i < PIXELS; i++)
            assert_float_equal(mask.weights[i], feathered(values, (int)settings.feather, i / WIDTH, i % WIDTH),
                               MASK_SHARE);
        vqc_render_mask_release(&mask);
    }
}

/* White from column 8 on, with two pixels of feather: a ramp of fifths from column 6 to 9. */
static void pixels_outside_the_feather_are_the_start(void **state)
{
    (void)state;
    uint8_t greys[PIXELS];
    float picture[3 * PIXELS];
    vqc_render_mask mask;
    vqc_error error = {0};
    const vqc_mask settings = {.feather = 2, .keep_pixels = true};
    for (int i = 0; i < PIXELS; i++)
        greys[i] = i % WIDTH >= 8 ? 255 : 0;
    check(mask_of(greys, &settings, &mask, &error), &error);
    for (int i = 0; i < 3 * PIXELS; i++)
        picture[i] = 0.9F;
    vqc_render_mask_apply(&mask, picture);
    for (int i = 0; i < 3 * PIXELS; i++) {
        int column = i / 3 % WIDTH;
        double weight = fmin(fmax((column - 5) / 5.0, 0.0), 1.0);
        if (column < 6)
            assert_true(picture[i] == 77 / 255.0F);
        else if (column > 9)
            assert_true(picture[i] == 0.9F);
        else
            assert_float_equal(picture[i], 77 / 255.0 + weight * (0.9 - 77 / 255.0), MASK_SHARE);
    }
    assert_false(vqc_render_mask_frees_all(&mask));
    vqc_render_mask_release(&mask);
}

static void what_frees_nothing_is_refused(void **state)
{
    (void)state;
    uint8_t greys[PIXELS];
    const uint8_t levels[] = {0, 127, 128, 255};
    for (int i = 0; i < 4; i++)
        for (int soft = 0; soft < 2; soft++) {
            vqc_render_mask mask;
            vqc_error error = {0};
            const vqc_mask settings = {.soft = soft != 0};
            bool frees = levels[i] >= (soft != 0 ? 1 : 128);
            memset(greys, levels[i], sizeof greys);
            vqc_status status = mask_of(greys, &settings, &mask, &error);
            assert_int_equal(status, frees ? VQC_OK : VQC_BAD_INPUT);
            if (!frees && strstr(error.message, "frees none of the latent's 4 × 3 cells") == NULL)
                fail_msg("%s", error.message);
            if (!frees)
                continue;
            assert_true(vqc_render_mask_frees_all(&mask) == (levels[i] == 255 || soft == 0));
            vqc_render_mask_release(&mask);
        }
}

/* A file without opacity has no mask in it. */
static void opacity_must_be_there(void **state)
{
    (void)state;
    uint8_t greys[PIXELS];
    vqc_render_mask mask;
    vqc_error error = {0};
    const vqc_mask settings = {.channel = VQC_MASK_ALPHA};
    greys_fill(greys);
    assert_int_equal(mask_of(greys, &settings, &mask, &error), VQC_BAD_INPUT);
    if (strstr(error.message, "expected a picture with an opacity of its own") == NULL)
        fail_msg("%s", error.message);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mask_is_its_definition),
        cmocka_unit_test(pixels_outside_the_feather_are_the_start),
        cmocka_unit_test(what_frees_nothing_is_refused),
        cmocka_unit_test(opacity_must_be_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
