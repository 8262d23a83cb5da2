/* The latent optimiser: a dozen steps of every optimiser, from its settings as a job file has them, with limits, mask
 * and L2, against the public implementations in double. */

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

#include "../support/optimiser_steps.h"
#include "../tolerances.h"
#include "image/image.h"
#include "render/latent_optimiser.h"

static vqc_ops *ops_open(void)
{
    const vqc_ops_options options = {.threads = 1};
    vqc_error error = {0};
    vqc_ops *ops;
    assert_int_equal(vqc_ops_create("ref", &options, &ops, &error), VQC_OK);
    return ops;
}

/* One step under a gradient in host memory, which is the device's; `actual` receives z and its moments. */
static void step_make(vqc_latent_optimiser *optimiser, int step, double l2_slope, const float *gradient,
                      float *actual)
{
    vqc_error error = {0};
    assert_int_equal(vqc_latent_optimiser_prepare(optimiser, step, l2_slope, &error), VQC_OK);
    assert_int_equal(vqc_latent_optimiser_step(optimiser, gradient, &error), VQC_OK);
    assert_int_equal(vqc_latent_optimiser_save(optimiser, actual, &error), VQC_OK);
}

/* The settings of a case, by way of the job file's text. */
static vqc_settings settings_of(const optimiser_case *c, bool average)
{
    vqc_error error = {0};
    vqc_yaml *yaml;
    char text[256];
    vqc_settings settings;
    vqc_settings_default(&settings);
    int size = snprintf(text, sizeof text, "steps: %d\noptimizer: %s\n", STEPS, c->settings);
    assert_int_equal(vqc_yaml_parse("job", text, (size_t)size, &yaml, &error), VQC_OK);
    if (vqc_settings_apply(&settings, vqc_yaml_root(yaml), NULL, &error) != VQC_OK)
        fail_msg("%s", error.message);
    vqc_yaml_destroy(yaml);
    settings.l2_towards_start = c->towards_start;
    settings.average = average ? optimiser_steps_known()->average_kept : 0.0;
    return settings;
}

static void case_run(const optimiser_case *c, const vqc_generator *generator, bool average)
{
    const optimiser_steps *known = optimiser_steps_known();
    vqc_error error = {0};
    vqc_ops *ops = ops_open();
    const vqc_settings settings = settings_of(c, average);
    vqc_latent_optimiser *optimiser;
    float actual[(2 + MAX_MOMENTS) * COUNT];
    const int tensors = 1 + c->moment_count + average;
    assert_int_equal(settings.optimiser, c->optimiser);
    assert_int_equal(vqc_latent_optimiser_tensors(&settings), tensors);
    assert_int_equal(vqc_latent_optimiser_size(&settings, COUNT), (tensors + c->towards_start) * 4 * COUNT);
    assert_int_equal(vqc_latent_optimiser_create(generator, ops, &settings, 2, 2, &optimiser, &error), VQC_OK);
    assert_int_equal(vqc_latent_optimiser_mask(optimiser, known->mask, &error), VQC_OK);
    assert_int_equal(vqc_latent_optimiser_reset(optimiser, optimiser_steps_known()->start, &error), VQC_OK);
    for (int step = 0; step < STEPS; step++) {
        step_make(optimiser, step, known->l2_slopes[step], known->gradients[step], actual);
        optimiser_check(c, "z", actual, c->z[step], step);
    }
    for (int i = 0; i < c->moment_count; i++)
        optimiser_check(c, "a moment", actual + (1 + i) * COUNT, c->moments[i], STEPS - 1);
    if (average)
        optimiser_check(c, "the average", actual + (1 + c->moment_count) * COUNT, c->average, STEPS - 1);
    assert_int_equal(vqc_latent_optimiser_result_tensor(&settings), average ? tensors - 1 : 0);
    vqc_latent_optimiser_destroy(optimiser);
    vqc_ops_destroy(ops);
}

static void optimisers_are_the_public_ones(void **state)
{
    (void)state;
    const optimiser_steps *known = optimiser_steps_known();
    vqc_generator generator = {.codebook = (float *)(uintptr_t)known->limits};
    generator.width = WIDTH;
    generator.codes = 2;
    generator.factor = 1;
    int cases[VQC_OPTIMISER_COUNT] = {0};
    for (int i = 0; i < known->case_count; i++) {
        cases[known->cases[i].optimiser]++;
        case_run(&known->cases[i], &generator, false);
        case_run(&known->cases[i], &generator, true);
    }
    for (int kind = 0; kind < VQC_OPTIMISER_COUNT; kind++)
        if (cases[kind] == 0)
            fail_msg("row %d of ops/optimisers.def has no case in optimisers.json", kind);
}

/* Under a constant gradient Adam moves by exactly its rate, which falls from `lr` to `lr_end`. */
static void rate_falls_in_a_line(void **state)
{
    (void)state;
    static float codebook[WIDTH];
    vqc_generator generator = {.codebook = codebook};
    generator.width = WIDTH;
    generator.codes = 1;
    generator.factor = 1;
    vqc_error error = {0};
    const vqc_settings settings = {
        .steps = 4, .learning_rate = 0.4, .learning_rate_end = 0.1, .beta1 = 0.9, .beta2 = 0.999, .epsilon = 1e-8};
    const double moved[] = {0.4, 0.7, 0.9, 1.0};
    vqc_ops *ops = ops_open();
    vqc_latent_optimiser *optimiser;
    assert_int_equal(vqc_latent_optimiser_create(&generator, ops, &settings, 2, 2, &optimiser, &error), VQC_OK);
    float ones[COUNT];
    for (int i = 0; i < COUNT; i++)
        ones[i] = 1.0F;
    assert_int_equal(vqc_latent_optimiser_reset(optimiser, optimiser_steps_known()->start, &error), VQC_OK);
    for (int step = 0; step < 4; step++) {
        float actual[3 * COUNT];
        step_make(optimiser, step, 0.0, ones, actual);
        for (int i = 0; i < COUNT; i++)
            assert_float_equal(optimiser_steps_known()->start[i] - actual[i], moved[step], OPTIMISER_LARGEST);
    }
    vqc_latent_optimiser_destroy(optimiser);
    vqc_ops_destroy(ops);
}

/* A cell with half a share goes half as far as one with all of it, and one with none stays; its moments are the same.
 */
static void shares_are_of_the_step(void **state)
{
    (void)state;
    static float codebook[WIDTH];
    vqc_generator generator = {.codebook = codebook};
    generator.width = WIDTH;
    generator.codes = 1;
    generator.factor = 1;
    vqc_error error = {0};
    const vqc_settings settings = {
        .steps = 1, .learning_rate = 0.5, .learning_rate_end = -1.0, .beta1 = 0.9, .beta2 = 0.999, .epsilon = 1e-8};
    const float mask[CELLS] = {1.0F, 0.5F, 0.25F, 0.0F};
    const float zeros[COUNT] = {0};
    float ones[COUNT];
    float actual[3 * COUNT];
    vqc_ops *ops = ops_open();
    vqc_latent_optimiser *optimiser;
    assert_int_equal(vqc_latent_optimiser_create(&generator, ops, &settings, 2, 2, &optimiser, &error), VQC_OK);
    for (int i = 0; i < COUNT; i++)
        ones[i] = 1.0F;
    assert_int_equal(vqc_latent_optimiser_mask(optimiser, mask, &error), VQC_OK);
    assert_int_equal(vqc_latent_optimiser_reset(optimiser, zeros, &error), VQC_OK);
    step_make(optimiser, 0, 0.0, ones, actual);
    for (int i = 0; i < COUNT; i++) {
        assert_true(actual[i] == mask[i / WIDTH] * actual[0]);
        assert_true(actual[COUNT + i] == (mask[i / WIDTH] > 0.0F ? actual[COUNT] : 0.0F));
    }
    assert_float_equal(actual[0], -0.5, OPTIMISER_LARGEST);
    vqc_latent_optimiser_destroy(optimiser);
    vqc_ops_destroy(ops);
}

/* A latent without limits and mask, and its optimiser. */
static vqc_latent_optimiser *optimiser_open(vqc_ops *ops, const vqc_settings *settings)
{
    static float codebook[WIDTH];
    vqc_generator generator = {.codebook = codebook};
    generator.width = WIDTH;
    generator.codes = 1;
    generator.factor = 1;
    vqc_error error = {0};
    vqc_latent_optimiser *optimiser;
    assert_int_equal(vqc_latent_optimiser_create(&generator, ops, settings, 2, 2, &optimiser, &error), VQC_OK);
    assert_int_equal(vqc_latent_optimiser_reset(optimiser, optimiser_steps_known()->start, &error), VQC_OK);
    return optimiser;
}

/* weight · mean((z − towards)²), of the latent z with one element moved. */
static double l2_of(const vqc_settings *settings, const float *z, int moved, double by)
{
    double sum = 0.0;
    for (int i = 0; i < COUNT; i++) {
        double offset = (double)z[i] + (i == moved ? by : 0.0);
        offset -= settings->l2_towards_start ? (double)optimiser_steps_known()->start[i] : 0.0;
        sum += offset * offset;
    }
    return settings->l2_weight * sum / COUNT;
}

/* The gradient of the L2 term, read off Adam's first moment, against central differences: of a parabola, exact. The
 * start stays that of the reset when another state is restored. */
static void l2_gradient_is_that_of_the_term(void **state)
{
    (void)state;
    const float z[COUNT] = {0.25F, 0.5F, -0.75F, 1.5F, 0.125F, -0.25F, 2.0F, 0.375F};
    const double by = 0x1p-10;
    for (int towards_start = 0; towards_start < 2; towards_start++) {
        vqc_settings settings;
        vqc_settings_default(&settings);
        settings.clamp = false;
        settings.l2_weight = 3.0;
        settings.l2_towards_start = towards_start == 1;
        vqc_error error = {0};
        vqc_ops *ops = ops_open();
        vqc_latent_optimiser *optimiser = optimiser_open(ops, &settings);
        const float zeros[COUNT] = {0.0F};
        float actual[3 * COUNT] = {0.0F};
        memcpy(actual, z, sizeof z);
        assert_int_equal(vqc_latent_optimiser_restore(optimiser, actual, &error), VQC_OK);
        step_make(optimiser, 0, 2.0 * settings.l2_weight / COUNT, zeros, actual);
        for (int i = 0; i < COUNT; i++) {
            double gradient = (l2_of(&settings, z, i, by) - l2_of(&settings, z, i, -by)) / (2.0 * by);
            assert_float_equal((double)actual[COUNT + i] / (1.0 - settings.beta1), gradient,
                               OPTIMISER_LARGEST * fmax(fabs(gradient), 1.0));
        }
        vqc_latent_optimiser_destroy(optimiser);
        vqc_ops_destroy(ops);
    }
}

/* Where the weight falls in steps the optimiser begins afresh: Adam's next step is its first, of exactly the learning
 * rate, whatever gradients there were before, and whether the render was interrupted there or not. */
static void restart_is_a_first_step(void **state)
{
    (void)state;
    enum { EVERY = 2, RESTART = EVERY + 1 };
    vqc_settings settings;
    vqc_settings_default(&settings);
    settings.clamp = false;
    settings.l2_schedule = VQC_L2_STEPS;
    settings.l2_decay = 0.5;
    settings.l2_every = EVERY;
    vqc_error error = {0};
    vqc_ops *ops = ops_open();
    vqc_latent_optimiser *optimiser = optimiser_open(ops, &settings);
    vqc_latent_optimiser *resumed = optimiser_open(ops, &settings);
    float before[3 * COUNT];
    float after[3 * COUNT];
    float after_resuming[3 * COUNT];
    float small[COUNT];
    for (int i = 0; i < COUNT; i++)
        small[i] = i % 2 == 0 ? 0.01F : -0.02F;
    for (int step = 0; step < RESTART; step++)
        step_make(optimiser, step, 0.0, optimiser_steps_known()->gradients[step], before);
    step_make(optimiser, RESTART, 0.0, small, after);
    for (int i = 0; i < COUNT; i++)
        assert_float_equal(before[i] - after[i], (small[i] > 0.0F ? 0.15F : -0.15F), OPTIMISER_LARGEST);
    assert_int_equal(vqc_latent_optimiser_restore(resumed, before, &error), VQC_OK);
    step_make(resumed, RESTART, 0.0, small, after_resuming);
    assert_memory_equal(after, after_resuming, sizeof after);
    vqc_latent_optimiser_destroy(optimiser);
    vqc_latent_optimiser_destroy(resumed);
    vqc_ops_destroy(ops);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(optimisers_are_the_public_ones), cmocka_unit_test(rate_falls_in_a_line),
        cmocka_unit_test(shares_are_of_the_step), cmocka_unit_test(l2_gradient_is_that_of_the_term),
        cmocka_unit_test(restart_is_a_first_step)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
