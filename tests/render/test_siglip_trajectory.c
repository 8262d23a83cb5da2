/* Twenty steps of Adam with SigLIP and a diffusers VQModel, against PyTorch's (tests/oracle/siglip_trajectory.py). */

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "../comparison.h"
#include "../device_absent.h"
#include "../support/rendering.h"
#include "weights/weights.h"

#define TRAJECTORY VQC_SOURCE_DIR "/tests/render/fixtures/siglip_trajectory.safetensors"
#define SIGLIP JOB_FIXTURES "siglip_open_clip/"
#define VQ JOB_FIXTURES "diffusers_vq/"

enum { STEPS = 20, TERMS = 2, ELEMENTS = 64 * 6 };

static const char job[] =
    "study: trajectory\n"
    "models:\n"
    "  generator: {config: " VQ "config.json, checkpoint: " VQ "diffusion_pytorch_model.safetensors}\n"
    "  perceptors: [{checkpoint: " SIGLIP "open_clip_model.safetensors}]\n"
    "render:\n"
    "  size: [16, 16]\n"
    "  steps: 20\n"
    "  crops: {count: 1, group: 1}\n"
    "  augment: []\n"
    "  noise: 0\n"
    "  l2: {weight: 0}\n"
    "  optimizer: {name: adam, lr: 0.05}\n"
    "  init: {codes: {file: " TRAJECTORY ", tensor: initial_codes}}\n"
    "prompts:\n"
    "  - targets:\n"
    "      - {embedding: {file: " SIGLIP "open_clip_model_expected.safetensors, tensor: text_embed, row: 0}}\n"
    "      - {embedding: {file: " SIGLIP "open_clip_model_expected.safetensors, tensor: text_embed, row: 1}, "
    "weight: -0.3}\n";

static float *expected_read(vqc_weights *weights, const char *name, int64_t count)
{
    vqc_error error = {0};
    const vqc_weights_tensor *tensor = vqc_weights_find(weights, name);
    assert_non_null(tensor);
    assert_int_equal(tensor->count, count);
    float *values = malloc((size_t)count * sizeof *values);
    assert_non_null(values);
    check(vqc_weights_read_f32(weights, tensor, values, &error), &error);
    return values;
}

static void losses_check(int step, const double *actual, const float *expected)
{
    for (int term = 0; term < TERMS; term++)
        if (fabs(actual[term] - (double)expected[term]) > TRAJECTORY_LOSS_LARGEST)
            fail_msg("step %d, term %d: %.8f, expected %.8f", step + 1, term, actual[term], (double)expected[term]);
}

static void latent_check(int step, const float *z, const float *expected)
{
    double actual[ELEMENTS];
    double wanted[ELEMENTS];
    for (int i = 0; i < ELEMENTS; i++) {
        actual[i] = (double)z[i];
        wanted[i] = (double)expected[i];
    }
    comparison found = comparison_of(actual, wanted, ELEMENTS);
    (void)printf("    step %2d: z relative L2 %.2e, largest %.2e\n", step + 1, found.relative, found.largest);
    assert_true(comparison_is_within(&found, &tolerances[TOLERANCE_TRAJECTORY_LATENT]));
}

static void test_trajectory(void **state)
{
    vqc_error error = {0};
    vqc_weights *weights;
    check(vqc_weights_open(TRAJECTORY, &weights, &error), &error);
    float *losses = expected_read(weights, "losses", (int64_t)STEPS * TERMS);
    float *latents = expected_read(weights, "z_after", (int64_t)STEPS * ELEMENTS);
    rendering r = rendering_open(job, *state, (vqc_ops_options){0});
    check(vqc_renderer_start(r.renderer, &r.study->renders[0], &error), &error);
    for (int step = 0; step < STEPS; step++) {
        double actual[TERMS + 2] = {0};
        float z[ELEMENTS];
        check(vqc_renderer_step(r.renderer, actual, &error), &error);
        check(vqc_renderer_latent(r.renderer, z, &error), &error);
        losses_check(step, actual, losses + (ptrdiff_t)step * TERMS);
        latent_check(step, z, latents + (ptrdiff_t)step * ELEMENTS);
    }
    rendering_close(&r);
    free(losses);
    free(latents);
    vqc_weights_close(weights);
}

int main(int argc, char **argv)
{
    vqc_error error = {0};
    vqc_ops *ops;
    if (argc != 2)
        return 2;
    if (vqc_ops_create(argv[1], &(vqc_ops_options){0}, &ops, &error) != VQC_OK)
        device_absent_exit(&error);
    vqc_ops_destroy(ops);
    const struct CMUnitTest tests[] = {cmocka_unit_test_prestate(test_trajectory, argv[1])};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
