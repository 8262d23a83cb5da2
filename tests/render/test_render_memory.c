/* A render's device memory: recomputation changes nothing but its size, and too little is refused with what helps. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../every_augmentation.h"
#include "../support/rendering.h"
#include "render/memory.h"

enum { STEPS = 3, TERMS = 4, LATENT = 12 * 20 * 16 };

/* Two renders with every augmentation that differ in recomputation alone. */
static const char job[] =
    "study: memory\n" JOB_TWO_PERCEPTORS
    "render: {size: [40, 24], steps: 3, crops: {count: 7, group: 4}, augment: [%s, {name: Cr, size: 0.9}, Hf]}\n"
    "prompts: [{targets: [{noise: 1}]}]\n"
    "sweep: {recompute: [false, true]}\n";

/* A renderer whose device has no more memory than this; 0: any. */
static rendering fixture_open(size_t limit)
{
    char augmentations[256];
    char text[2048];
    every_augmentation(augmentations, sizeof augmentations);
    (void)snprintf(text, sizeof text, job, augmentations);
    return rendering_open(text, "cpu", (vqc_ops_options){.threads = 1, .memory_limit = limit});
}

/* Bytes that the render of this number computes in. */
static size_t activations_of(size_t number)
{
    vqc_error error = {0};
    rendering f = fixture_open(0);
    check(vqc_renderer_start(f.renderer, &f.study->renders[number], &error), &error);
    size_t bytes = vqc_renderer_device_memory(f.renderer).activations;
    rendering_close(&f);
    return bytes;
}

/* A limit that the device does not know of is none. */
static void test_limit(void **state)
{
    (void)state;
    vqc_error error = {0};
    vqc_ops *ops;
    size_t available;
    size_t total;
    check(vqc_ops_create("cpu", &(vqc_ops_options){0}, &ops, &error), &error);
    check(vqc_ops_memory(ops, &available, &total, &error), &error);
    assert_int_equal(available, 0);
    assert_int_equal(total, 0);
    vqc_ops_destroy(ops);
    check(vqc_ops_create("ref", &(vqc_ops_options){.memory_limit = 5000}, &ops, &error), &error);
    check(vqc_ops_memory(ops, &available, &total, &error), &error);
    assert_int_equal(available, 5000);
    assert_int_equal(total, 5000);
    vqc_ops_destroy(ops);
}

static void render_make(const rendering *f, size_t number, double losses[STEPS][TERMS], float *latent)
{
    vqc_error error = {0};
    check(vqc_renderer_start(f->renderer, &f->study->renders[number], &error), &error);
    for (int step = 0; step < STEPS; step++)
        check(vqc_renderer_step(f->renderer, losses[step], &error), &error);
    check(vqc_renderer_latent(f->renderer, latent, &error), &error);
}

static void test_recomputation_changes_nothing(void **state)
{
    (void)state;
    double losses[2][STEPS][TERMS];
    static float latent[2][LATENT];
    rendering f = fixture_open(0);
    assert_false(f.study->renders[0].settings->recompute);
    assert_true(f.study->renders[1].settings->recompute);
    render_make(&f, 0, losses[0], latent[0]);
    size_t plain = vqc_renderer_device_memory(f.renderer).activations;
    render_make(&f, 1, losses[1], latent[1]);
    assert_memory_equal(losses[0], losses[1], sizeof losses[0]);
    assert_memory_equal(latent[0], latent[1], sizeof latent[0]);
    assert_true(vqc_renderer_device_memory(f.renderer).activations < plain - plain / 8);
    rendering_close(&f);
}

static void assert_said(const vqc_error *error, const char *part)
{
    if (strstr(error->message, part) == NULL)
        fail_msg("expected \"%s\" in: %s", part, error->message);
}

/* One byte too little is refused; with recomputation the render fits, on the same renderer. */
static void test_too_little(void **state)
{
    (void)state;
    vqc_error error = {0};
    rendering f = fixture_open(activations_of(0) - 1);
    assert_int_equal(vqc_renderer_start(f.renderer, &f.study->renders[0], &error), VQC_FAILED);
    assert_said(&error, "render 0: needs ");
    assert_said(&error, " are free (decoder ");
    assert_said(&error, ", perceptor first ");
    assert_said(&error, ", perceptor second ");
    assert_said(&error, "; recompute: true needs ");
    assert_said(&error, "; crops.group: 2 needs ");
    assert_int_equal(vqc_renderer_start(f.renderer, &f.study->renders[0], &error), VQC_FAILED);
    check(vqc_renderer_start(f.renderer, &f.study->renders[1], &error), &error);
    rendering_close(&f);
}

static void test_enough(void **state)
{
    (void)state;
    vqc_error error = {0};
    rendering f = fixture_open(activations_of(0));
    check(vqc_renderer_start(f.renderer, &f.study->renders[0], &error), &error);
    rendering_close(&f);
    f = fixture_open(activations_of(1));
    check(vqc_renderer_start(f.renderer, &f.study->renders[1], &error), &error);
    rendering_close(&f);
}

static void test_nothing_helps(void **state)
{
    (void)state;
    vqc_error error = {0};
    rendering f = fixture_open(1000);
    assert_int_equal(vqc_renderer_start(f.renderer, &f.study->renders[0], &error), VQC_FAILED);
    assert_said(&error, "; recompute: true needs ");
    assert_said(&error, "; no smaller crops.group is enough");
    assert_int_equal(vqc_renderer_start(f.renderer, &f.study->renders[1], &error), VQC_FAILED);
    assert_null(strstr(error.message, "recompute"));
    rendering_close(&f);
}

/* Renders beside each other, by hand: one keeps 10 + 50 + 20 bytes, with recomputation 10 + 30 + 20, and takes 12 +
 * 28 for its first latent. Of these three fit 3 · 80 + 40 bytes, but not one less. */
static void test_lanes(void **state)
{
    (void)state;
    const vqc_render_memory memory = {
        .count = 3,
        .parts = {{.kind = "decoder", .parameters = 10, .activations = 50, .recomputed = 30, .workspace = 7},
                  {.kind = "optimiser", .activations = 20, .recomputed = 20},
                  {.kind = "encoder", .parameters = 12, .activations = 28, .recomputed = 28, .workspace = 3}},
    };
    const vqc_render_lanes sixteen = {16, false};
    vqc_render_memory_part three = vqc_render_memory_lanes(&memory, (vqc_render_lanes){3, false});
    assert_int_equal(three.parameters, 3 * 10 + 12);
    assert_int_equal(three.activations, 3 * 70 + 28);
    assert_int_equal(three.recomputed, 3 * 50 + 28);
    assert_int_equal(three.workspace, 3 * 7 + 3);
    assert_int_equal(vqc_render_memory_part_size(&three, false), 280);
    assert_int_equal(vqc_render_memory_fitting(&memory, false, 280, sixteen), 3);
    assert_int_equal(vqc_render_memory_fitting(&memory, false, 279, sixteen), 2);
    assert_int_equal(vqc_render_memory_fitting(&memory, false, 119, sixteen), 0);
    assert_int_equal(vqc_render_memory_fitting(&memory, false, 1 << 20, sixteen), 16);
    assert_int_equal(vqc_render_memory_fitting(&memory, true, 280, sixteen), 4);
    /* With the first one's parameters: 10 + 12 of them all in all, and 3 · 70 + 28 bytes besides. */
    three = vqc_render_memory_lanes(&memory, (vqc_render_lanes){3, true});
    assert_int_equal(three.parameters, 22);
    assert_int_equal(vqc_render_memory_fitting(&memory, false, 260, (vqc_render_lanes){16, true}), 3);
    assert_int_equal(vqc_render_memory_fitting(&memory, false, 259, (vqc_render_lanes){16, true}), 2);
}

static void test_text(void **state)
{
    (void)state;
    char text[VQC_MEMORY_TEXT_SIZE];
    assert_string_equal(vqc_memory_text((size_t)3 << 29, text), "1.50 GiB");
    assert_string_equal(vqc_memory_text((size_t)1 << 19, text), "0.50 MiB");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_limit),         cmocka_unit_test(test_recomputation_changes_nothing),
        cmocka_unit_test(test_too_little),    cmocka_unit_test(test_enough),
        cmocka_unit_test(test_nothing_helps), cmocka_unit_test(test_lanes),
        cmocka_unit_test(test_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
