/* One render by teams of every size. Run as `test_team N` by itself with N = 1 or as N ranks under mpirun: every test
 * runs on all ranks. Built a second time with PLANTED_FAULT and planted_sum.c, in which gradients are summed as
 * floats in the members' order: then teams must differ, or these tests would not notice. */

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../support/rendering.h"
#include "comm/team.h"
#include "render/step_message.h"

enum { STEPS = 6, TERMS = 10, LATENT = 12 * 20 * 16, MAX_RANKS = 8 };

/* Two perceptors of different input size, and an odd number of crops that no group size divides. Three renders, whose
 * optimisers keep different states; one remembers the start and begins afresh where others join, one looks at the
 * latent as a whole. A fourth has regularisers that look at the picture, and at that of its start. */
static const char job[] = "study: team\n" JOB_TWO_PERCEPTORS "render:\n"
                          "  size: [40, 24]\n"
                          "  steps: 6\n"
                          "  crops: {count: 7, group: 2}\n"
                          "prompts:\n"
                          "  - targets: [{noise: 1}, {noise: 2, weight: -0.5}]\n"
                          "  - targets: [{noise: 1}, {noise: 2, weight: -0.5}]\n"
                          "    optimizer: {name: diffgrad}\n"
                          "    l2: {weight: 1, schedule: steps, every: 2, towards: start}\n"
                          "  - targets: [{noise: 1}, {noise: 2, weight: -0.5}]\n"
                          "    optimizer: {name: adamp, delta: 40, weight_decay: 0.5}\n"
                          "    average: 0.8\n"
                          "  - targets: [{noise: 1}, {noise: 2, weight: -0.5}]\n"
                          "    latent: {kind: free}\n"
                          "    tv: {weight: {0: 5, 4: 1}, kind: isotropic}\n"
                          "    saturation: {weight: 3}\n"
                          "    range: {weight: 7}\n"
                          "    likeness: {weight: 9}\n";

#ifndef PLANTED_FAULT
/* SigLIP beside CLIP, over a picture of 64 × 64 by LlamaGen. */
static const char siglip_job[] = "study: ensemble\n"
                                 "models:\n"
                                 "  generator: {checkpoint: " JOB_FIXTURES "llamagen.safetensors}\n"
                                 "  perceptors:\n"
                                 "    - {checkpoint: " JOB_FIXTURES "siglip_open_clip/open_clip_model.safetensors}\n"
                                 "    - {" JOB_PERCEPTOR ", weight: 0.5}\n"
                                 "render:\n"
                                 "  size: [64, 64]\n"
                                 "  steps: 6\n"
                                 "  crops: {count: 5, group: 2}\n"
                                 "prompts:\n"
                                 "  - targets: [{noise: 1}, {noise: 2, weight: -0.5}]\n";
#endif

typedef struct fixture {
    vqc_comm *comm;
    rendering r;
} fixture;

/* What a render comes to. */
typedef struct outcome {
    double losses[STEPS][TERMS];
    float latent[LATENT];
} outcome;

/* A team of the lowest `size` ranks, the last of them as its leader; this rank is one of them. */
static vqc_team *team_of(const fixture *f, int size)
{
    int ranks[MAX_RANKS];
    vqc_team *team;
    vqc_error error = {0};
    for (int i = 0; i < size; i++)
        ranks[i] = size - 1 - i;
    check(vqc_team_create(f->comm, ranks, size, &team, &error), &error);
    return team;
}

static void render_start(const fixture *f, size_t render)
{
    vqc_error error = {0};
    check(vqc_renderer_start(f->r.renderer, &f->r.study->renders[render], &error), &error);
}

static void steps_make(const fixture *f, int first, int last, outcome *o)
{
    vqc_error error = {0};
    for (int step = first; step < last; step++)
        check(vqc_renderer_step(f->r.renderer, o->losses[step], &error), &error);
    check(vqc_renderer_latent(f->r.renderer, o->latent, &error), &error);
}

static void render_alone(const fixture *f, size_t render, outcome *o)
{
    render_start(f, render);
    steps_make(f, 0, STEPS, o);
}

/* Fails unless the latents are those that this build must give. */
static void outcomes_compare(const outcome *alone, const outcome *team, int size)
{
#ifdef PLANTED_FAULT
    if (size > 1)
        assert_memory_not_equal(alone->latent, team->latent, sizeof alone->latent);
#else
    (void)size;
    assert_memory_equal(alone->latent, team->latent, sizeof alone->latent);
    assert_memory_equal(alone->losses, team->losses, sizeof alone->losses);
#endif
}

#ifndef PLANTED_FAULT
/* Of 40 × 24 pixels, 4 groups of each perceptor and 2 targets: gradients, distances, two costs, five controls. */
static int message_bytes(void)
{
    const vqc_step_message_extents shape = {.pixels = 2880, .groups = 8, .targets = 2, .perceptors = 2};
    assert_int_equal(vqc_step_message_bytes(&shape), 8 * (2880 + 16 + 4 + 5));
    return (int)vqc_step_message_bytes(&shape);
}
#endif

static void every_team_size(const fixture *f, size_t render)
{
    vqc_error error = {0};
    outcome alone = {0};
    render_alone(f, render, &alone);
    for (int size = 1; size <= vqc_comm_size(f->comm); size++) {
        outcome o = {0};
        if (vqc_comm_rank(f->comm) >= size)
            continue;
        vqc_team *team = team_of(f, size);
        render_start(f, render);
        check(vqc_renderer_join(f->r.renderer, team, &error), &error);
        steps_make(f, 0, STEPS, &o);
        outcomes_compare(&alone, &o, size);
        assert_int_equal(vqc_team_traffic_of(team).sums, size > 1 ? 2 * STEPS : 0);
#ifndef PLANTED_FAULT
        assert_int_equal(vqc_team_traffic_of(team).bytes, size > 1 ? STEPS * message_bytes() : 0);
#endif
        vqc_team_destroy(team);
    }
    check(vqc_comm_barrier(f->comm, &error), &error);
}

static void test_every_team_size(void **state)
{
    const fixture *f = *state;
    for (size_t render = 0; render < f->r.study->render_count; render++)
        every_team_size(f, render);
}

/* The leader makes half of the steps alone, the others have not even the same latent when they join. */
static void joining(const fixture *f, size_t render)
{
    vqc_error error = {0};
    outcome alone = {0};
    outcome o = {0};
    const int size = vqc_comm_size(f->comm);
    render_alone(f, render, &alone);
    vqc_team *team = team_of(f, size);
    render_start(f, render);
    if (vqc_team_member(team) == 0)
        steps_make(f, 0, STEPS / 2, &o);
    check(vqc_renderer_join(f->r.renderer, team, &error), &error);
    assert_int_equal(vqc_renderer_steps_done(f->r.renderer), STEPS / 2);
    steps_make(f, STEPS / 2, STEPS, &o);
    if (vqc_team_member(team) != 0)
        memcpy(o.losses, alone.losses, sizeof o.losses / 2);
    outcomes_compare(&alone, &o, size);
    vqc_team_destroy(team);
}

static void test_joining(void **state)
{
    const fixture *f = *state;
    for (size_t render = 0; render < f->r.study->render_count; render++)
        joining(f, render);
}

#ifndef PLANTED_FAULT
/* What goes wrong on one member is every member's failure in the next step; a stop that one is asked for, and
 * newcomers that the leader tells of, reach all. */
static void test_notices_and_failures(void **state)
{
    const fixture *f = *state;
    vqc_error error = {0};
    outcome o = {0};
    vqc_team *team = team_of(f, vqc_comm_size(f->comm));
    const bool last = vqc_team_member(team) == vqc_team_size(team) - 1;
    render_start(f, 0);
    check(vqc_renderer_join(f->r.renderer, team, &error), &error);
    vqc_render_notice *notice = vqc_renderer_notice(f->r.renderer);
    *notice = (vqc_render_notice){.stop = last, .newcomers = vqc_team_member(team) == 0 ? 3 : 0};
    steps_make(f, 0, 1, &o);
    assert_int_equal(notice->stop, 1);
    assert_int_equal(notice->newcomers, 3);
    *notice = (vqc_render_notice){0};
    if (last) {
        vqc_error failure = {0};
        assert_int_equal(vqc_error_set(&failure, VQC_FAILED, "no memory on the last member"), VQC_FAILED);
        vqc_renderer_fail(f->r.renderer, &failure);
    }
    assert_int_equal(vqc_renderer_step(f->r.renderer, o.losses[1], &error), VQC_FAILED);
    assert_string_equal(error.message, "no memory on the last member");
    render_start(f, 0); /* the next render is none the worse for it */
    check(vqc_renderer_join(f->r.renderer, team, &error), &error);
    steps_make(f, 0, STEPS, &o);
    vqc_team_destroy(team);
}

/* Members that do not hold the same latent find out. */
static void test_different_latents(void **state)
{
    const fixture *f = *state;
    static float optimiser_state[3 * LATENT];
    vqc_error error = {0};
    outcome o = {0};
    if (vqc_comm_size(f->comm) == 1)
        return;
    vqc_team *team = team_of(f, vqc_comm_size(f->comm));
    render_start(f, 0);
    check(vqc_renderer_join(f->r.renderer, team, &error), &error);
    check(vqc_renderer_save(f->r.renderer, optimiser_state, &error), &error);
    if (vqc_team_member(team) == 1)
        optimiser_state[17] += 1e-6F;
    check(vqc_renderer_restore(f->r.renderer, optimiser_state, 0, &error), &error);
    assert_int_equal(vqc_renderer_step(f->r.renderer, o.losses[0], &error), VQC_FAILED);
    assert_non_null(strstr(error.message, "different latents"));
    vqc_team_destroy(team);
}

enum { SIGLIP_LATENT_LIMIT = 1 << 16 };

/* All steps, alone where there is no team. */
static void siglip_render(const fixture *f, vqc_team *team, float *latent, double *losses)
{
    vqc_error error = {0};
    vqc_render_extents extents;
    check(vqc_renderer_extents(f->r.renderer, &f->r.study->renders[0], &extents, &error), &error);
    assert_true(extents.rows * extents.columns * extents.latent_width <= SIGLIP_LATENT_LIMIT);
    render_start(f, 0);
    if (team != NULL)
        check(vqc_renderer_join(f->r.renderer, team, &error), &error);
    for (int step = 0; step < STEPS; step++)
        check(vqc_renderer_step(f->r.renderer, losses + (ptrdiff_t)step * TERMS, &error), &error);
    check(vqc_renderer_latent(f->r.renderer, latent, &error), &error);
}

static void test_siglip_ensemble(void **state)
{
    static float alone[SIGLIP_LATENT_LIMIT];
    static float together[SIGLIP_LATENT_LIMIT];
    double losses[2][STEPS * TERMS] = {{0}};
    fixture f = {.comm = ((const fixture *)*state)->comm};
    f.r = rendering_open(siglip_job, "cpu", (vqc_ops_options){.threads = 1});
    siglip_render(&f, NULL, alone, losses[0]);
    vqc_team *team = team_of(&f, vqc_comm_size(f.comm));
    siglip_render(&f, team, together, losses[1]);
    assert_memory_equal(alone, together, sizeof alone);
    assert_memory_equal(losses[0], losses[1], sizeof losses[0]);
    assert_true(losses[0][(STEPS - 1) * TERMS] < losses[0][0]); /* SigLIP's own first term falls */
    vqc_team_destroy(team);
    rendering_close(&f.r);
}
#endif

int main(int argc, char **argv)
{
    fixture f = {0};
    vqc_error error = {0};
    vqc_status status = vqc_comm_start(&argc, &argv, &f.comm, &error);
    if (status != VQC_OK || argc != 2 || vqc_comm_size(f.comm) != atoi(argv[1])) {
        (void)fprintf(stderr, "usage: %s RANKS; %s\n", argv[0], error.message);
        return 2;
    }
    f.r = rendering_open(job, "cpu", (vqc_ops_options){.threads = 1});
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(test_every_team_size, &f),
        cmocka_unit_test_prestate(test_joining, &f),
#ifndef PLANTED_FAULT
        cmocka_unit_test_prestate(test_notices_and_failures, &f),
        cmocka_unit_test_prestate(test_different_latents, &f),
        cmocka_unit_test_prestate(test_siglip_ensemble, &f),
#endif
    };
    const int failed = cmocka_run_group_tests(tests, NULL, NULL);
    rendering_close(&f.r);
    if (failed)
        vqc_comm_abort(f.comm, 1);
    vqc_comm_stop(f.comm);
    return failed;
}
