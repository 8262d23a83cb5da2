/* Renders whose numbers change over the steps: up to the change they are the render without it, from then on they
 * have what the curve says, and a render that is interrupted there comes to the same. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../support/rendering.h"

enum { STEPS = 5, CHANGE = 3, TERMS = 6, LATENT = 16 * 20 * 16, TENSORS = 4 };

/* Terms are (perceptor, target), then the L2 term and the sum. Each render but the first has one curve. */
static const char job[] =
    "study: curves\n"
    "models:\n" JOB_GENERATOR "  perceptors:\n"
    "    - {name: first, " JOB_PERCEPTOR ", weight: {curve: hold, 0: 1, 1000: 2}}\n"
    "    - {name: second, " JOB_PERCEPTOR ", weight: {curve: hold, 0: 0.5, 4: 1}}\n"
    "render: {size: [40, 32], steps: 5, crops: {count: 2, group: 2}, l2: {weight: 0.5, schedule: none}, noise: 0.1}\n"
    "prompts:\n"
    "  - {id: plain, targets: [{noise: 1}, {noise: 2, weight: -0.5}]}\n"
    "  - {id: target, targets: [{noise: 1, weight: {curve: hold, 0: 1, 3: 0.25}}, {noise: 2, weight: -0.5}]}\n"
    "  - {id: l2, targets: [{noise: 1}, {noise: 2, weight: -0.5}], l2: {weight: {curve: hold, 0: 0.5, 3: 2}}}\n"
    "  - {id: lr, targets: [{noise: 1}, {noise: 2, weight: -0.5}], optimizer: {lr: {curve: hold, 0: 0.15, 3: 0}}}\n"
    "  - {id: noise, targets: [{noise: 1}, {noise: 2, weight: -0.5}], noise: {curve: hold, 0: 0.1, 3: 0.9}}\n"
    "  - {id: power, targets: [{noise: 1}, {noise: 2, weight: -0.5}], crops: {power: {curve: hold, 0: 1, 3: 9}}}\n";

typedef struct outcome {
    double losses[STEPS][TERMS];
    float latents[STEPS][LATENT]; /* behind each step */
} outcome;

static void render_make(const rendering *f, size_t number, outcome *o)
{
    vqc_error error = {0};
    check(vqc_renderer_start(f->renderer, &f->study->renders[number], &error), &error);
    for (int step = 0; step < STEPS; step++) {
        check(vqc_renderer_step(f->renderer, o->losses[step], &error), &error);
        check(vqc_renderer_latent(f->renderer, o->latents[step], &error), &error);
    }
}

/* Up to the step of the change nothing differs. */
static void same_before(const outcome *a, const outcome *b)
{
    assert_memory_equal(a->losses, b->losses, CHANGE * sizeof a->losses[0]);
    assert_memory_equal(a->latents, b->latents, CHANGE * sizeof a->latents[0]);
    assert_memory_not_equal(a->latents[STEPS - 1], b->latents[STEPS - 1], sizeof a->latents[0]);
}

static void curves_come_into_force(void **state)
{
    (void)state;
    static outcome plain;
    static outcome other;
    rendering f = rendering_open(job, "cpu", (vqc_ops_options){.threads = 1});
    render_make(&f, 0, &plain);
    render_make(&f, 1, &other); /* the first target of both perceptors */
    same_before(&plain, &other);
    assert_true(other.losses[CHANGE][0] == 0.25 * plain.losses[CHANGE][0]);
    assert_true(other.losses[CHANGE][1] == plain.losses[CHANGE][1]);
    assert_true(other.losses[CHANGE][2] == 0.25 * plain.losses[CHANGE][2]);
    assert_memory_not_equal(plain.latents[CHANGE], other.latents[CHANGE], sizeof plain.latents[0]);
    render_make(&f, 2, &other); /* L2 */
    same_before(&plain, &other);
    assert_true(other.losses[CHANGE][4] == 4.0 * plain.losses[CHANGE][4]);
    assert_memory_not_equal(plain.latents[CHANGE], other.latents[CHANGE], sizeof plain.latents[0]);
    render_make(&f, 3, &other); /* learning rate */
    same_before(&plain, &other);
    assert_memory_equal(other.latents[CHANGE - 1], other.latents[STEPS - 1], sizeof other.latents[0]);
    for (size_t number = 4; number < 6; number++) { /* noise, crops */
        render_make(&f, number, &other);
        same_before(&plain, &other);
        assert_memory_not_equal(plain.losses[CHANGE], other.losses[CHANGE], sizeof plain.losses[0]);
    }
    rendering_close(&f);
}

/* The second perceptor weighs half of the first until step 4, where it weighs as much: both are the same model, but
 * look at crops of their own, so that terms are compared with those of the render where it does not change. */
static void perceptors_change_too(void **state)
{
    (void)state;
    static outcome changing;
    static outcome constant;
    static char other[sizeof job];
    rendering f = rendering_open(job, "cpu", (vqc_ops_options){.threads = 1});
    render_make(&f, 0, &changing);
    rendering_close(&f);
    memcpy(other, job, sizeof job);
    memcpy(strstr(other, "4: 1}"), "9: 1}", 5);
    f = rendering_open(other, "cpu", (vqc_ops_options){.threads = 1});
    render_make(&f, 0, &constant);
    rendering_close(&f);
    assert_memory_equal(changing.losses, constant.losses, 4 * sizeof constant.losses[0]);
    assert_true(changing.losses[4][0] == constant.losses[4][0]);
    assert_true(changing.losses[4][2] == 2.0 * constant.losses[4][2]);
}

static void resumed_renders_come_to_the_same(void **state)
{
    (void)state;
    static outcome whole;
    static float saved[TENSORS * LATENT];
    double losses[TERMS];
    rendering f = rendering_open(job, "cpu", (vqc_ops_options){.threads = 1});
    vqc_error error = {0};
    render_make(&f, 1, &whole);
    check(vqc_renderer_start(f.renderer, &f.study->renders[1], &error), &error);
    for (int step = 0; step < 2; step++)
        check(vqc_renderer_step(f.renderer, losses, &error), &error);
    check(vqc_renderer_save(f.renderer, saved, &error), &error);
    check(vqc_renderer_start(f.renderer, &f.study->renders[0], &error), &error);
    check(vqc_renderer_start(f.renderer, &f.study->renders[1], &error), &error);
    check(vqc_renderer_restore(f.renderer, saved, 2, &error), &error);
    for (int step = 2; step < STEPS; step++) {
        check(vqc_renderer_step(f.renderer, losses, &error), &error);
        assert_memory_equal(losses, whole.losses[step], sizeof losses);
    }
    rendering_close(&f);
}

/* A phrase counts while it is told, and for its share while it fades. Texts are not needed for that: targets of noise
 * stand for two phrases. */
static void stories_are_told(void **state)
{
    (void)state;
    static const double shares[STEPS][2] = {{1, 0}, {0.5, 0.5}, {0, 1}, {0.5, 0.5}, {1, 0}};
    rendering f = rendering_open(job, "cpu", (vqc_ops_options){.threads = 1});
    vqc_error error = {0};
    vqc_target targets[2];
    vqc_settings settings;
    vqc_render render = f.study->renders[0];
    vqc_prompt *prompt = &f.study->prompts[0];
    memcpy(targets, prompt->targets, sizeof targets);
    memcpy(&settings, render.settings, sizeof settings);
    settings.story_period = 2;
    settings.story_fade = 2;
    render.settings = &settings;
    prompt->targets[0].phrases = prompt->targets[1].phrases = 2;
    prompt->targets[1].phrase = 1;
    check(vqc_renderer_start(f.renderer, &render, &error), &error);
    for (int step = 0; step < STEPS; step++) {
        double losses[TERMS];
        check(vqc_renderer_step(f.renderer, losses, &error), &error);
        for (int t = 0; t < 2; t++)
            assert_true((losses[t] != 0.0) == (shares[step][t] != 0.0));
    }
    memcpy(prompt->targets, targets, sizeof targets);
    rendering_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(curves_come_into_force),
        cmocka_unit_test(perceptors_change_too),
        cmocka_unit_test(resumed_renders_come_to_the_same),
        cmocka_unit_test(stories_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
