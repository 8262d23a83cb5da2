/* A render whose result is the moving average of its latent: latent, codes and picture are the average's, the
 * optimiser goes on with the latent itself, and an interrupted render comes to the same. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../support/rendering.h"
#include "../tolerances.h"

enum { STEPS = 5, TERMS = 3, LATENT = 6 * 8 * 16, CELLS = 6 * 8, PIXELS = 12 * 16 * 3, TENSORS = 4 };

/* The same without the average and with it. */
static const char job[] = "study: average\n" JOB_MODELS
                          "render: {size: [16, 12], steps: 5, crops: {count: 2, group: 2}, optimizer: {lr: 0.5}}\n"
                          "prompts: [{targets: [{noise: 1}]}]\n"
                          "sweep: {average: [0, 0.8]}\n";

typedef struct outcome {
    double losses[STEPS][TERMS];
    float latent[LATENT];
    float picture[PIXELS];
    int32_t codes[CELLS];
} outcome;

static int fixture_open(void **state)
{
    static rendering f;
    f = rendering_open(job, "cpu", (vqc_ops_options){.threads = 1});
    *state = &f;
    return 0;
}

static int fixture_close(void **state)
{
    rendering_close(*state);
    return 0;
}

static void result_read(const rendering *f, outcome *o)
{
    vqc_error error = {0};
    check(vqc_renderer_latent(f->renderer, o->latent, &error), &error);
    check(vqc_renderer_picture(f->renderer, o->picture, o->codes, &error), &error);
}

/* All steps of a render; `pictures`: its picture is looked at before each of them. */
static void render_make(const rendering *f, size_t number, bool pictures, outcome *o)
{
    vqc_error error = {0};
    check(vqc_renderer_start(f->renderer, &f->study->renders[number], &error), &error);
    for (int step = 0; step < STEPS; step++) {
        if (pictures)
            result_read(f, o);
        check(vqc_renderer_step(f->renderer, o->losses[step], &error), &error);
    }
    result_read(f, o);
}

/* The latents that the render without an average comes to, averaged by hand. */
static void average_by_hand(const rendering *f, double *average)
{
    vqc_error error = {0};
    double losses[TERMS];
    float z[LATENT];
    double weights = 0.0;
    memset(average, 0, LATENT * sizeof *average);
    check(vqc_renderer_start(f->renderer, &f->study->renders[0], &error), &error);
    for (int step = 0; step <= STEPS; step++) {
        check(vqc_renderer_latent(f->renderer, z, &error), &error);
        weights = 0.8 * weights + 1.0;
        for (int i = 0; i < LATENT; i++)
            average[i] = 0.8 * average[i] + (double)z[i];
        if (step < STEPS)
            check(vqc_renderer_step(f->renderer, losses, &error), &error);
    }
    for (int i = 0; i < LATENT; i++)
        average[i] /= weights;
}

static void test_result_is_the_average(void **state)
{
    const rendering *f = *state;
    vqc_error error = {0};
    static outcome plain;
    static outcome averaged;
    static outcome visited;
    double expected[LATENT];
    average_by_hand(f, expected);
    render_make(f, 0, false, &plain);
    render_make(f, 1, true, &averaged);
    assert_memory_equal(plain.losses, averaged.losses, sizeof plain.losses);
    for (int i = 0; i < LATENT; i++)
        assert_float_equal(averaged.latent[i], expected[i], OPTIMISER_LARGEST);
    assert_memory_not_equal(plain.codes, averaged.codes, sizeof plain.codes);
    assert_memory_not_equal(plain.picture, averaged.picture, sizeof plain.picture);
    check(vqc_renderer_start(f->renderer, &f->study->renders[0], &error), &error);
    check(vqc_renderer_visit(f->renderer, averaged.latent, &error), &error);
    result_read(f, &visited);
    assert_memory_equal(visited.picture, averaged.picture, sizeof visited.picture);
    assert_memory_equal(visited.codes, averaged.codes, sizeof visited.codes);
    check(vqc_renderer_start(f->renderer, &f->study->renders[1], &error), &error);
    check(vqc_renderer_visit(f->renderer, averaged.latent, &error), &error);
    result_read(f, &visited);
    assert_memory_equal(visited.picture, averaged.picture, sizeof visited.picture);
}

static void test_interrupted(void **state)
{
    const rendering *f = *state;
    vqc_error error = {0};
    static outcome whole;
    static outcome resumed;
    static float saved[TENSORS * LATENT];
    enum { BEFORE = 2 };
    vqc_render_extents shape;
    render_make(f, 1, false, &whole);
    check(vqc_renderer_extents(f->renderer, &f->study->renders[1], &shape, &error), &error);
    assert_int_equal(shape.state_tensors, TENSORS);
    check(vqc_renderer_start(f->renderer, &f->study->renders[1], &error), &error);
    for (int step = 0; step < BEFORE; step++)
        check(vqc_renderer_step(f->renderer, resumed.losses[step], &error), &error);
    check(vqc_renderer_save(f->renderer, saved, &error), &error);
    check(vqc_renderer_start(f->renderer, &f->study->renders[1], &error), &error);
    check(vqc_renderer_restore(f->renderer, saved, BEFORE, &error), &error);
    for (int step = BEFORE; step < STEPS; step++)
        check(vqc_renderer_step(f->renderer, resumed.losses[step], &error), &error);
    result_read(f, &resumed);
    assert_memory_equal(&whole, &resumed, sizeof whole);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_result_is_the_average),
        cmocka_unit_test(test_interrupted),
    };
    return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
