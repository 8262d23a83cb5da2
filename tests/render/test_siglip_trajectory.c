/* Twenty steps of Adam with SigLIP and generators of diffusers and LlamaGen, against PyTorch's
 * (tests/oracle/siglip_trajectory.py). */

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

#define FOLDER VQC_SOURCE_DIR "/tests/render/fixtures/"
#define SIGLIP JOB_FIXTURES "siglip_open_clip/"
#define DIFFUSERS(folder)                                                                                            \
    "{config: " JOB_FIXTURES folder "config.json, checkpoint: " JOB_FIXTURES folder                                  \
    "diffusion_pytorch_model.safetensors}"
#define VQ DIFFUSERS("diffusers_vq/")
#define KL DIFFUSERS("diffusers_kl16/")
#define LLAMAGEN "{checkpoint: " JOB_FIXTURES "llamagen.safetensors}"

enum { STEPS = 20, TERMS = 2, CELLS = 64, MOST_WIDTH = 16 };

#define JOB(generator, init, more)                                                                                   \
    "study: trajectory\n"                                                                                            \
    "models:\n"                                                                                                      \
    "  generator: " generator "\n"                                                                                   \
    "  perceptors: [{checkpoint: " SIGLIP "open_clip_model.safetensors}]\n"                                          \
    "render:\n"                                                                                                      \
    "  size: [16, 16]\n"                                                                                             \
    "  steps: 20\n"                                                                                                  \
    "  crops: {count: 1, group: 1}\n"                                                                                \
    "  augment: []\n"                                                                                                \
    "  noise: 0\n"                                                                                                   \
    "  l2: {weight: 0}\n"                                                                                            \
    "  optimizer: {name: adam, lr: 0.05}\n"                                                                          \
    "  init: " init "\n" more "prompts:\n"                                                                           \
    "  - targets:\n"                                                                                                 \
    "      - {embedding: {file: " SIGLIP "open_clip_model_expected.safetensors, tensor: text_embed, row: 0}}\n"      \
    "      - {embedding: {file: " SIGLIP                                                                             \
    "open_clip_model_expected.safetensors, tensor: text_embed, row: 1}, weight: -0.3}\n"

#define CODES_OF(file) "{codes: {file: " FOLDER file ", tensor: initial_codes}}"
#define CODES CODES_OF("siglip_trajectory.safetensors")
#define PICTURE "{image: " FOLDER "start.png}"

typedef struct trajectory {
    const char *expected;
    const char *job;
    int width; /* of the latent */
} trajectory;

static const trajectory siglip = {
    .expected = FOLDER "siglip_trajectory.safetensors", .job = JOB(VQ, CODES, ""), .width = 6};
/* Without a codebook. */
static const trajectory kl = {
    .expected = FOLDER "kl_trajectory.safetensors", .job = JOB(KL, PICTURE, "  clamp_range: 0.5\n"), .width = 16};

/* A codebook of which the directions count alone. */
static const trajectory llamagen = {.expected = FOLDER "llamagen_trajectory.safetensors",
                                    .job = JOB(LLAMAGEN, CODES_OF("llamagen_trajectory.safetensors"), ""),
                                    .width = 6};

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

static void latent_check(int step, const float *z, const float *expected, int elements)
{
    double actual[CELLS * MOST_WIDTH];
    double wanted[CELLS * MOST_WIDTH];
    for (int i = 0; i < elements; i++) {
        actual[i] = (double)z[i];
        wanted[i] = (double)expected[i];
    }
    comparison found = comparison_of(actual, wanted, (size_t)elements);
    (void)printf("    step %2d: z relative L2 %.2e, largest %.2e\n", step + 1, found.relative, found.largest);
    assert_true(comparison_is_within(&found, &tolerances[TOLERANCE_TRAJECTORY_LATENT]));
}

/* A codebook that the latent passes by. */
static const trajectory free_vectors = {
    .expected = FOLDER "free_trajectory.safetensors", .job = JOB(VQ, CODES, "  latent: {kind: free}\n"), .width = 6};

static void trajectory_check(const trajectory *t, const char *device)
{
    vqc_error error = {0};
    vqc_weights *weights;
    const int elements = CELLS * t->width;
    check(vqc_weights_open(t->expected, &weights, &error), &error);
    float *losses = expected_read(weights, "losses", (int64_t)STEPS * TERMS);
    float *latents = expected_read(weights, "z_after", (int64_t)STEPS * elements);
    rendering r = rendering_open(t->job, device, (vqc_ops_options){0});
    check(vqc_renderer_start(r.renderer, &r.study->renders[0], &error), &error);
    for (int step = 0; step < STEPS; step++) {
        double actual[TERMS + 2] = {0};
        float z[CELLS * MOST_WIDTH];
        check(vqc_renderer_step(r.renderer, actual, &error), &error);
        check(vqc_renderer_latent(r.renderer, z, &error), &error);
        losses_check(step, actual, losses + (ptrdiff_t)step * TERMS);
        latent_check(step, z, latents + (ptrdiff_t)step * elements, elements);
    }
    rendering_close(&r);
    free(losses);
    free(latents);
    vqc_weights_close(weights);
}

static void test_siglip(void **state)
{
    trajectory_check(&siglip, *state);
}

static void test_kl(void **state)
{
    trajectory_check(&kl, *state);
}

static void test_free_vectors(void **state)
{
    trajectory_check(&free_vectors, *state);
}

static void test_llamagen(void **state)
{
    trajectory_check(&llamagen, *state);
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
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(test_siglip, argv[1]),
        cmocka_unit_test_prestate(test_kl, argv[1]),
        cmocka_unit_test_prestate(test_free_vectors, argv[1]),
        cmocka_unit_test_prestate(test_llamagen, argv[1]),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
