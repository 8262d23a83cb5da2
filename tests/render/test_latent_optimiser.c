/* The latent optimiser: two steps of Adam with limits, mask and L2, against torch.optim.Adam in double. */

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "../adam_steps.h"
#include "../tolerances.h"
#include "image/image.h"
#include "render/latent_optimiser.h"

/* A mask with one black cell of four, in a file of its own. */
static void mask_write(char path[64])
{
    vqc_error error = {0};
    uint8_t pixels[CELLS * 3];
    const vqc_image mask = {.width = 2, .height = 2, .pixels = pixels};
    (void)snprintf(path, 64, "/tmp/vqclip-mask-XXXXXX");
    int descriptor = mkstemp(path);
    assert_true(descriptor >= 0);
    assert_int_equal(close(descriptor), 0);
    memset(pixels, 255, sizeof pixels);
    memset(pixels + 6, 0, 3);
    assert_int_equal(vqc_image_write_png(path, &mask, NULL, 0, &error), VQC_OK);
}

static vqc_ops *ops_open(void)
{
    const vqc_ops_options options = {.threads = 1};
    vqc_error error = {0};
    vqc_ops *ops;
    assert_int_equal(vqc_ops_create("ref", &options, &ops, &error), VQC_OK);
    return ops;
}

/* One step under a gradient in host memory, which is the device's; `actual` receives z, m and v. */
static void step_make(vqc_latent_optimiser *optimiser, int step, double l2_slope, const float *gradient,
                      float *actual)
{
    vqc_error error = {0};
    assert_int_equal(vqc_latent_optimiser_prepare(optimiser, step, l2_slope, &error), VQC_OK);
    assert_int_equal(vqc_latent_optimiser_step(optimiser, gradient, &error), VQC_OK);
    assert_int_equal(vqc_latent_optimiser_save(optimiser, actual, &error), VQC_OK);
}

static void two_steps_are_adam(void **state)
{
    (void)state;
    static float codebook[3 * WIDTH] = {0.0F, 0.5625F, -0.625F, 0.0F, 1.0F, -1.0F};
    vqc_vqgan vqgan = {.codebook = codebook};
    vqgan.config.embed_width = WIDTH;
    vqgan.config.codes = 3;
    vqgan.factor = 1;
    vqc_error error = {0};
    char path[64];
    mask_write(path);
    const vqc_settings settings = {
        .learning_rate = 0.15, .beta1 = 0.9, .beta2 = 0.999, .epsilon = 1e-8, .clamp = true, .mask = path};
    vqc_ops *ops = ops_open();
    vqc_latent_optimiser *optimiser;
    vqc_status status = vqc_latent_optimiser_create(&vqgan, ops, &settings, 2, 2, &optimiser, &error);
    (void)remove(path);
    assert_int_equal(status, VQC_OK);
    assert_int_equal(vqc_latent_optimiser_reset(optimiser, start, &error), VQC_OK);
    for (int step = 0; step < STEPS; step++) {
        float actual[3 * COUNT];
        step_make(optimiser, step, l2_slopes[step], gradients[step], actual);
        for (int i = 0; i < 3 * COUNT; i++) {
            double d = fabs((double)actual[i] - expected[step][i]) / fmax(fabs(expected[step][i]), 1e-4);
            if (!(d <= OPTIMISER_LARGEST))
                fail_msg("step %d, element %d is %.9g, expected %.9g", step, i, (double)actual[i], expected[step][i]);
        }
    }
    vqc_latent_optimiser_destroy(optimiser);
    vqc_ops_destroy(ops);
}

/* Under a constant gradient Adam moves by exactly its rate, which falls from `lr` to `lr_end`. */
static void rate_falls_in_a_line(void **state)
{
    (void)state;
    static float codebook[WIDTH];
    vqc_vqgan vqgan = {.codebook = codebook};
    vqgan.config.embed_width = WIDTH;
    vqgan.config.codes = 1;
    vqgan.factor = 1;
    vqc_error error = {0};
    const vqc_settings settings = {
        .steps = 4, .learning_rate = 0.4, .learning_rate_end = 0.1, .beta1 = 0.9, .beta2 = 0.999, .epsilon = 1e-8};
    const double moved[] = {0.4, 0.7, 0.9, 1.0};
    vqc_ops *ops = ops_open();
    vqc_latent_optimiser *optimiser;
    assert_int_equal(vqc_latent_optimiser_create(&vqgan, ops, &settings, 2, 2, &optimiser, &error), VQC_OK);
    float ones[COUNT];
    for (int i = 0; i < COUNT; i++)
        ones[i] = 1.0F;
    assert_int_equal(vqc_latent_optimiser_reset(optimiser, start, &error), VQC_OK);
    for (int step = 0; step < 4; step++) {
        float actual[3 * COUNT];
        step_make(optimiser, step, 0.0, ones, actual);
        for (int i = 0; i < COUNT; i++)
            assert_float_equal(start[i] - actual[i], moved[step], OPTIMISER_LARGEST);
    }
    vqc_latent_optimiser_destroy(optimiser);
    vqc_ops_destroy(ops);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(two_steps_are_adam), cmocka_unit_test(rate_falls_in_a_line)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
