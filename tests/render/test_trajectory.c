/* Twelve whole steps of guidance against the public implementation's, and that a render is a function of its
 * settings: interrupted and restored it gives the same bytes. */

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../comparison.h"
#include "../device_absent.h"
#include "../every_augmentation.h"
#include "../support/rendering.h"
#include "weights/weights.h"

#define REFERENCE VQC_SHARED_DIR "/reference/"

enum { STEPS = 12, MAX_TERMS = 8, WIDTH = 20, CELLS = 64, ELEMENTS = WIDTH * CELLS, GRADIENT_STEPS = 3 };

/* Job files. The first is the one of the reference: two embeddings, given codes, no augmentation. */
static const char reference_job[] =
    "study: trajectory\n"
    "models:\n"
    "  generator: {config: " REFERENCE "vqgan.yaml, checkpoint: " REFERENCE "vqgan.ckpt}\n"
    "  perceptors: [{name: vit, checkpoint: " REFERENCE "clip_vit.pt}]\n"
    "render:\n"
    "  size: [32, 32]\n"
    "  steps: 12\n"
    "  crops: {count: 1, group: 1}\n"
    "  augment: []\n"
    "  noise: 0\n"
    "  l2: {weight: 0.1, decay: 0}\n"
    "  init: {codes: {file: " REFERENCE "trajectory_expected.safetensors, tensor: initial_codes}}\n"
    "prompts:\n"
    "  - targets:\n"
    "      - {embedding: {file: " REFERENCE "clip_vit_expected.safetensors, tensor: text_embed, row: 0}, weight: 1}\n"
    "      - {embedding: {file: " REFERENCE
    "clip_vit_expected.safetensors, tensor: text_embed, row: 1}, weight: -0.3}\n";

/* Every augmentation. */
static const char augmented_job[] = "study: augmented\n" JOB_TWO_PERCEPTORS "render:\n"
                                    "  size: [40, 24]\n"
                                    "  steps: 6\n"
                                    "  crops: {count: 5, group: 2}\n"
                                    "  augment: [%s, {name: Cr, size: 0.9}, Hf]\n"
                                    "prompts:\n"
                                    "  - targets: [{noise: 1}, {noise: 2, weight: -0.5}]\n";

static void fixture_open(rendering *f, const char *device, const char *job)
{
    vqc_error error = {0};
    char augmentations[256];
    char text[4096];
    every_augmentation(augmentations, sizeof augmentations);
    (void)snprintf(text, sizeof text, job, augmentations);
    *f = rendering_open(text, device, (vqc_ops_options){0});
    check(vqc_renderer_start(f->renderer, &f->study->renders[0], &error), &error);
}

static float *expected_read(vqc_weights *weights, const char *name)
{
    vqc_error error = {0};
    const vqc_weights_tensor *tensor = vqc_weights_find(weights, name);
    assert_non_null(tensor);
    float *values = malloc((size_t)tensor->count * sizeof *values);
    assert_non_null(values);
    check(vqc_weights_read_f32(weights, tensor, values, &error), &error);
    return values;
}

/* z and Adam's moments, as the renderer saves them: (3, cells, width). */
typedef struct adam_state {
    float z[ELEMENTS], m[ELEMENTS], v[ELEMENTS];
} adam_state;

static void step_make(rendering *f, double *losses, adam_state *state)
{
    vqc_error error = {0};
    check(vqc_renderer_step(f->renderer, losses, &error), &error);
    check(vqc_renderer_save(f->renderer, (float *)state, &error), &error);
}

/* The gradient that Adam was given between two states; beta1 is 0.9. */
static void gradient_of(const adam_state *before, const adam_state *after, double *gradient)
{
    for (int i = 0; i < ELEMENTS; i++)
        gradient[i] = ((double)after->m[i] - 0.9 * (double)before->m[i]) / 0.1;
}

/* Marks the elements whose first gradient, computed in f64, is so near to zero that f32 does not know it well; see
 * tolerances.h. They are few. */
static void unknown_mark(const double *gradient, bool *unknown)
{
    double square = 0.0;
    int count = 0;
    for (int i = 0; i < ELEMENTS; i++)
        square += gradient[i] * gradient[i] / ELEMENTS;
    for (int i = 0; i < ELEMENTS; i++) {
        unknown[i] = fabs(gradient[i]) < TRAJECTORY_GRADIENT_KNOWN * sqrt(square);
        count += unknown[i];
    }
    (void)printf("    %d of %d elements begin with a gradient near zero\n", count, ELEMENTS);
    assert_true(count <= TRAJECTORY_UNKNOWN_SHARE * ELEMENTS);
}

/* The first gradients against ref's, which computes in f64, each from a z of its own; marks the unknown elements. */
static void gradients_compare(const char *device, bool *unknown)
{
    rendering f[2];
    adam_state states[2][2] = {0};
    double gradients[2][ELEMENTS];
    double losses[MAX_TERMS];
    fixture_open(&f[0], device, reference_job);
    fixture_open(&f[1], "ref", reference_job);
    for (int step = 0; step < GRADIENT_STEPS; step++) {
        for (int i = 0; i < 2; i++) {
            step_make(&f[i], losses, &states[i][1]);
            gradient_of(&states[i][0], &states[i][1], gradients[i]);
            states[i][0] = states[i][1];
        }
        if (step == 0)
            unknown_mark(gradients[1], unknown);
        comparison found = comparison_of(gradients[0], gradients[1], ELEMENTS);
        (void)printf("    step %2d: gradient relative L2 %.2e, largest difference %.2e\n", step + 1, found.relative,
                     found.largest);
        assert_true(comparison_is_within(&found, &tolerances[TOLERANCE_TRAJECTORY_GRADIENT]));
    }
    rendering_close(&f[0]);
    rendering_close(&f[1]);
}

/* expected: (width, cells) */
static void latent_compare(const float *z, const float *expected, const bool *unknown, int step)
{
    double actual[ELEMENTS];
    double wanted[ELEMENTS];
    double largest = 0.0;
    for (int i = 0; i < ELEMENTS; i++) {
        actual[i] = (double)z[i];
        wanted[i] = (double)expected[i % WIDTH * CELLS + i / WIDTH];
        if (!unknown[i])
            largest = fmax(largest, fabs(actual[i] - wanted[i]));
    }
    comparison found = comparison_of(actual, wanted, ELEMENTS);
    (void)printf("    step %2d: z relative L2 %.2e, largest difference of known elements %.2e\n", step,
                 found.relative, largest);
    assert_true(comparison_is_within(&found, &tolerances[TOLERANCE_TRAJECTORY_LATENT]));
    assert_true(largest <= TRAJECTORY_LATENT_LARGEST);
}

static void test_reference_trajectory(void **state)
{
    vqc_error error = {0};
    rendering f;
    vqc_weights *weights;
    const char *path = REFERENCE "trajectory_expected.safetensors";
    if (access(path, R_OK) != 0) {
        (void)printf("SKIPPED: %s is not there\n", path);
        skip();
    }
    check(vqc_weights_open(path, &weights, &error), &error);
    float *losses = expected_read(weights, "losses");
    float *latents = expected_read(weights, "z_after");
    bool unknown[ELEMENTS];
    gradients_compare(*state, unknown);
    fixture_open(&f, *state, reference_job);
    for (int step = 0; step < STEPS; step++) {
        double actual[MAX_TERMS];
        adam_state reached;
        step_make(&f, actual, &reached);
        for (int term = 0; term < 4; term++) {
            double difference = fabs(actual[term] - (double)losses[4 * step + term]);
            if (difference > TRAJECTORY_LOSS_LARGEST)
                fail_msg("step %d, term %d: %.8f, expected %.8f", step, term, actual[term],
                         (double)losses[4 * step + term]);
        }
        latent_compare(reached.z, latents + (int64_t)step * ELEMENTS, unknown, step + 1);
    }
    rendering_close(&f);
    free(losses);
    free(latents);
    vqc_weights_close(weights);
}

/* Makes steps first..last of the render and leaves the optimiser's state. */
static float *steps_make(rendering *f, int64_t first, int64_t last, const float *restored, size_t count)
{
    vqc_error error = {0};
    double losses[MAX_TERMS];
    if (restored != NULL)
        check(vqc_renderer_restore(f->renderer, restored, first, &error), &error);
    for (int64_t step = first; step < last; step++)
        check(vqc_renderer_step(f->renderer, losses, &error), &error);
    float *saved = malloc(count * sizeof *saved);
    assert_non_null(saved);
    check(vqc_renderer_save(f->renderer, saved, &error), &error);
    return saved;
}

static void test_restored_render_is_the_same(void **state)
{
    rendering whole;
    rendering resumed;
    vqc_render_extents shape;
    vqc_error error = {0};
    fixture_open(&whole, *state, augmented_job);
    fixture_open(&resumed, *state, augmented_job);
    check(vqc_renderer_extents(whole.renderer, &whole.study->renders[0], &shape, &error), &error);
    size_t count = (size_t)(3 * shape.rows * shape.columns * shape.latent_width);
    float *undisturbed = steps_make(&whole, 0, 6, NULL, count);
    float *half = steps_make(&resumed, 0, 3, NULL, count);
    (void)free(steps_make(&resumed, 3, 4, NULL, count)); /* lost with the interruption */
    check(vqc_renderer_start(resumed.renderer, &resumed.study->renders[0], &error), &error);
    float *finished = steps_make(&resumed, 3, 6, half, count);
    assert_memory_equal(undisturbed, finished, count * sizeof *finished);
    free(undisturbed);
    free(half);
    free(finished);
    rendering_close(&whole);
    rendering_close(&resumed);
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        (void)fprintf(stderr, "usage: %s DEVICE\n", argv[0]);
        return 2;
    }
    vqc_error error = {0};
    vqc_ops *ops;
    if (vqc_ops_create(argv[1], &(vqc_ops_options){0}, &ops, &error) != VQC_OK)
        device_absent_exit(&error);
    vqc_ops_destroy(ops);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(test_reference_trajectory, argv[1]),
        cmocka_unit_test_prestate(test_restored_render_is_the_same, argv[1]),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
