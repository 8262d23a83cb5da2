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
#include "forecast/prediction.h"
#include "render/step_message.h"

/* The study of a test: renders of one prompt, alike but for their steps. */
typedef struct fixture {
    vqc_study study;
    vqc_prompt prompt;
    vqc_target target;
    vqc_settings *settings; /* the renders' */
    vqc_network_cost shape;
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
    f->settings = calloc(renders, sizeof(vqc_settings));
    assert_non_null(f->study.renders);
    assert_non_null(f->settings);
    for (size_t i = 0; i < renders; i++) {
        vqc_settings *settings = &f->settings[i];
        f->study.renders[i] =
            (vqc_render){.number = (int64_t)i, .prompt = &f->prompt, .settings = settings, .variant = ""};
        vqc_settings_default(settings);
        settings->width = 32;
        settings->height = 16;
        settings->crop_count = 4 * groups;
        settings->crop_group = 4;
        settings->snapshots = 0;
        settings->steps = steps[i];
    }
    f->shape = vqc_network_cost_describe(&f->study, &f->study.renders[0], 1);
    f->shape.pixels = 32 * 16;
    f->shape.latent_size = 64;
    f->shape.make = 3.0;
    f->shape.beside = 3.0;
    f->shape.decode = 1.0;
    f->shape.group_seconds[0] = 2.0;
    f->costs = (vqc_cost_table){.perceptors = 1,
                                .factor = 1,
                                .open = 10.0,
                                .embedding_width = 8,
                                .lanes = 1,
                                .shapes = &f->shape,
                                .count = 1};
}

static void fixture_release(fixture *f)
{
    free(f->study.renders);
    free(f->settings);
}

/* Predicts on so many ranks; messages cost nothing unless the latency says so. */
static vqc_prediction predict(const fixture *f, int ranks, int64_t team, double latency)
{
    vqc_error error = {0};
    vqc_prediction prediction;
    const vqc_prediction_options options = {
        .ranks = ranks, .lanes = 1, .team = team, .latency = latency, .bandwidth = 1e30};
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
    f.settings[0].snapshots = 4;
    f.shape.picture = 0.5;
    vqc_prediction p = predict(&f, 1, 0, 0.0);
    expect(p.seconds, 13.0 + 10.0 * 3.0 + 3.0 * 0.5);
    vqc_prediction_release(&p);
    fixture_release(&f);
}

/* ---- Lanes ---- */

/* Predicts with as many lanes as the costs were measured for. */
static vqc_prediction predict_lanes(const fixture *f, int ranks, int64_t team)
{
    vqc_error error = {0};
    vqc_prediction prediction;
    const vqc_prediction_options options = {
        .ranks = ranks, .lanes = f->costs.lanes, .team = team, .latency = 0.0, .bandwidth = 1e30};
    if (vqc_prediction_create(&f->study, &f->costs, &options, &prediction, &error) != VQC_OK)
        fail_msg("%s", error.message);
    return prediction;
}

/* Two steps beside each other take one and a half times as long as one. */
static void two_lanes_set(fixture *f)
{
    f->costs.lanes = 2;
    f->shape.lane_phase_count = 2;
    f->shape.lane_phases[0] = (vqc_lane_phase){1, 2.0};
    f->shape.lane_phases[1] = (vqc_lane_phase){2, 3.0};
}

static void test_slowdown(void **state)
{
    (void)state;
    vqc_network_cost shape = {.lane_phase_count = 3, .lane_phases = {{1, 2.0}, {2, 3.0}, {4, 8.0}}};
    expect(vqc_network_cost_slowdown(&shape, 1), 1.0);
    expect(vqc_network_cost_slowdown(&shape, 2), 1.5);
    expect(vqc_network_cost_slowdown(&shape, 3), 2.75);
    expect(vqc_network_cost_slowdown(&shape, 4), 4.0);
    expect(vqc_network_cost_slowdown(&shape, 6), 6.0);
    shape.lane_phases[1].seconds = 1.5; /* not shorter than alone */
    expect(vqc_network_cost_slowdown(&shape, 2), 1.0);
    shape.lane_phase_count = 0;
    expect(vqc_network_cost_slowdown(&shape, 1), 1.0);
    expect(vqc_network_cost_slowdown(&shape, 5), 5.0);
}

/* Three renders on one rank with two lanes. Both make their networks, up to 16 s; 6 steps of both take 4.5 s each, up
 * to 43 s; then the third render is taken, up to 61 s; its last step is made alone. */
static void test_three_renders_in_two_lanes(void **state)
{
    (void)state;
    fixture f;
    fixture_init(&f, 3, 1, (const int64_t[]){6, 5, 10});
    two_lanes_set(&f);
    vqc_prediction p = predict_lanes(&f, 1, 0);
    assert_int_equal(p.lanes, 2);
    assert_int_equal(p.renders[0].number, 2);
    expect(p.renders[0].begin, 10.0);
    expect(p.renders[0].end, 61.0);
    assert_int_equal(p.renders[0].lane, 0);
    expect(p.renders[1].begin, 13.0);
    expect(p.renders[1].end, 43.0);
    assert_int_equal(p.renders[1].lane, 1);
    expect(p.renders[2].begin, 43.0);
    expect(p.renders[2].end, 64.0);
    assert_int_equal(p.renders[2].lane, 1);
    expect(p.seconds, 64.0);
    expect(p.serial, 64.0);
    expect(p.one_lane, 10.0 + 3.0 + 21.0 * 3.0);
    expect(p.used, 54.0 / 64.0);
    vqc_prediction_release(&p);
    fixture_release(&f);
}

/* The same where a picture takes half a second, and every fourth step is followed by one: the other lane waits. 13 s,
 * 16 s, then 6 steps of both with a snapshot in each: 16 + 27 + 1. The last picture of the shorter one: 44.5 s. 4
 * steps of both, with a snapshot in each: 44.5 + 18 + 1, and the last picture of the longer one at 64 s; the last
 * step alone, and its picture. */
static void test_pictures_of_lanes(void **state)
{
    (void)state;
    fixture f;
    fixture_init(&f, 3, 1, (const int64_t[]){10, 6, 5});
    two_lanes_set(&f);
    f.shape.picture = 0.5;
    for (int i = 0; i < 3; i++)
        f.settings[i].snapshots = 4;
    vqc_prediction p = predict_lanes(&f, 1, 0);
    expect(p.renders[1].end, 44.5);
    expect(p.renders[0].end, 64.0);
    expect(p.seconds, 64.0 + 3.0 + 0.5);
    vqc_prediction_release(&p);
    fixture_release(&f);
}

/* Four renders of 4 steps on two ranks: each makes two at once. With as many renders as ranks there are no lanes, and
 * with fewer, ranks share them as ever. */
static void test_lanes_only_where_there_is_work(void **state)
{
    (void)state;
    fixture f;
    fixture_init(&f, 4, 2, (const int64_t[]){4, 4, 4, 4});
    two_lanes_set(&f);
    vqc_prediction p = predict_lanes(&f, 2, 0);
    assert_int_equal(p.lanes, 2);
    expect(p.seconds, 16.0 + 4.0 * 5.0 * 1.5);
    expect(p.serial, 16.0 + 2.0 * 4.0 * 5.0 * 1.5);
    assert_int_equal(p.renders[1].rank, 1);
    vqc_prediction_release(&p);
    f.study.render_count = 2;
    p = predict_lanes(&f, 2, 0);
    assert_int_equal(p.lanes, 1);
    expect(p.seconds, 13.0 + 4.0 * 5.0);
    expect(p.one_lane, p.seconds);
    vqc_prediction_release(&p);
    p = predict_lanes(&f, 4, 0);
    assert_int_equal(p.renders[0].members, 2);
    expect(p.seconds, 13.0 + 4.0 * 3.0);
    vqc_prediction_release(&p);
    fixture_release(&f);
}

/* Teams of two on three ranks: the third rank is a team of its own, which has lanes; the team takes its renders in
 * turn. Five renders of two groups and 10 steps: the team makes a step in 3 s, the lanes two in 7.5 s. */
static void test_lanes_beside_a_team(void **state)
{
    (void)state;
    fixture f;
    fixture_init(&f, 5, 2, (const int64_t[]){10, 10, 10, 10, 10});
    two_lanes_set(&f);
    vqc_prediction p = predict_lanes(&f, 3, 2);
    assert_int_equal(p.teams, 2);
    expect(p.renders[0].end, 13.0 + 30.0);
    assert_int_equal(p.renders[1].rank, 2);
    expect(p.renders[1].end, 16.0 + 75.0);
    assert_int_equal(p.renders[2].rank, 2);
    assert_int_equal(p.renders[2].lane, 1);
    expect(p.renders[2].begin, 13.0);
    assert_int_equal(p.renders[3].rank, 0);
    expect(p.renders[3].begin, 43.0);
    assert_int_equal(p.renders[3].members, 2);
    expect(p.renders[4].end, 103.0);
    assert_int_equal(p.renders[4].joined, 0);
    expect(p.seconds, 103.0);
    vqc_prediction_release(&p);
    fixture_release(&f);
}

/* Two renders of different shapes in two lanes: a step of 3 s, slowed down to 4.5 by one of its kind, and one of 12
 * s, to 24: a round of both takes half of each, 14.25 s. Where the small one takes no longer beside others and
 * neither does the large one, a round takes 12 s all the same. */
static void test_shapes_side_by_side(void **state)
{
    (void)state;
    fixture f;
    vqc_network_cost shapes[2];
    fixture_init(&f, 2, 1, (const int64_t[]){5, 5});
    two_lanes_set(&f);
    f.settings[0].width = 64;
    shapes[1] = f.shape;
    shapes[0] = f.shape;
    shapes[0].key.width = 64;
    shapes[0].decode = 10.0;
    shapes[0].lane_phases[1].seconds = 4.0;
    f.costs.shapes = shapes;
    f.costs.count = 2;
    vqc_prediction p = predict_lanes(&f, 1, 0);
    expect(p.seconds, 16.0 + 5.0 * 14.25);
    vqc_prediction_release(&p);
    shapes[0].lane_phases[1].seconds = 2.0;
    shapes[1].lane_phases[1].seconds = 2.0;
    p = predict_lanes(&f, 1, 0);
    expect(p.seconds, 16.0 + 5.0 * 12.0);
    vqc_prediction_release(&p);
    fixture_release(&f);
}

/* A device of 100 bytes, networks of 40: two lanes of three; the third closes, and its render is the next one taken.
 * With an encoder of 21 bytes for the first latent there is room for one lane only. */
static void test_closed_lanes(void **state)
{
    (void)state;
    fixture f;
    fixture_init(&f, 4, 1, (const int64_t[]){8, 6, 6, 4});
    two_lanes_set(&f);
    f.costs.lanes = 3;
    f.costs.free_bytes = 100;
    f.shape.activation_bytes = 30;
    f.shape.parameter_bytes = 10;
    vqc_prediction p = predict_lanes(&f, 1, 0);
    assert_int_equal(p.closed, 1);
    expect(p.renders[1].end, 16.0 + 6.0 * 4.5);
    expect(p.renders[2].begin, 43.0);
    assert_int_equal(p.renders[2].lane, 1);
    /* Two more rounds, then the fourth render in lane 0 with what is left of the third. */
    expect(p.renders[3].begin, 52.0);
    expect(p.seconds, 52.0 + 4.0 * 4.5);
    vqc_prediction_release(&p);
    f.shape.encoder_bytes = 21;
    p = predict_lanes(&f, 1, 0);
    assert_int_equal(p.closed, 2);
    expect(p.seconds, p.one_lane);
    vqc_prediction_release(&p);
    fixture_release(&f);
}

/* The same with parameters of 30 bytes that the lanes share, activations of 20: three lanes hold 30 + 60 bytes. The
 * networks of the second and third are made in half a second. */
static void test_shared_parameters(void **state)
{
    (void)state;
    fixture f;
    fixture_init(&f, 3, 1, (const int64_t[]){8, 8, 8});
    two_lanes_set(&f);
    f.costs.lanes = 3;
    f.costs.free_bytes = 90;
    f.shape.activation_bytes = 20;
    f.shape.parameter_bytes = 30;
    f.shape.shared = true;
    f.shape.beside = 0.5;
    vqc_prediction p = predict_lanes(&f, 1, 0);
    assert_int_equal(p.closed, 0);
    expect(p.renders[1].begin, 13.0);
    expect(p.renders[2].begin, 13.5);
    expect(p.seconds, 14.0 + 8.0 * 3.0 * 2.25); /* beyond two lanes in proportion */
    vqc_prediction_release(&p);
    f.costs.free_bytes = 89;
    p = predict_lanes(&f, 1, 0);
    assert_int_equal(p.closed, 1);
    vqc_prediction_release(&p);
    fixture_release(&f);
}

static void test_more_lanes_than_measured(void **state)
{
    (void)state;
    fixture f;
    vqc_error error = {0};
    vqc_prediction p;
    const vqc_prediction_options options = {.ranks = 1, .lanes = 4, .latency = 1.0, .bandwidth = 1.0};
    fixture_init(&f, 3, 1, (const int64_t[]){1, 1, 1});
    two_lanes_set(&f);
    assert_int_equal(vqc_prediction_create(&f.study, &f.costs, &options, &p, &error), VQC_BAD_INPUT);
    assert_non_null(strstr(error.message, "up to 2 renders at a time on a rank, but 3 are asked for"));
    fixture_release(&f);
}

/* ---- Against a launch that is simulated step by step ---- */

enum { STEPWISE_RANKS = 3, STEPWISE_LANES = 3, STEPWISE_RENDERS = 40 };

/* What a lane of the launch is at. */
typedef struct stepwise_lane {
    const vqc_render *render; /* NULL: none */
    size_t index;
    int64_t done;
    bool closed;
    const vqc_network_cost *networks;
    size_t parameters; /* place of the render that they were made for */
} stepwise_lane;

typedef struct stepwise_rank {
    double clock;
    int lane;   /* whose turn it is between rounds */
    bool drawn; /* its render's last picture */
    bool over;
    int64_t waiting[STEPWISE_LANES + 1];
    int waiting_count;
    stepwise_lane lanes[STEPWISE_LANES];
} stepwise_rank;

typedef struct stepwise {
    const fixture *f;
    const vqc_prediction *p; /* for the order of the renders */
    size_t next;
    stepwise_rank ranks[STEPWISE_RANKS];
    double begin[STEPWISE_RENDERS], end[STEPWISE_RENDERS]; /* by the place in the order */
} stepwise;

static const vqc_network_cost *stepwise_shape(const stepwise *s, const vqc_render *render)
{
    return &s->f->costs.shapes[vqc_cost_table_find(&s->f->costs, &s->f->study, render)];
}

static double stepwise_step(const stepwise *s, const vqc_render *render)
{
    const vqc_network_cost *shape = stepwise_shape(s, render);
    return shape->decode +
           (double)(render->settings->crop_count / render->settings->crop_group) * shape->group_seconds[0];
}

/* One step of all lanes of the rank; false: none is at work. */
static bool stepwise_round(stepwise *s, stepwise_rank *rank)
{
    int k = 0;
    double longest = 0.0;
    double sum = 0.0;
    for (int i = 0; i < STEPWISE_LANES; i++)
        k += rank->lanes[i].render != NULL;
    for (int i = 0; i < STEPWISE_LANES; i++) {
        stepwise_lane *lane = &rank->lanes[i];
        if (lane->render == NULL)
            continue;
        double step = stepwise_step(s, lane->render);
        const vqc_network_cost *shape = stepwise_shape(s, lane->render);
        longest = step > longest ? step : longest;
        sum += step * shape->lane_phases[k - 1].seconds / shape->lane_phases[0].seconds / k;
        lane->done++;
        if (lane->render->settings->snapshots > 0 && lane->done % lane->render->settings->snapshots == 0)
            rank->clock += shape->picture;
    }
    rank->clock += sum > longest ? sum : longest;
    return k > 0;
}

/* What the rank's networks hold: activations of each, and every set of parameters once. */
static uint64_t stepwise_bytes(const stepwise_rank *rank)
{
    uint64_t bytes = 0;
    bool counted[STEPWISE_RENDERS] = {false};
    for (int i = 0; i < STEPWISE_LANES; i++) {
        const stepwise_lane *lane = &rank->lanes[i];
        if (lane->networks == NULL)
            continue;
        bytes += lane->networks->activation_bytes + (counted[lane->parameters] ? 0 : lane->networks->parameter_bytes);
        counted[lane->parameters] = true;
    }
    return bytes;
}

/* Starts the render at this place of the order, or closes the lane. */
static void stepwise_start(stepwise *s, stepwise_rank *rank, stepwise_lane *lane, size_t index)
{
    const vqc_render *render = &s->f->study.renders[s->p->renders[index].number];
    const vqc_network_cost *shape = stepwise_shape(s, render);
    stepwise_lane before = *lane;
    bool make = lane->networks != shape;
    bool beside = make && lane != &rank->lanes[0] && rank->lanes[0].networks == shape;
    *lane = (stepwise_lane){.render = render, .index = index, .networks = shape, .parameters = before.parameters};
    if (make)
        lane->parameters = beside && shape->shared ? rank->lanes[0].parameters : index;
    if (lane != &rank->lanes[0] && stepwise_bytes(rank) + shape->encoder_bytes > s->f->costs.free_bytes) {
        *lane = (stepwise_lane){.closed = true, .networks = make ? NULL : shape, .parameters = before.parameters};
        rank->waiting[rank->waiting_count++] = (int64_t)index;
        return;
    }
    s->begin[index] = rank->clock;
    rank->clock += shape->start + (beside ? shape->beside : make ? shape->make : 0.0);
}

/* The next thing that the rank does. */
static void stepwise_do(stepwise *s, stepwise_rank *rank)
{
    if (rank->lane == STEPWISE_LANES) {
        rank->over = !stepwise_round(s, rank);
        rank->lane = 0;
        return;
    }
    stepwise_lane *lane = &rank->lanes[rank->lane];
    bool ended = lane->render != NULL && lane->done == lane->render->settings->steps;
    if (ended && !rank->drawn) {
        rank->clock += stepwise_shape(s, lane->render)->picture;
        rank->drawn = true;
        return;
    }
    if (ended) {
        s->end[lane->index] = rank->clock;
        lane->render = NULL;
        rank->drawn = false;
    }
    rank->lane++;
    if (lane->closed || lane->render != NULL)
        return;
    if (rank->waiting_count > 0)
        stepwise_start(s, rank, lane, (size_t)rank->waiting[--rank->waiting_count]);
    else if (s->next < s->p->count)
        stepwise_start(s, rank, lane, s->next++);
}

/* The rank whose clock is behind those of all others, so that renders are taken in the order of time. */
static stepwise_rank *stepwise_behind(stepwise *s)
{
    stepwise_rank *behind = NULL;
    for (int i = 0; i < STEPWISE_RANKS; i++)
        if (!s->ranks[i].over && (behind == NULL || s->ranks[i].clock < behind->clock))
            behind = &s->ranks[i];
    return behind;
}

/* Forty renders of two shapes, 10 to 49 steps, on three ranks with three lanes each and memory for two lanes of the
 * larger shape. No two moments are the same, as no number is a multiple of another. */
static void compare_with_single_steps(bool shared, uint64_t free_bytes)
{
    fixture f;
    vqc_network_cost shapes[2];
    int64_t steps[STEPWISE_RENDERS];
    static stepwise s;
    for (int i = 0; i < STEPWISE_RENDERS; i++)
        steps[i] = 10 + i * 17 % STEPWISE_RENDERS;
    fixture_init(&f, STEPWISE_RENDERS, 3, steps);
    shapes[0] = f.shape;
    shapes[0].decode = 0.9173;
    shapes[0].group_seconds[0] = 1.3337;
    shapes[0].start = 0.11931;
    shapes[0].make = 2.71717;
    shapes[0].beside = 1.37373;
    shapes[0].picture = 0.31313;
    shapes[0].activation_bytes = 20;
    shapes[0].parameter_bytes = 10;
    shapes[0].encoder_bytes = 5;
    shapes[0].lane_phase_count = 3;
    shapes[0].lane_phases[0] = (vqc_lane_phase){1, 1.0};
    shapes[0].lane_phases[1] = (vqc_lane_phase){2, 1.371};
    shapes[0].lane_phases[2] = (vqc_lane_phase){3, 1.913};
    shapes[0].shared = shared;
    shapes[1] = shapes[0];
    shapes[1].key.width = 64;
    shapes[1].decode = 1.77177;
    shapes[1].activation_bytes = 35;
    shapes[1].lane_phases[2].seconds = 2.345;
    for (int i = 0; i < STEPWISE_RENDERS; i++) {
        f.settings[i].width = i % 3 == 0 ? 64 : 32;
        f.settings[i].snapshots = i % 4 == 0 ? 7 : 0;
    }
    f.costs.shapes = shapes;
    f.costs.count = 2;
    f.costs.lanes = STEPWISE_LANES;
    f.costs.free_bytes = free_bytes;
    vqc_prediction p = predict_lanes(&f, STEPWISE_RANKS, 0);
    s = (stepwise){.f = &f, .p = &p, .next = STEPWISE_RANKS};
    for (int i = 0; i < STEPWISE_RANKS; i++)
        s.ranks[i] = (stepwise_rank){.clock = f.costs.open, .waiting = {i}, .waiting_count = 1};
    for (stepwise_rank *rank = stepwise_behind(&s); rank != NULL; rank = stepwise_behind(&s))
        stepwise_do(&s, rank);
    int closed = 0;
    for (int i = 0; i < STEPWISE_RENDERS; i++) {
        expect(p.renders[i].begin, s.begin[i]);
        expect(p.renders[i].end, s.end[i]);
    }
    for (int i = 0; i < STEPWISE_RANKS * STEPWISE_LANES; i++)
        closed += s.ranks[i / STEPWISE_LANES].lanes[i % STEPWISE_LANES].closed;
    assert_int_equal(p.closed, closed);
    assert_in_range(closed, 1, STEPWISE_RANKS * (STEPWISE_LANES - 1) - 1); /* there is something to see */
    vqc_prediction_release(&p);
    fixture_release(&f);
}

static void test_against_single_steps(void **state)
{
    (void)state;
    compare_with_single_steps(false, 115);
    compare_with_single_steps(true, 105);
}

static void test_formulas(void **state)
{
    (void)state;
    fixture f;
    vqc_error error = {0};
    const vqc_prediction_options options = {.ranks = 4, .lanes = 1, .latency = 1e-3, .bandwidth = 1e6};
    vqc_step_message message = {0};
    const vqc_step_message_extents shape = {.pixels = 32 * 16 * 3, .groups = 3, .targets = 1, .perceptors = 1};
    fixture_init(&f, 1, 3, (const int64_t[]){10});
    expect(vqc_prediction_sum(&options, 1000000, 4), 2.0 * 2.0 * 1e-3 + 2.0 * 0.75);
    expect(vqc_prediction_sum(&options, 1000000, 1), 0.0);
    assert_int_equal(vqc_step_message_extents_set(&message, &shape, &error), VQC_OK);
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
    const vqc_prediction_options options = {.ranks = 1, .lanes = 1, .latency = 1.0, .bandwidth = 1.0};
    fixture_init(&f, 2, 1, (const int64_t[]){1, 1});
    f.settings[1].width = 64;
    assert_int_equal(vqc_prediction_create(&f.study, &f.costs, &options, &p, &error), VQC_BAD_INPUT);
    assert_non_null(strstr(error.message, "lack the shape of render 1: 64"));
    fixture_release(&f);
}

/* 100000 renders on 4096 ranks with so many lanes. Every render is made, none by two teams at once, no lane idles
 * while renders are left; the whole takes a second or so. */
static void predict_large(int lanes)
{
    enum { RENDERS = 100000, RANKS = 4096 };
    fixture f;
    double *free_at = calloc((size_t)RANKS * (size_t)lanes, sizeof *free_at);
    int64_t *steps = malloc(RENDERS * sizeof *steps);
    assert_true(free_at != NULL && steps != NULL);
    for (int i = 0; i < RENDERS; i++)
        steps[i] = 100 + i % 7 * 50;
    fixture_init(&f, RENDERS, 8, steps);
    f.costs.lanes = lanes;
    f.shape.lane_phase_count = 2;
    f.shape.lane_phases[0] = (vqc_lane_phase){1, 2.0};
    f.shape.lane_phases[1] = (vqc_lane_phase){2, 3.0};
    double started = vqc_clock_seconds();
    vqc_prediction p = predict_lanes(&f, RANKS, 0);
    double seconds = vqc_clock_seconds() - started;
    assert_true(p.efficiency > 0.95 && p.efficiency <= 1.0);
    for (int i = 0; i < RENDERS; i++) {
        vqc_predicted_render *render = &p.renders[i];
        double *lane_free_at = &free_at[render->rank * lanes + render->lane];
        assert_true(render->begin >= *lane_free_at && render->end > render->begin);
        *lane_free_at = render->end;
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

static void test_large(void **state)
{
    (void)state;
    predict_large(1);
    predict_large(4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_rank),
        cmocka_unit_test(test_three_renders_on_two_ranks),
        cmocka_unit_test(test_free_rank_joins),
        cmocka_unit_test(test_teams),
        cmocka_unit_test(test_pictures),
        cmocka_unit_test(test_ranks_go_to_the_longest),
        cmocka_unit_test(test_formulas),
        cmocka_unit_test(test_unknown_shape),
        cmocka_unit_test(test_large),
        cmocka_unit_test(test_slowdown),
        cmocka_unit_test(test_three_renders_in_two_lanes),
        cmocka_unit_test(test_pictures_of_lanes),
        cmocka_unit_test(test_lanes_only_where_there_is_work),
        cmocka_unit_test(test_lanes_beside_a_team),
        cmocka_unit_test(test_shapes_side_by_side),
        cmocka_unit_test(test_closed_lanes),
        cmocka_unit_test(test_shared_parameters),
        cmocka_unit_test(test_more_lanes_than_measured),
        cmocka_unit_test(test_against_single_steps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
