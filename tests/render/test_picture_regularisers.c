/* Regularisers that look at the picture: a loss's gradient at the latent, through the whole decoder, is that of
 * finite differences; weights go the course of their curves, by hand; a render goes on from a saved state as if it
 * had not been interrupted. */

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

enum { PIXELS = 4 * 6, LATENT = 2 * 3 * 16, MOST_TERMS = 3 + VQC_PICTURE_REGULARISERS, STEPS = 4 };

/* With lr 1 and eps 1, Adam's first step is g / (|g| + 1): from it the gradient is known. The target stops
 * before it pulls, and the latent is what the decoder is given, without the codebook's steps. */
#define ALONE                                                                                                        \
    "targets: [{noise: 1, stop: 9}], l2: {weight: 0}, latent: {kind: free}, clamp: false, "                          \
    "optimizer: {lr: 1, eps: 1}"

static const char job[] =
    "study: terms\n" JOB_MODELS "render: {size: [6, 4], steps: 4, crops: {count: 2, group: 2}}\n"
    "prompts:\n"
    "  - {" ALONE ", tv: {weight: 0.5}}\n"
    "  - {" ALONE ", tv: {weight: 0.25, kind: absolute}}\n"
    "  - {" ALONE ", tv: {weight: 0.25, kind: isotropic}}\n"
    "  - {" ALONE ", smoothness: {weight: 0.5}}\n"
    "  - {" ALONE ", smoothness: {weight: 0.5, kind: clipped}}\n"
    "  - {" ALONE ", smoothness: {weight: 0.5, kind: log}}\n"
    "  - {" ALONE ", saturation: {weight: 5}}\n"
    "  - {" ALONE ", saturation: {weight: -5}}\n"
    "  - {" ALONE ", likeness: {weight: 2}, init: {color: {red: 1, green: 0.5, blue: 0.25}}}\n"
    "  - {" ALONE ", range: {weight: 30}}\n"
    "  - {" ALONE ", range: {weight: 30}, recompute: true}\n";

/* The losses at a latent. */
static void losses_at(rendering *r, const float *z, double losses[MOST_TERMS])
{
    vqc_error error = {0};
    check(vqc_renderer_restore(r->renderer, z, 0, &error), &error);
    check(vqc_renderer_step(r->renderer, losses, &error), &error);
}

/* The state of a render at its start, z first. */
static void state_start(rendering *r, size_t number, float *state)
{
    vqc_error error = {0};
    vqc_render_extents extents;
    const vqc_render *render = &r->study->renders[number];
    check(vqc_renderer_start(r->renderer, render, &error), &error);
    check(vqc_renderer_extents(r->renderer, render, &extents, &error), &error);
    assert_int_equal(extents.rows * extents.columns * extents.latent_width, LATENT);
    assert_int_equal(extents.state_tensors, 3);
    check(vqc_renderer_save(r->renderer, state, &error), &error);
}

/* The gradient at z, from the step that Adam takes there; returns its length. */
static double gradient_find(rendering *r, const float *state, double gradient[LATENT])
{
    vqc_error error = {0};
    float next[3 * LATENT];
    double losses[MOST_TERMS];
    double squares = 0.0;
    losses_at(r, state, losses);
    check(vqc_renderer_save(r->renderer, next, &error), &error);
    for (int i = 0; i < LATENT; i++) {
        double step = (double)state[i] - (double)next[i];
        gradient[i] = step / (1.0 - fabs(step));
        squares += gradient[i] * gradient[i];
    }
    return sqrt(squares);
}

/* Whether all of the picture of a latent lies within the limits, whose gradient is not that of a limit. */
static bool is_inside(rendering *r, const float *state)
{
    vqc_error error = {0};
    float picture[PIXELS * 3];
    int32_t codes[LATENT];
    check(vqc_renderer_restore(r->renderer, state, 0, &error), &error);
    check(vqc_renderer_picture(r->renderer, picture, codes, &error), &error);
    for (int i = 0; i < PIXELS * 3; i++)
        if (picture[i] < 0.02F || picture[i] > 0.98F)
            return false;
    return true;
}

/* A latent whose picture does, found by trying; of a term that looks at what lies outside, one whose picture does
 * not.
 */
static void latent_find(rendering *r, bool inside, float *state)
{
    for (int attempt = 1; attempt < 1000; attempt++) {
        for (int i = 0; i < LATENT; i++)
            state[i] = (float)sin(1.0 + 0.7 * attempt * i);
        if (is_inside(r, state) == inside)
            return;
    }
    fail_msg("no such picture");
}

/* Along the gradient a loss rises by its length: central differences of the f32 chain, whose error in step² and
 * rounding / step is below a thousandth here. */
static void gradient_check(rendering *r, size_t number)
{
    const double step = 1e-3;
    float state[3 * LATENT];
    double gradient[LATENT];
    double losses[2][MOST_TERMS];
    state_start(r, number, state);
    latent_find(r, r->study->renders[number].settings->range_weight == 0.0, state);
    double length = gradient_find(r, state, gradient);
    assert_true(length > 1e-4);
    for (int side = 0; side < 2; side++) {
        float moved[3 * LATENT];
        memcpy(moved, state, sizeof moved);
        for (int i = 0; i < LATENT; i++)
            moved[i] += (float)((side == 0 ? step : -step) * gradient[i] / length);
        losses_at(r, moved, losses[side]);
    }
    double slope = (losses[0][2] - losses[1][2]) / (2.0 * step);
    print_message("render %zu: slope %.6f, gradient %.6f\n", number, slope, length);
    assert_float_equal(slope, length, CHAIN_SLOPE * length);
}

static void gradients_are_those_of_the_losses(void **state)
{
    (void)state;
    rendering r = rendering_open(job, "cpu", (vqc_ops_options){.threads = 1});
    for (size_t number = 0; number < r.study->render_count; number++)
        gradient_check(&r, number);
    rendering_close(&r);
}

static const char courses[] =
    "study: courses\n" JOB_MODELS
    "render: {size: [6, 4], steps: 4, crops: {count: 2, group: 2}, latent: {kind: free}}\n"
    "prompts:\n"
    "  - {targets: [{noise: 1}], tv.weight: 8, likeness.weight: 2}\n"
    "  - {targets: [{noise: 1}], tv.weight: {curve: hold, 0: 8, 2: 4}, likeness.weight: {0: 2, 2: 2, 4: 0}}\n"
    "  - {targets: [{noise: 1}]}\n";

static void weights_go_their_course(void **state)
{
    (void)state;
    static const double tv[] = {8, 8, 4, 4};
    static const double likeness[] = {2, 2, 2, 1};
    vqc_error error = {0};
    double losses[2][STEPS][MOST_TERMS] = {{{0.0}}};
    rendering r = rendering_open(courses, "cpu", (vqc_ops_options){.threads = 1});
    for (int step = 0; step < STEPS; step++) {
        const vqc_settings *settings = r.study->renders[1].settings;
        assert_float_equal(vqc_picture_regulariser_tv.weight(settings, step), tv[step], 1e-12);
        assert_float_equal(vqc_picture_regulariser_likeness.weight(settings, step), likeness[step], 1e-12);
    }
    for (size_t render = 0; render < 2; render++) {
        check(vqc_renderer_start(r.renderer, &r.study->renders[render], &error), &error);
        for (int step = 0; step < STEPS; step++)
            check(vqc_renderer_step(r.renderer, losses[render][step], &error), &error);
    }
    assert_memory_equal(losses[0], losses[1], 2 * sizeof losses[0][0]);
    assert_float_equal(losses[1][2][2], losses[0][2][2] / 2.0, 0.0);
    assert_float_equal(losses[1][2][3], losses[0][2][3], 0.0);
    assert_float_equal(losses[0][0][3], 0.0, 0.0); /* at the start the picture is like it */
    assert_true(losses[0][1][3] > 0.0);
    rendering_close(&r);
}

/* What an interrupted render loses is made again: from the state of any step, on another renderer, to the same bits.
 */
static void a_render_goes_on_from_its_state(void **state)
{
    (void)state;
    vqc_error error = {0};
    float whole[3 * LATENT];
    float kept[3 * LATENT];
    float resumed[3 * LATENT];
    double losses[2][MOST_TERMS] = {{0.0}};
    rendering r = rendering_open(courses, "cpu", (vqc_ops_options){.threads = 1});
    check(vqc_renderer_start(r.renderer, &r.study->renders[1], &error), &error);
    for (int step = 0; step < STEPS; step++) {
        if (step == 2)
            check(vqc_renderer_save(r.renderer, kept, &error), &error);
        check(vqc_renderer_step(r.renderer, losses[0], &error), &error);
    }
    check(vqc_renderer_save(r.renderer, whole, &error), &error);
    rendering_close(&r);
    r = rendering_open(courses, "cpu", (vqc_ops_options){.threads = 2});
    check(vqc_renderer_start(r.renderer, &r.study->renders[1], &error), &error);
    check(vqc_renderer_restore(r.renderer, kept, 2, &error), &error);
    for (int step = 2; step < STEPS; step++)
        check(vqc_renderer_step(r.renderer, losses[1], &error), &error);
    check(vqc_renderer_save(r.renderer, resumed, &error), &error);
    assert_memory_equal(whole, resumed, sizeof whole);
    assert_memory_equal(losses[0], losses[1], 5 * sizeof losses[0][0]);
    rendering_close(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gradients_are_those_of_the_losses),
        cmocka_unit_test(weights_go_their_course),
        cmocka_unit_test(a_render_goes_on_from_its_state),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
