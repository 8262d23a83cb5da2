/* Twelve whole steps of guidance against the public implementation's, and that a render is a function of its
 * settings: interrupted and restored it gives the same bytes. */

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "../comparison.h"
#include "../device_absent.h"
#include "render/renderer.h"
#include "weights/weights.h"

#define REFERENCE VQC_SHARED_DIR "/reference/"
#define FIXTURES VQC_SOURCE_DIR "/tests/models/fixtures/"

enum { STEPS = 12, MAX_TERMS = 8 };

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
static const char augmented_job[] =
    "study: augmented\n"
    "models:\n"
    "  generator: {config: " FIXTURES "net2net.yaml, checkpoint: " FIXTURES "net2net.safetensors}\n"
    "  perceptors:\n"
    "    - {checkpoint: " FIXTURES "open_clip_gelu/open_clip_model.safetensors}\n"
    "    - {checkpoint: " FIXTURES "hugging_face_heads/model.safetensors, weight: 0.5}\n"
    "render:\n"
    "  size: [40, 24]\n"
    "  steps: 6\n"
    "  crops: {count: 5, group: 2}\n"
    "  augment: [Hf, Af, Pe, Ji, Ro, Re, {name: Cr, size: 0.9}, Er, Hf, Sh, Ts, Et, Gn]\n"
    "prompts:\n"
    "  - targets: [{noise: 1}, {noise: 2, weight: -0.5}]\n";

/* A study on one device, with its job file. */
typedef struct fixture {
    char path[64];
    vqc_study *study;
    vqc_ops *ops;
    vqc_renderer *renderer;
} fixture;

static void check(vqc_status status, const vqc_error *error)
{
    if (status != VQC_OK)
        fail_msg("%s", error->message);
}

static void fixture_open(fixture *f, const char *device, const char *job)
{
    vqc_error error = {0};
    vqc_ops_options options = {0};
    (void)snprintf(f->path, sizeof f->path, "/tmp/vqclip-job-XXXXXX");
    int descriptor = mkstemp(f->path);
    assert_true(descriptor >= 0);
    assert_int_equal(write(descriptor, job, strlen(job)), (ssize_t)strlen(job));
    assert_int_equal(close(descriptor), 0);
    check(vqc_study_open(f->path, &f->study, &error), &error);
    check(vqc_ops_create(device, &options, &f->ops, &error), &error);
    check(vqc_renderer_create(f->study, f->ops, VQC_DTYPE_F32, &f->renderer, &error), &error);
    check(vqc_renderer_start(f->renderer, &f->study->renders[0], &error), &error);
}

static void fixture_close(fixture *f)
{
    vqc_renderer_destroy(f->renderer);
    vqc_ops_destroy(f->ops);
    vqc_study_close(f->study);
    (void)unlink(f->path);
}

/* (width, rows, columns) of the reference to (rows, columns, width). */
static void channels_last(const float *source, double *target, int64_t width, int64_t cells)
{
    for (int64_t c = 0; c < width; c++)
        for (int64_t i = 0; i < cells; i++)
            target[i * width + c] = (double)source[c * cells + i];
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

static void latent_compare(vqc_renderer *renderer, const float *expected, int64_t width, int64_t cells, int step)
{
    vqc_error error = {0};
    size_t count = (size_t)(width * cells);
    float *z = malloc(count * sizeof *z);
    double *actual = malloc(count * sizeof *actual);
    double *wanted = malloc(count * sizeof *wanted);
    assert_true(z != NULL && actual != NULL && wanted != NULL);
    check(vqc_renderer_latent(renderer, z, &error), &error);
    double largest = 0.0;
    channels_last(expected, wanted, width, cells);
    for (size_t i = 0; i < count; i++) {
        actual[i] = (double)z[i];
        largest = fmax(largest, fabs(actual[i] - wanted[i]));
    }
    comparison found = comparison_of(actual, wanted, (int64_t)count);
    (void)printf("    step %2d: z relative L2 %.2e, largest difference %.2e\n", step, found.relative, largest);
    assert_true(comparison_is_within(&found, &tolerances[TOLERANCE_TRAJECTORY_LATENT]));
    assert_true(largest <= TRAJECTORY_LATENT_LARGEST);
    free(z);
    free(actual);
    free(wanted);
}

static void test_reference_trajectory(void **state)
{
    vqc_error error = {0};
    fixture f;
    vqc_weights *weights;
    const char *path = REFERENCE "trajectory_expected.safetensors";
    if (access(path, R_OK) != 0) {
        (void)printf("SKIPPED: %s is not there\n", path);
        skip();
    }
    check(vqc_weights_open(path, &weights, &error), &error);
    float *losses = expected_read(weights, "losses");
    float *latents = expected_read(weights, "z_after");
    fixture_open(&f, *state, reference_job);
    for (int step = 0; step < STEPS; step++) {
        double actual[MAX_TERMS];
        check(vqc_renderer_step(f.renderer, actual, &error), &error);
        for (int term = 0; term < 4; term++) {
            double difference = fabs(actual[term] - (double)losses[4 * step + term]);
            if (difference > TRAJECTORY_LOSS_LARGEST)
                fail_msg("step %d, term %d: %.8f, expected %.8f", step, term, actual[term],
                         (double)losses[4 * step + term]);
        }
        latent_compare(f.renderer, latents + (int64_t)step * 20 * 64, 20, 64, step + 1);
    }
    fixture_close(&f);
    free(losses);
    free(latents);
    vqc_weights_close(weights);
}

/* Makes steps first..last of the render and leaves the optimiser's state. */
static float *steps_make(fixture *f, int64_t first, int64_t last, const float *restored, size_t count)
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
    fixture whole;
    fixture resumed;
    vqc_render_shape shape;
    vqc_error error = {0};
    fixture_open(&whole, *state, augmented_job);
    fixture_open(&resumed, *state, augmented_job);
    check(vqc_renderer_shape(whole.renderer, &whole.study->renders[0], &shape, &error), &error);
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
    fixture_close(&whole);
    fixture_close(&resumed);
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
