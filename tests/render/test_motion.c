/* Motion: the warp against OpenCV's matrices, that a render goes on from a checkpoint as if nothing had been, and
 * what the optimiser is left with. */

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../comparison.h"
#include "../support/rendering.h"
#include "render/motion.h"
#include "weights/weights.h"

enum {
    STEPS = 7,
    TERMS = 3,
    LATENT = 2 * 3 * 16,
    PICTURE = 4 * 6 * 3,
    TENSORS = 3,
    KEEP = 1,
    RESTART = 2,
    STILL = 0
};

enum { MOVED_HEIGHT = 10, MOVED_WIDTH = 16, MOVED_PICTURE = 3 * MOVED_HEIGHT * MOVED_WIDTH, MOVED_CASES = 8 };

static const char job[] =
    "study: motion\n" JOB_MODELS "render: {size: [6, 4], steps: 7, crops: {count: 2, group: 2}}\n"
    "prompts:\n"
    "  - {targets: [{noise: 1}]}\n"
    "  - {targets: [{noise: 1}], motion: {every: 3, zoom: {0: 1, 3: 1.3, 6: 1.1}, rotate: 9}}\n"
    "  - {targets: [{noise: 1}], motion: {every: 3, zoom: {0: 1, 3: 1.3, 6: 1.1}, rotate: 9, "
    "optimizer: restart}}\n";

static int setup(void **state)
{
    static rendering f;
    f = rendering_open(job, "cpu", (vqc_ops_options){.threads = 1});
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    rendering_close(*state);
    return 0;
}

typedef struct outcome {
    double losses[STEPS][TERMS];
    float latent[LATENT];
    float picture[PICTURE];
} outcome;

static void steps_make(const rendering *f, int first, outcome *o)
{
    vqc_error error = {0};
    int32_t codes[LATENT];
    for (int step = first; step < STEPS; step++)
        check(vqc_renderer_step(f->renderer, o->losses[step], &error), &error);
    check(vqc_renderer_latent(f->renderer, o->latent, &error), &error);
    check(vqc_renderer_picture(f->renderer, o->picture, codes, &error), &error);
}

static void render_make(const rendering *f, int render, outcome *o)
{
    vqc_error error = {0};
    check(vqc_renderer_start(f->renderer, &f->study->renders[render], &error), &error);
    steps_make(f, 0, o);
}

/* From output to input: the inverse of kornia.geometry.get_rotation_matrix2d(middle, angle, zoom) after the shift, as
 * kornia 0.9 computes both in float64. */
static void test_warp(void **state)
{
    (void)state;
    static const struct {
        double zoom, rotate, x, y;
        float numbers[6];
    } table[] = {
        {1, 0, 3, -2, {1.00000000F, 0.00000000F, -3.00000000F, 0.00000000F, 1.00000000F, 2.00000000F}},
        {1, 0, 0.5, 0.25, {1.00000000F, 0.00000000F, -0.50000000F, 0.00000000F, 1.00000000F, -0.25000000F}},
        {2, 0, 0, 0, {0.50000000F, 0.00000000F, 15.75000000F, 0.00000000F, 0.50000000F, 11.75000000F}},
        {1.1, 0, 2, 1, {0.90909091F, 0.00000000F, 0.86363636F, 0.00000000F, 0.90909091F, 1.13636364F}},
        {1, 90, 0, 0, {0.00000000F, -1.00000000F, 55.00000000F, 1.00000000F, 0.00000000F, -8.00000000F}},
        {1, 15, 0, 0, {0.96592583F, -0.25881905F, 7.15558403F, 0.25881905F, 0.96592583F, -7.35205684F}},
        {0.8, -30, 4, -7, {1.08253175F, 0.62500000F, -21.28725027F, -0.62500000F, 1.08253175F, 24.74800376F}},
        {1.05, 180, 1, 0, {-0.95238095F, -0.00000000F, 60.50000000F, 0.00000000F, -0.95238095F, 45.88095238F}},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        const vqc_settings settings = {.motion_every = 1,
                                       .motion_zoom = table[i].zoom,
                                       .motion_rotate = table[i].rotate,
                                       .motion_shift_x = table[i].x,
                                       .motion_shift_y = table[i].y,
                                       .motion_border = i % 2 == 0 ? VQC_MOTION_EDGE : VQC_MOTION_BLACK};
        float numbers[VQC_WARP_NUMBERS];
        vqc_motion_warp(&settings, 1, 48, 64, numbers);
        for (int j = 0; j < 6; j++)
            assert_float_equal(numbers[j], table[i].numbers[j], 1e-5);
        assert_true(numbers[6] == 0.0F && numbers[7] == 0.0F && numbers[8] == 1.0F);
        assert_true(numbers[9] == (i % 2 == 0 ? 1.0F : 0.0F));
    }
}

static void tensor_read(const vqc_weights *file, const char *name, int64_t count, float *values)
{
    vqc_error error = {0};
    const vqc_weights_tensor *tensor = vqc_weights_find(file, name);
    assert_non_null(tensor);
    assert_int_equal(tensor->count, count);
    check(vqc_weights_read_f32(file, tensor, values, &error), &error);
}

static void assert_moved(const char *device, int64_t number, const float *found, const float *expected)
{
    double values[2][MOVED_PICTURE];
    for (int i = 0; i < MOVED_PICTURE; i++) {
        values[0][i] = (double)found[i];
        values[1][i] = (double)expected[i];
    }
    comparison c = comparison_of(values[0], values[1], MOVED_PICTURE);
    print_message("%s, case %d: relative %.2e, largest %.2e\n", device, (int)number, c.relative, c.largest);
    if (!comparison_is_within(&c, &tolerances[TOLERANCE_AUGMENTATION]))
        fail_msg("%s, case %d: relative %.3e, largest %.3e at %lld", device, (int)number, c.relative, c.largest,
                 (long long)c.worst);
}

/* A row of the fixture's cases. */
static void case_check(vqc_ops *ops, const float *row, const float *matrix, float *picture)
{
    vqc_error error = {0};
    const vqc_settings settings = {.motion_every = 1,
                                   .motion_border = (vqc_motion_border)row[0],
                                   .motion_zoom = (double)row[1],
                                   .motion_rotate = (double)row[2],
                                   .motion_shift_x = (double)row[3],
                                   .motion_shift_y = (double)row[4],
                                   .motion_tilt_x = (double)row[5],
                                   .motion_tilt_y = (double)row[6],
                                   .motion_fov = (double)row[7]};
    float numbers[VQC_WARP_NUMBERS];
    vqc_motion_warp(&settings, 1, MOVED_HEIGHT, MOVED_WIDTH, numbers);
    for (int i = 0; i < 9; i++)
        assert_float_equal(numbers[i] / numbers[8], matrix[i], 1e-5);
    check(vqc_motion_picture(ops, settings.motion_border, MOVED_HEIGHT, MOVED_WIDTH, numbers, picture, &error),
          &error);
}

/* Tilts and borders, against tests/oracle/motion.py. The case's zoom, 1.1 or so, is known there as f32 has it here.
 */
static void test_pictures(void **state)
{
    static float picture[MOVED_PICTURE];
    static float moved[MOVED_PICTURE];
    static float expected[MOVED_CASES * MOVED_PICTURE];
    static float matrices[9 * MOVED_CASES];
    static float cases[8 * MOVED_CASES];
    vqc_weights *file;
    vqc_error error = {0};
    (void)state;
    check(vqc_weights_open(VQC_SOURCE_DIR "/tests/render/fixtures/motion.safetensors", &file, &error), &error);
    tensor_read(file, "picture", MOVED_PICTURE, picture);
    tensor_read(file, "moved", MOVED_CASES * MOVED_PICTURE, expected);
    tensor_read(file, "matrices", 9 * MOVED_CASES, matrices);
    tensor_read(file, "cases", 8 * MOVED_CASES, cases);
    vqc_weights_close(file);
    for (int device = 0; device < 2; device++) {
        vqc_ops *ops;
        check(vqc_ops_create(device == 0 ? "ref" : "cpu", &(vqc_ops_options){.threads = 1}, &ops, &error), &error);
        for (int64_t i = 0; i < MOVED_CASES; i++) {
            memcpy(moved, picture, sizeof moved);
            case_check(ops, cases + 8 * i, matrices + 9 * i, moved);
            assert_moved(vqc_ops_name(ops), i, moved, expected + MOVED_PICTURE * i);
        }
        vqc_ops_destroy(ops);
    }
}

/* Of three columns and one row, by hand: shifted by whole pixels, by half a one, and behind a horizon. */
static void test_borders_by_hand(void **state)
{
    static const struct {
        vqc_motion_border border;
        float matrix[9];
        float columns[3];
    } table[] = {
        {VQC_MOTION_WRAP, {1, 0, 2, 0, 1, 0, 0, 0, 1}, {4, 1, 2}},
        {VQC_MOTION_WRAP, {1, 0, -7, 0, 1, 5, 0, 0, 1}, {4, 1, 2}},
        {VQC_MOTION_WRAP, {1, 0, 0.5F, 0, 1, 0, 0, 0, 1}, {1.5F, 3, 2.5F}},
        {VQC_MOTION_REFLECT, {1, 0, 2, 0, 1, 0, 0, 0, 1}, {4, 2, 1}},
        {VQC_MOTION_REFLECT, {1, 0, -9, 0, 1, -5, 0, 0, 1}, {2, 1, 2}},
        {VQC_MOTION_REFLECT, {1, 0, 0.5F, 0, 1, 0, 0, 0, 1}, {1.5F, 3, 3}},
        {VQC_MOTION_WRAP, {1, 0, 0, 0, 1, 0, -0.5F, 0, 1}, {1, 4, 0}},
        {VQC_MOTION_REFLECT, {1, 0, 0, 0, 1, 0, 0, 0, 0}, {0, 0, 0}},
    };
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        vqc_error error = {0};
        float picture[9] = {1, 1, 1, 2, 2, 2, 4, 4, 4};
        float numbers[VQC_WARP_NUMBERS] = {0};
        memcpy(numbers, table[i].matrix, sizeof table[i].matrix);
        check(vqc_motion_picture(NULL, table[i].border, 1, 3, numbers, picture, &error), &error);
        for (int j = 0; j < 9; j++)
            if (fabsf(picture[j] - table[i].columns[j / 3]) > 1e-6F)
                fail_msg("row %zu, column %d: %g, expected %g", i, j / 3, (double)picture[j],
                         (double)table[i].columns[j / 3]);
    }
}

/* Nothing is moved before step 3; then the moments matter. */
static void test_moves(void **state)
{
    const rendering *f = *state;
    static outcome still;
    static outcome kept;
    static outcome restarted;
    render_make(f, STILL, &still);
    render_make(f, KEEP, &kept);
    render_make(f, RESTART, &restarted);
    assert_memory_equal(still.losses, kept.losses, 3 * sizeof still.losses[0]);
    assert_memory_not_equal(still.losses[3], kept.losses[3], sizeof still.losses[3]);
    assert_memory_equal(kept.losses, restarted.losses, 4 * sizeof kept.losses[0]);
    assert_memory_not_equal(kept.losses[4], restarted.losses[4], sizeof kept.losses[4]);
}

/* Checkpoints before, at and after a move: at step 3 it is made by whoever goes on. */
static void test_interrupted(void **state)
{
    const rendering *f = *state;
    vqc_error error = {0};
    static outcome whole;
    static outcome resumed;
    static float saved[TENSORS * LATENT];
    for (int render = KEEP; render <= RESTART; render++) {
        render_make(f, render, &whole);
        for (int before = 2; before <= 4; before++) {
            check(vqc_renderer_start(f->renderer, &f->study->renders[render], &error), &error);
            for (int step = 0; step < before; step++)
                check(vqc_renderer_step(f->renderer, resumed.losses[step], &error), &error);
            check(vqc_renderer_save(f->renderer, saved, &error), &error);
            check(vqc_renderer_start(f->renderer, &f->study->renders[render], &error), &error);
            check(vqc_renderer_restore(f->renderer, saved, before, &error), &error);
            steps_make(f, before, &resumed);
            assert_memory_equal(&whole, &resumed, sizeof whole);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_warp),  cmocka_unit_test(test_pictures),    cmocka_unit_test(test_borders_by_hand),
        cmocka_unit_test(test_moves), cmocka_unit_test(test_interrupted),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
