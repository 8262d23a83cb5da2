/* The L2 term: its weight's course by hand, and that a render's losses are those of its latents. */

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../support/rendering.h"
#include "../tolerances.h"
#include "render/regulariser.h"

enum { STEPS = 6, TERMS = 3, LATENT = 2 * 3 * 16, RENDERS = 4 };

static const char job[] =
    "study: regulariser\n" JOB_MODELS "render: {size: [6, 4], steps: 6, crops: {count: 2, group: 2}}\n"
    "prompts:\n"
    "  - {targets: [{noise: 1}]}\n"
    "  - {targets: [{noise: 1}], l2: {weight: 3, schedule: reciprocal}}\n"
    "  - {targets: [{noise: 1}], l2: {weight: 3, schedule: steps, decay: 0.5, every: 2, towards: start}}\n"
    "  - {targets: [{noise: 1}], l2: {weight: 3, decay: 0, towards: start}, optimizer: {name: adagrad}}\n";

/* What the weight is at each step of each render. */
static const double weights[RENDERS][STEPS] = {{0.1, 0.0995, 0.099, 0.0985, 0.098, 0.0975},
                                               {3.0, 1.0, 0.6, 3.0 / 7.0, 3.0 / 9.0, 3.0 / 11.0},
                                               {3.0, 3.0, 3.0, 1.5, 1.5, 0.0},
                                               {3.0, 3.0, 3.0, 3.0, 3.0, 3.0}};
static const bool towards_start[RENDERS] = {false, false, true, true};

typedef struct course {
    int64_t step;
    double weight;
    int64_t restart;
} course;

static void course_check(const vqc_settings *settings, const course *expected, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        assert_float_equal(vqc_regulariser_weight(settings, expected[i].step), expected[i].weight, 1e-12);
        assert_int_equal(vqc_regulariser_restart(settings, expected[i].step), expected[i].restart);
    }
}

static void test_linear(void **state)
{
    (void)state;
    const vqc_settings settings = {.l2_weight = 0.1, .l2_decay = 0.005};
    course_check(&settings, (const course[]){{0, 0.1, 0}, {100, 0.05, 0}, {200, 0.0, 0}, {300, 0.0, 0}}, 4);
}

static void test_reciprocal(void **state)
{
    (void)state;
    const vqc_settings settings = {.l2_weight = 0.1, .l2_schedule = VQC_L2_RECIPROCAL};
    course_check(&settings, (const course[]){{0, 0.1, 0}, {1, 0.1 / 3.0, 0}, {400, 0.1 / 801.0, 0}}, 3);
}

/* The notebook's: a fifth less after each of the steps number 50, 100, 150, 200, 250, and the optimiser anew. */
static void test_steps(void **state)
{
    (void)state;
    vqc_settings settings = {.l2_weight = 1.0, .l2_decay = 0.2, .l2_schedule = VQC_L2_STEPS, .l2_every = 50};
    course_check(&settings,
                 (const course[]){{0, 1.0, 0},
                                  {50, 1.0, 0},
                                  {51, 0.8, 51},
                                  {100, 0.8, 51},
                                  {101, 0.6, 101},
                                  {151, 0.4, 151},
                                  {201, 0.2, 201},
                                  {250, 0.2, 201},
                                  {251, 0.0, 251},
                                  {999, 0.0, 251}},
                 10);
    settings.l2_decay = 0.3; /* the tenth that three falls would leave is nothing */
    course_check(&settings, (const course[]){{101, 0.4, 101}, {151, 0.0, 151}, {201, 0.0, 151}}, 3);
    settings.l2_decay = 1.0;
    course_check(&settings, (const course[]){{50, 1.0, 0}, {51, 0.0, 51}, {151, 0.0, 51}}, 3);
    settings.l2_decay = 0.0; /* the optimiser alone */
    course_check(&settings, (const course[]){{50, 1.0, 0}, {51, 1.0, 51}, {1001, 1.0, 1001}}, 3);
}

/* weight · mean((z − towards)²) at the latent that a render has come to. */
static double term_of(vqc_renderer *renderer, size_t render, int step, const float *origin)
{
    vqc_error error = {0};
    float z[LATENT];
    double sum = 0.0;
    check(vqc_renderer_latent(renderer, z, &error), &error);
    for (int i = 0; i < LATENT; i++) {
        double offset = (double)z[i] - (towards_start[render] ? (double)origin[i] : 0.0);
        sum += offset * offset;
    }
    return weights[render][step] * sum / LATENT;
}

static void test_losses_are_those_used(void **state)
{
    (void)state;
    vqc_error error = {0};
    rendering r = rendering_open(job, "cpu", (vqc_ops_options){.threads = 1});
    assert_int_equal(r.study->render_count, RENDERS);
    for (size_t render = 0; render < RENDERS; render++) {
        float origin[LATENT];
        check(vqc_renderer_start(r.renderer, &r.study->renders[render], &error), &error);
        check(vqc_renderer_latent(r.renderer, origin, &error), &error);
        for (int step = 0; step < STEPS; step++) {
            double losses[TERMS];
            double expected = term_of(r.renderer, render, step, origin);
            check(vqc_renderer_step(r.renderer, losses, &error), &error);
            assert_float_equal(losses[1], expected, LOSS_LARGEST * fmax(1.0, expected));
            assert_float_equal(losses[2], losses[0] + losses[1], LOSS_LARGEST);
        }
    }
    rendering_close(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_linear),
        cmocka_unit_test(test_reciprocal),
        cmocka_unit_test(test_steps),
        cmocka_unit_test(test_losses_are_those_used),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
