/* Pictures that renders start from, against what is computed elsewhere (tests/oracle/perlin.py). */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../support/check.h"
#include "render/init.h"
#include "render/start.h"
#include "weights/weights.h"

enum { HEIGHT = 10, WIDTH = 14, SEED = 7 };

static void perlin_is_the_notebooks(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        vqc_perlin_mode mode;
    } modes[] = {{"mixed", VQC_PERLIN_MIXED}, {"color", VQC_PERLIN_COLOR}, {"gray", VQC_PERLIN_GRAY}};
    vqc_weights *expected;
    vqc_error error = {0};
    check(vqc_weights_open(VQC_SOURCE_DIR "/tests/render/fixtures/perlin.safetensors", &expected, &error), &error);
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        const vqc_settings settings = {.init = {.kind = VQC_INIT_PERLIN, .perlin = modes[i].mode}};
        const vqc_render render = {.settings = &settings, .seed = SEED};
        const vqc_start_site site = {.render = &render, .height = HEIGHT, .width = WIDTH};
        const vqc_weights_tensor *tensor = vqc_weights_find(expected, modes[i].name);
        float pixels[3 * HEIGHT * WIDTH];
        float picture[3 * HEIGHT * WIDTH];
        assert_non_null(tensor);
        assert_int_equal(tensor->count, 3 * HEIGHT * WIDTH);
        check(vqc_weights_read_f32(expected, tensor, picture, &error), &error);
        check(vqc_start_perlin.picture(&site, pixels, &error), &error);
        for (int j = 0; j < 3 * HEIGHT * WIDTH; j++)
            assert_float_equal(pixels[j], picture[j], 1e-6); /* double, rounded to f32 */
    }
    vqc_weights_close(expected);
}

/* A share of the noise that `pixels` makes, and the rest of the picture; none of it changes no bit. */
static void noise_is_a_share(void **state)
{
    (void)state;
    static const double shares[] = {0.0, 0.3, 1.0};
    for (size_t i = 0; i < sizeof shares / sizeof shares[0]; i++) {
        const vqc_settings settings = {.init = {.kind = VQC_INIT_IMAGE, .noise = shares[i]}};
        const vqc_render render = {.settings = &settings, .seed = SEED};
        const vqc_start_site site = {.render = &render, .height = HEIGHT, .width = WIDTH};
        float noise[3 * HEIGHT * WIDTH];
        float pixels[3 * HEIGHT * WIDTH];
        vqc_error error = {0};
        check(vqc_start_pixels.picture(&site, noise, &error), &error);
        for (int j = 0; j < 3 * HEIGHT * WIDTH; j++)
            pixels[j] = (float)j / (3 * HEIGHT * WIDTH);
        vqc_start_image.disturb(&site, pixels);
        for (int j = 0; j < 3 * HEIGHT * WIDTH; j++) {
            float picture = (float)j / (3 * HEIGHT * WIDTH);
            double expected = picture + shares[i] * ((double)noise[j] - picture);
            assert_float_equal(pixels[j], expected, i == 1 ? 1e-7 : 0.0);
        }
    }
}

/* What a mask looks at and keeps is the picture itself. */
static void noise_is_not_kept(void **state)
{
    (void)state;
    float pixels[2][3 * HEIGHT * WIDTH];
    vqc_error error = {0};
    for (int i = 0; i < 2; i++) {
        const vqc_settings settings = {.init = {.kind = VQC_INIT_IMAGE,
                                                .file = VQC_SOURCE_DIR "/tests/render/fixtures/start.png",
                                                .noise = i == 0 ? 0.0 : 0.5}};
        const vqc_render render = {.settings = &settings, .seed = SEED};
        const vqc_generator generator = {.factor = 1};
        check(vqc_init_picture(&generator, &render, HEIGHT, WIDTH, pixels[i], &error), &error);
    }
    assert_memory_equal(pixels[0], pixels[1], sizeof pixels[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(perlin_is_the_notebooks), cmocka_unit_test(noise_is_a_share),
                                       cmocka_unit_test(noise_is_not_kept)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
