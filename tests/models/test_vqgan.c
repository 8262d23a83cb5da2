/* VQGAN decoders and encoders against expected values of the public implementations. */

#define _GNU_SOURCE /* strdup */

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "../support/scratch.h"
#include "model_test.h"
#include "models/generator.h"

enum { MOST_WIDTH = 16 };

static void codes_compare(const int32_t *actual, const vqc_weights *expected, const char *name, size_t count)
{
    int64_t shape[4];
    int32_t *wanted = model_test_integers(expected, name, shape);
    assert_non_null(wanted);
    assert_int_equal(vqc_weights_find(expected, name)->count, count);
    size_t different = 0;
    for (size_t i = 0; i < count; i++)
        different += actual[i] != wanted[i];
    (void)printf("    %-20s %zu of %zu codes differ\n", name, different, count);
    assert_int_equal(different, 0);
    free(wanted);
}

static void decoder_check(const model_test *test, const vqc_generator *generator, const vqc_weights *expected)
{
    vqc_error error = {0};
    vqc_generator_decoder decoder;
    int64_t shape[4];
    int64_t weight_shape[4];
    float *z = model_test_tensor(expected, "z", shape);
    float *weight = model_test_tensor(expected, "out_weight", weight_shape);
    assert_true(z != NULL && weight != NULL);
    model_test_ok(vqc_generator_decoder_create(generator, test->ops, test->precision, shape[0], shape[1], shape[2],
                                               true, false, &decoder, &error),
                  &error);
    model_test_ok(vqc_network_write(decoder.network, decoder.z, z, &error), &error);
    model_test_ok(vqc_network_forward(decoder.network, &error), &error);
    size_t count = (size_t)(shape[0] * shape[1] * shape[2]);
    int32_t *codes = malloc(count * sizeof *codes);
    assert_non_null(codes);
    model_test_ok(vqc_generator_decoder_codes(test->ops, &decoder, codes, &error), &error);
    assert_int_equal(decoder.has_codes, vqc_weights_find(expected, "codes") != NULL);
    if (decoder.has_codes)
        codes_compare(codes, expected, "codes", count);
    model_test_compare(test, decoder.network, decoder.picture, MODEL_TEST_OUTPUT, expected, "decoded");
    model_test_ok(vqc_network_gradient_write(decoder.network, decoder.picture, weight, &error), &error);
    model_test_ok(vqc_network_backward(decoder.network, &error), &error);
    model_test_compare(test, decoder.network, decoder.z, MODEL_TEST_GRADIENT, expected, "z_grad");
    vqc_generator_decoder_destroy(&decoder);
    free(codes);
    free(z);
    free(weight);
}

/* Decodes vectors and compares the picture. */
static void reconstruction_check(const model_test *test, const vqc_generator *generator, const vqc_weights *expected,
                                 const float *z, const int64_t grid[3])
{
    vqc_error error = {0};
    vqc_generator_decoder decoder;
    model_test_ok(vqc_generator_decoder_create(generator, test->ops, test->precision, grid[0], grid[1], grid[2],
                                               false, false, &decoder, &error),
                  &error);
    model_test_ok(vqc_network_write(decoder.network, decoder.z, z, &error), &error);
    model_test_ok(vqc_network_forward(decoder.network, &error), &error);
    model_test_compare(test, decoder.network, decoder.picture, MODEL_TEST_OUTPUT, expected, "reconstruction");
    vqc_generator_decoder_destroy(&decoder);
}

/* The codes that the encoder gives, and the picture of those that are expected. */
static void codes_check(const model_test *test, const vqc_generator *generator, vqc_generator_encoder *encoder,
                        const vqc_weights *expected, const int64_t grid[3])
{
    vqc_error error = {0};
    size_t count = (size_t)(grid[0] * grid[1] * grid[2]);
    int32_t *codes = malloc(count * sizeof *codes);
    float *z = malloc(count * (size_t)generator->width * sizeof *z);
    assert_true(codes != NULL && z != NULL);
    model_test_ok(vqc_generator_encoder_codes(generator, test->ops, encoder, codes, &error), &error);
    /* In bf16 the latent itself is rounded, so that a code near the border between two may be the other one. */
    if (test->precision == VQC_DTYPE_F32)
        codes_compare(codes, expected, "encoded_codes", count);
    int64_t code_shape[4];
    int32_t *wanted = model_test_integers(expected, "encoded_codes", code_shape);
    vqc_generator_vectors(generator, wanted, (int64_t)count, z);
    reconstruction_check(test, generator, expected, z, grid);
    free(wanted);
    free(codes);
    free(z);
}

/* Without a codebook: the mean, and its picture. */
static void mean_check(const model_test *test, const vqc_generator *generator, vqc_generator_encoder *encoder,
                       const vqc_weights *expected, const int64_t grid[3])
{
    int64_t shape[4];
    model_test_compare(test, encoder->network, encoder->latent, MODEL_TEST_OUTPUT, expected, "encoded_z");
    float *z = model_test_tensor(expected, "encoded_z", shape);
    assert_non_null(z);
    reconstruction_check(test, generator, expected, z, grid);
    free(z);
}

static void encoder_check(const model_test *test, const vqc_generator *generator, const vqc_weights *expected)
{
    vqc_error error = {0};
    vqc_generator_encoder encoder;
    int64_t shape[4];
    float *picture = model_test_tensor(expected, "image", shape);
    assert_non_null(picture);
    model_test_ok(vqc_generator_encoder_create(generator, test->ops, test->precision, shape[0], shape[1], shape[2],
                                               &encoder, &error),
                  &error);
    model_test_ok(vqc_network_write(encoder.network, encoder.picture, picture, &error), &error);
    model_test_ok(vqc_network_forward(encoder.network, &error), &error);
    model_test_compare(test, encoder.network, encoder.encoded, MODEL_TEST_OUTPUT, expected, "encoder_out");
    int64_t grid[3] = {shape[0], shape[1] / generator->factor, shape[2] / generator->factor};
    if (vqc_generator_has_codes(generator))
        codes_check(test, generator, &encoder, expected, grid);
    else
        mean_check(test, generator, &encoder, expected, grid);
    vqc_generator_encoder_destroy(&encoder);
    free(picture);
}

static void model_check(const model_test *test, const char *config, const char *checkpoint, const char *expected_path)
{
    vqc_error error = {0};
    vqc_generator generator;
    (void)printf("  %s\n", checkpoint);
    model_test_ok(vqc_generator_open(config, checkpoint, &generator, &error), &error);
    vqc_weights *expected = model_test_expected(expected_path);
    decoder_check(test, &generator, expected);
    encoder_check(test, &generator, expected);
    vqc_weights_close(expected);
    vqc_generator_close(&generator);
}

static void paths_check(const model_test *test, const char *(*locate)(const char *), const char *config,
                        const char *checkpoint, const char *expected)
{
    const char *names[] = {config, checkpoint, expected};
    char *paths[3] = {NULL};
    for (int i = 0; i < 3; i++) {
        if (names[i] == NULL)
            continue;
        const char *path = locate(names[i]);
        if (path == NULL)
            skip();
        paths[i] = strdup(path);
    }
    model_check(test, paths[0], paths[1], paths[2]);
    for (int i = 0; i < 3; i++)
        free(paths[i]);
}

static void test_vq(void **state)
{
    paths_check(*state, model_test_reference, "vqgan.yaml", "vqgan.ckpt", "vqgan_expected.safetensors");
}

static void test_vq_legacy(void **state)
{
    paths_check(*state, model_test_reference, "vqgan.yaml", "vqgan_legacy.ckpt", "vqgan_expected.safetensors");
}

static void test_gumbel(void **state)
{
    paths_check(*state, model_test_reference, "vqgan_gumbel.yaml", "vqgan_gumbel.ckpt",
                "vqgan_gumbel_expected.safetensors");
}

static void test_gumbel_small(void **state)
{
    paths_check(*state, model_test_fixture, "gumbel.yaml", "gumbel.safetensors", "gumbel_expected.safetensors");
}

static void test_ibq(void **state)
{
    paths_check(*state, model_test_fixture, "ibq.yaml", "ibq.safetensors", "ibq_expected.safetensors");
}

static void test_llamagen(void **state)
{
    paths_check(*state, model_test_fixture, NULL, "llamagen.safetensors", "llamagen_expected.safetensors");
}

static void test_janus(void **state)
{
    paths_check(*state, model_test_fixture, NULL, "janus/model.safetensors", "janus/model_expected.safetensors");
}

static void test_diffusers_vq(void **state)
{
    static const char weights[] = "diffusers_vq/diffusion_pytorch_model.safetensors";
    static const char expected[] = "diffusers_vq/diffusion_pytorch_model_expected.safetensors";
    paths_check(*state, model_test_fixture, NULL, weights, expected);
    paths_check(*state, model_test_fixture, "diffusers_vq/config.json", weights, expected);
}

static void test_diffusers_kl(void **state)
{
    paths_check(*state, model_test_fixture, "diffusers_kl/config.json",
                "diffusers_kl/diffusion_pytorch_model.safetensors",
                "diffusers_kl/diffusion_pytorch_model_expected.safetensors");
    paths_check(*state, model_test_fixture, NULL, "diffusers_kl",
                "diffusers_kl/diffusion_pytorch_model_expected.safetensors");
}

/* No layer to both sides of z. */
static void test_diffusers_kl16(void **state)
{
    paths_check(*state, model_test_fixture, NULL, "diffusers_kl16/diffusion_pytorch_model.safetensors",
                "diffusers_kl16/diffusion_pytorch_model_expected.safetensors");
}

static void test_kl(void **state)
{
    paths_check(*state, model_test_fixture, "kl.yaml", "kl.safetensors", "kl_expected.safetensors");
}

/* What the files say of z: FLUX's and Stable Diffusion 3's shift, latent diffusion's scale. */
static void test_kl_range(void **state)
{
    static const struct {
        const char *config, *weights;
        double lowest, highest; /* at two units */
    } cases[] = {
        {"diffusers_kl16/config.json", "diffusers_kl16", 0.0609 - 2.0 / 1.5305, 0.0609 + 2.0 / 1.5305},
        {"diffusers_kl/config.json", "diffusers_kl", -2.0 / 0.18215, 2.0 / 0.18215},
        {"kl.yaml", "kl.safetensors", -8.0, 8.0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        vqc_error error = {0};
        vqc_generator generator;
        float lowest[MOST_WIDTH];
        float highest[MOST_WIDTH];
        char *config = strdup(model_test_fixture(cases[i].config));
        model_test_ok(vqc_generator_open(config, model_test_fixture(cases[i].weights), &generator, &error), &error);
        assert_int_equal(generator.codes, 0);
        vqc_generator_limits(&generator, 2.0, lowest, highest);
        for (int64_t channel = 0; channel < generator.width; channel++) {
            assert_float_equal(lowest[channel], cases[i].lowest, 1e-6);
            assert_float_equal(highest[channel], cases[i].highest, 1e-6);
        }
        vqc_generator_close(&generator);
        free(config);
    }
}

/* Pictures from 0 to 1, and no layer between the encoder's result and z. */
static void test_maskgit(void **state)
{
    paths_check(*state, model_test_fixture, NULL, "maskgit.safetensors", "maskgit_expected.safetensors");
}

/* What the libraries and public classes saved, larger and in their own containers. */
static void test_reference_ibq(void **state)
{
    paths_check(*state, model_test_reference, "today/ibq/ibq.yaml", "today/ibq/ibq.ckpt",
                "today/ibq/ibq.expected.safetensors");
}

static void test_reference_llamagen(void **state)
{
    paths_check(*state, model_test_reference, NULL, "today/llamagen/vq_ds16_c2i.pt",
                "today/llamagen/vq_ds16_c2i.expected.safetensors");
}

static void test_reference_janus(void **state)
{
    paths_check(*state, model_test_reference, NULL, "today/hf_janus/model.safetensors",
                "today/hf_janus/model.expected.safetensors");
}

static void test_reference_diffusers_vq(void **state)
{
    paths_check(*state, model_test_reference, NULL, "today/diffusers_vq_attn/diffusion_pytorch_model.safetensors",
                "today/diffusers_vq_attn/diffusion_pytorch_model.expected.safetensors");
}

static void test_net2net(void **state)
{
    paths_check(*state, model_test_fixture, "net2net.yaml", "net2net.safetensors", "net2net_expected.safetensors");
}

static void test_latent_diffusion(void **state)
{
    paths_check(*state, model_test_fixture, "latent_diffusion.yaml", "latent_diffusion.safetensors",
                "latent_diffusion_expected.safetensors");
}

static void test_latent_diffusion_interface(void **state)
{
    paths_check(*state, model_test_fixture, "latent_diffusion_interface.yaml",
                "latent_diffusion_interface.safetensors", "latent_diffusion_interface_expected.safetensors");
}

/* ---- Without attention ---- */

enum { MOST_TENSORS = 256 };

typedef enum attention_change { ATTENTION_GIVES_NOTHING, ATTENTION_IS_NOT_THERE } attention_change;

/* Copies a fixture's weights; with the projections behind attention zero, or without attention. */
static void weights_change(const char *path, attention_change change)
{
    vqc_error error = {0};
    vqc_weights *weights;
    vqc_weights_source sources[MOST_TENSORS];
    size_t count = 0;
    model_test_ok(vqc_weights_open(model_test_fixture("latent_diffusion.safetensors"), &weights, &error), &error);
    assert_true(vqc_weights_count(weights) <= MOST_TENSORS);
    for (size_t i = 0; i < vqc_weights_count(weights); i++) {
        const vqc_weights_tensor *tensor = vqc_weights_at(weights, i);
        const bool attends = strstr(tensor->name, "attn") != NULL;
        if (attends && change == ATTENTION_IS_NOT_THERE)
            continue;
        float *data = calloc((size_t)tensor->count, sizeof *data);
        assert_non_null(data);
        if (strstr(tensor->name, "proj_out") == NULL)
            model_test_ok(vqc_weights_read_f32(weights, tensor, data, &error), &error);
        sources[count] =
            (vqc_weights_source){.name = tensor->name, .dtype = VQC_DTYPE_F32, .rank = tensor->rank, .data = data};
        memcpy(sources[count].shape, tensor->shape, sizeof tensor->shape);
        count++;
    }
    assert_true(change == ATTENTION_GIVES_NOTHING ? count == vqc_weights_count(weights)
                                                  : count < vqc_weights_count(weights));
    model_test_ok(vqc_weights_write(path, sources, count, &error), &error);
    for (size_t i = 0; i < count; i++)
        free((void *)sources[i].data);
    vqc_weights_close(weights);
}

static void config_write(const char *path, const char *attention)
{
    FILE *stream = fopen(path, "w");
    assert_non_null(stream);
    assert_true(fprintf(stream,
                        "model:\n"
                        "  target: ldm.models.autoencoder.VQModel\n"
                        "  params:\n"
                        "    embed_dim: 4\n"
                        "    n_embed: 40\n"
                        "    ddconfig: {double_z: false, z_channels: 4, resolution: 16, in_channels: 3, out_ch: 3, "
                        "ch: 32, ch_mult: [1, 1], num_res_blocks: 1, attn_resolutions: []%s}\n",
                        attention) > 0);
    assert_int_equal(fclose(stream), 0);
}

/* The picture, and the gradient of z, of a decoder of 3 × 5 cells; to be freed. */
static float *decoded(const model_test *test, const char *config, const char *checkpoint, size_t *count_out)
{
    enum { ROWS = 3, COLUMNS = 5, WIDTH = 4, CELLS = ROWS * COLUMNS * WIDTH, PIXELS = 3 * 4 * ROWS * COLUMNS };
    vqc_error error = {0};
    vqc_generator generator;
    vqc_generator_decoder decoder;
    float z[CELLS];
    float *result = calloc(PIXELS + CELLS, sizeof *result);
    assert_non_null(result);
    for (int i = 0; i < CELLS; i++)
        z[i] = (float)(i * 37 % 101) / 50.0F - 1.0F;
    model_test_ok(vqc_generator_open(config, checkpoint, &generator, &error), &error);
    assert_int_equal(generator.factor, 2);
    model_test_ok(vqc_generator_decoder_create(&generator, test->ops, test->precision, 1, ROWS, COLUMNS, true, false,
                                               &decoder, &error),
                  &error);
    model_test_ok(vqc_network_write(decoder.network, decoder.z, z, &error), &error);
    model_test_ok(vqc_network_forward(decoder.network, &error), &error);
    model_test_ok(vqc_network_read(decoder.network, decoder.picture, result, &error), &error);
    model_test_ok(vqc_network_gradient_write(decoder.network, decoder.picture, result, &error), &error);
    model_test_ok(vqc_network_backward(decoder.network, &error), &error);
    model_test_ok(vqc_network_gradient_read(decoder.network, decoder.z, result + PIXELS, &error), &error);
    vqc_generator_decoder_destroy(&decoder);
    vqc_generator_close(&generator);
    *count_out = PIXELS + CELLS;
    return result;
}

/* Attention whose result counts nothing and none at all are the same, bit by bit. */
static void test_without_attention(void **state)
{
    vqc_error error = {0};
    vqc_generator generator;
    size_t count;
    char config[PATH_SIZE];
    char checkpoint[PATH_SIZE];
    (void)path_in(config, "config.yaml");
    (void)path_in(checkpoint, "model.safetensors");
    config_write(config, ", attn_type: vanilla");
    weights_change(checkpoint, ATTENTION_GIVES_NOTHING);
    float *expected = decoded(*state, config, checkpoint, &count);
    config_write(config, ", attn_type: none");
    weights_change(checkpoint, ATTENTION_IS_NOT_THERE);
    float *found = decoded(*state, config, checkpoint, &count);
    assert_memory_equal(found, expected, count * sizeof *found);
    config_write(config, ", attn_type: linear");
    assert_int_equal(vqc_generator_open(config, checkpoint, &generator, &error), VQC_BAD_INPUT);
    assert_non_null(strstr(error.message, "attn_type: expected one of vanilla, none, found linear"));
    free(expected);
    free(found);
}

int main(int argc, char **argv)
{
    model_test test;
    model_test_open(&test, argc, argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(test_vq, &test),
        cmocka_unit_test_prestate(test_vq_legacy, &test),
        cmocka_unit_test_prestate(test_gumbel, &test),
        cmocka_unit_test_prestate(test_gumbel_small, &test),
        cmocka_unit_test_prestate(test_ibq, &test),
        cmocka_unit_test_prestate(test_llamagen, &test),
        cmocka_unit_test_prestate(test_janus, &test),
        cmocka_unit_test_prestate(test_diffusers_vq, &test),
        cmocka_unit_test_prestate(test_diffusers_kl, &test),
        cmocka_unit_test_prestate(test_diffusers_kl16, &test),
        cmocka_unit_test_prestate(test_kl, &test),
        cmocka_unit_test(test_kl_range),
        cmocka_unit_test_prestate(test_maskgit, &test),
        cmocka_unit_test_prestate(test_reference_ibq, &test),
        cmocka_unit_test_prestate(test_reference_llamagen, &test),
        cmocka_unit_test_prestate(test_reference_janus, &test),
        cmocka_unit_test_prestate(test_reference_diffusers_vq, &test),
        cmocka_unit_test_prestate(test_net2net, &test),
        cmocka_unit_test_prestate(test_latent_diffusion, &test),
        cmocka_unit_test_prestate(test_latent_diffusion_interface, &test),
        cmocka_unit_test_prestate(test_without_attention, &test),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    model_test_close(&test);
    return failed;
}
