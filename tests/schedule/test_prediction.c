/* Predicted launches against small cases worked out by hand, and a large one against the clock. */

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "render/step_message.h"
#include "schedule/prediction.h"

/* The study of a test: renders of one prompt, alike but for their steps. */
typedef struct fixture {
    vqc_study study;
    vqc_prompt prompt;
    vqc_target target;
    vqc_shape_cost shape;
    vqc_cost_table costs;
} fixture;

/* One perceptor, 2 s for a crop group, 1 s for the decoder; `groups` groups of 4 crops; 10 s until the models are
 * open. A start takes 3 s where networks have to be made, nothing otherwise. */
static void fixture_init(fixture *f, size_t renders, int groups, const int64_t *steps)
{
    *f = (fixture){.target = {.weight = 1.0}};
    f->prompt = (vqc_prompt){.id = "p", .text = "p", .targets = &f->target, .target_count = 1};
    f->study = (vqc_study){.path = "test",
                           .name = "test",
                           .perceptor_count = 1,
                           .prompts = &f->prompt,
                           .prompt_count = 1,
                           .renders = calloc(renders, sizeof(vqc_render)),
                           .render_count = renders};
    assert_non_null(f->study.renders);
    for (size_t i = 0; i < renders; i++) {
        vqc_render *render = &f->study.renders[i];
        *render = (vqc_render){.number = (int64_t)i, .prompt = &f->prompt, .variant = ""};
        vqc_settings_default(&render->settings);
        render->settings.width = 32;
        render->settings.height = 16;
        render->settings.crop_count = 4 * groups;
        render->settings.crop_group = 4;
        render->settings.snapshots = 0;
        render->settings.steps = steps[i];
    }
    vqc_shape_cost_describe(&f->study.renders[0], &f->shape);
    f->shape.pixels = 32 * 16;
    f->shape.latent_size = 64;
    f->shape.make = 3.0;
    f->shape.decode = 1.0;
    f->shape.group_seconds[0] = 2.0;
    f->costs = (vqc_cost_table){.perceptors = 1, .open = 10.0, .embedding_width = 8, .shapes = &f->shape, .count = 1};
}

static void fixture_release(fixture *f)
{
    free(f->study.renders);
}

/* Predicts on so many ranks; messages cost nothing unless the latency says so. */
static vqc_prediction predict(const fixture *f, int ranks, int64_t team, double latency)
{
    vqc_error error = {0};
    vqc_prediction prediction;
    const vqc_prediction_options options = {.ranks = ranks, .team = team, .latency = latency, .bandwidth = 1e30};
    if (vqc_prediction_create(&f->study, &f->costs, &options, &prediction, &error) != VQC_OK)
        fail_msg("%s", error.message);
    return prediction;
}

static void expect(double actual, double expected)
{
    if (!(fabs(actual - expected) <= 1e-9 * fabs(expected)))
        fail_msg("expected %.12g, found %.12g", expected, actual);
}

static void test_one_rank(void **state)
{
    (void)state;
    fixture f;
    fixture_init(&f, 2, 2, (const int64_t[]){10, 4});
    vqc_prediction p = predict(&f, 1, 0, 1.0);
    expect(p.seconds, 10.0 + 3.0 + 14.0 * (1.0 + 2.0 * 2.0));
    expect(p.efficiency, 1.0);
    assert_int_equal(p.renders[0].number, 0);
    expect(p.renders[0].end, 63.0);
    expect(p.renders[1].begin, 63.0);
    vqc_prediction_release(&p);
    fixture_release(&f);
}

/* Three renders of one crop group on two ranks: nobody can join, so it takes as long as two of them. */
static void test_three_renders_on_two_ranks(void **state)
{
    (void)state;
    fixture f;
    fixture_init(&f, 3, 1, (const int64_t[]){5, 5, 5});
    vqc_prediction p = predict(&f, 2, 0, 0.0);
    expect(p.seconds, 10.0 + 3.0 + 2.0 * 5.0 * 3.0);
    expect(p.serial, 10.0 + 3.0 + 3.0 * 5.0 * 3.0);
    expect(p.efficiency, 58.0 / (2.0 * 43.0));
    assert_int_equal(p.teams, 2);
    assert_int_equal(p.renders[2].rank, 0);
    vqc_prediction_release(&p);
    fixture_release(&f);
}

/* The same with two groups: after 13 + 20 · 5 = 113 s rank 1 is free, is asked a quarter of a second later, and takes
 * 3 s for its networks. It is ready at 116.25 and joins when the step under way ends, at 118. The other 19 steps take
 * 3 s. */
static void test_free_rank_joins(void **state)
{
    (void)state;
    fixture f;
    fixture_init(&f, 3, 2, (const int64_t[]){20, 20, 20});
    vqc_prediction p = predict(&f, 2, 0, 0.0);
    expect(p.seconds, 118.0 + 19.0 * 3.0);
    assert_int_equal(p.renders[2].joined, 1);
    vqc_prediction_release(&p);
    p = predict(&f, 2, 1, 0.0); /* teams of one were asked for */
    expect(p.seconds, 113.0 + 20.0 * 5.0);
    assert_int_equal(p.renders[2].joined, 0);
    vqc_prediction_release(&p);
    fixture_release(&f);
}

/* One render of three groups: never more members than that; with two the largest share is two groups. A sum over
 * three with a latency of 0.5 s takes 2 · log2(3) · 0.5 s. */
static void test_teams(void **state)
{
    (void)state;
    fixture f;
    fixture_init(&f, 1, 3, (const int64_t[]){10});
    vqc_prediction p = predict(&f, 2, 0, 0.0);
    expect(p.seconds, 13.0 + 10.0 * (1.0 + 4.0));
    vqc_prediction_release(&p);
    p = predict(&f, 100, 0, 0.5);
    assert_int_equal(p.renders[0].members, 3);
    expect(p.seconds, 13.0 + 10.0 * (1.0 + 2.0 + log2(3.0)));
    vqc_prediction_release(&p);
    fixture_release(&f);
}

/* Ranks beyond one for each render go to the longest one. */
static void test_ranks_go_to_the_longest(void **state)
{
    (void)state;
    fixture f;
    fixture_init(&f, 2, 2, (const int64_t[]){10, 30});
    vqc_prediction p = predict(&f, 3, 0, 0.0);
    assert_int_equal(p.renders[0].number, 1);
    assert_int_equal(p.renders[0].members, 2);
    assert_int_equal(p.renders[1].members, 1);
    expect(p.renders[0].end, 13.0 + 30.0 * 3.0);
    expect(p.renders[1].end, 13.0 + 10.0 * 5.0);
    vqc_prediction_release(&p);
    fixture_release(&f);
}

/* Snapshots decode the picture once more, and so does the end. */
static void test_pictures(void **state)
{
    (void)state;
    fixture f;
    fixture_init(&f, 1, 1, (const int64_t[]){10});
    f.study.renders[0].settings.snapshots = 4;
    f.shape.picture = 0.5;
    vqc_prediction p = predict(&f, 1, 0, 0.0);
    expect(p.seconds, 13.0 + 10.0 * 3.0 + 3.0 * 0.5);
    vqc_prediction_release(&p);
    fixture_release(&f);
}

static void test_formulas(void **state)
{
    (void)state;
    fixture f;
    vqc_error error = {0};
    const vqc_prediction_options options = {.ranks = 4, .latency = 1e-3, .bandwidth = 1e6};
    vqc_step_message message = {0};
    const vqc_step_message_shape shape = {.pixels = 32 * 16 * 3, .groups = 3, .targets = 1, .perceptors = 1};
    fixture_init(&f, 1, 3, (const int64_t[]){10});
    expect(vqc_prediction_sum(&options, 1000000, 4), 2.0 * 2.0 * 1e-3 + 2.0 * 0.75);
    expect(vqc_prediction_sum(&options, 1000000, 1), 0.0);
    assert_int_equal(vqc_step_message_shape_set(&message, &shape, &error), VQC_OK);
    assert_int_equal(vqc_prediction_message(&f.study, &f.study.renders[0], &f.shape),
                     (message.count + shape.pixels) * sizeof(int64_t));
    vqc_step_message_release(&message);
    fixture_release(&f);
}

static void test_unknown_shape(void **state)
{
    (void)state;
    fixture f;
    vqc_error error = {0};
    vqc_prediction p;
    const vqc_prediction_options options = {.ranks = 1, .latency = 1.0, .bandwidth = 1.0};
    fixture_init(&f, 2, 1, (const int64_t[]){1, 1});
    f.study.renders[1].settings.width = 64;
    assert_int_equal(vqc_prediction_create(&f.study, &f.costs, &options, &p, &error), VQC_BAD_INPUT);
    assert_non_null(strstr(error.message, "lack the shape of render 1: 64"));
    fixture_release(&f);
}

/* 100000 renders on 4096 ranks. Every render is made, none by two teams at once, no rank idles while renders are
 * left; the whole takes a second or so. */
static void test_large(void **state)
{
    (void)state;
    enum { RENDERS = 100000, RANKS = 4096 };
    fixture f;
    double *free_at = calloc(RANKS, sizeof *free_at);
    int64_t *steps = malloc(RENDERS * sizeof *steps);
    assert_true(free_at != NULL && steps != NULL);
    for (int i = 0; i < RENDERS; i++)
        steps[i] = 100 + i % 7 * 50;
    fixture_init(&f, RENDERS, 8, steps);
    double started = vqc_clock_seconds();
    vqc_prediction p = predict(&f, RANKS, 0, 1e-6);
    double seconds = vqc_clock_seconds() - started;
    assert_true(p.efficiency > 0.95 && p.efficiency <= 1.0);
    for (int i = 0; i < RENDERS; i++) {
        vqc_predicted_render *render = &p.renders[i];
        assert_true(render->begin >= free_at[render->rank] && render->end > render->begin);
        free_at[render->rank] = render->end;
        assert_true(steps[render->number] > 0); /* not seen before */
        steps[render->number] = 0;
    }
    if (seconds > 20.0)
        fail_msg("the simulation took %.1f s", seconds);
    vqc_prediction_release(&p);
    fixture_release(&f);
    free(free_at);
    free(steps);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_rank),        cmocka_unit_test(test_three_renders_on_two_ranks),
        cmocka_unit_test(test_free_rank_joins), cmocka_unit_test(test_teams),
        cmocka_unit_test(test_pictures),        cmocka_unit_test(test_ranks_go_to_the_longest),
        cmocka_unit_test(test_formulas),        cmocka_unit_test(test_unknown_shape),
        cmocka_unit_test(test_large),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
