/* What a generator's configuration may say: each line that is added to a good one is computed, or refused by place,
 * key and value. */

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "../support/scratch.h"
#include "models/generator.h"

#define FIXTURES VQC_SOURCE_DIR "/tests/models/fixtures/"

/* A configuration as latent-diffusion has it, with some of its lines changed. */
typedef struct config_case {
    const char *target;  /* NULL: "target: ldm.models.autoencoder.VQModel" */
    const char *params;  /* what stands around the parameters; NULL: "params" */
    const char *more;    /* another parameter */
    const char *network; /* another line of ddconfig */
    const char *sizes;   /* NULL: as the file has them */
    const char *says;    /* in the refusal; NULL: it must open */
    vqc_quantiser quantiser;
} config_case;

static const char sizes_of_file[] = "ch_mult: [1, 1], num_res_blocks: 1, attn_resolutions: []";

static const config_case cases[] = {
    {.says = NULL},
    {.target = "", .says = NULL}, /* Chameleon's */
    {.target = "target: taming.models.vqgan.VQModel", .says = NULL},
    {.target = "class_path: src.IBQ.models.ibqgan.IBQ", .params = "init_args", .quantiser = VQC_QUANTISER_PRODUCT},
    {.target = "class_path: src.IBQ.models.ibqgan.IBQ", .says = "model: expected the key init_args"},
    {.target = "target: ldm.models.autoencoder.VQModel, params2: 1",
     .says = "model.params2: a key of a model that vqclip does not know, with the value 1"},
    {.target = "target: taming.models.vqgan.EMAVQ", .says = "found taming.models.vqgan.EMAVQ"},
    {.network = "tanh_out: true", .says = "ddconfig.tanh_out: expected false, the only value of a VQGAN's network"},
    {.network = "tanh_out: false"},
    {.network = "give_pre_end: True", .says = "ddconfig.give_pre_end: expected false"},
    {.network = "use_linear_attn: true", .says = "ddconfig.use_linear_attn: expected false"},
    {.network = "resamp_with_conv: false", .says = "ddconfig.resamp_with_conv: expected true"},
    {.network = "resamp_with_conv: True"},
    {.network = "dropout: 0.3"},
    {.network = "norm_groups: 16",
     .says = "ddconfig.norm_groups: a key of a VQGAN's network that vqclip does not know, with the value 16"},
    {.network = "tanhout: [1]", .says = "with the value [1]; the nearest one is tanh_out"},
    {.network = "attn_type: linear", .says = "attn_type: expected one of vanilla, none"},
    {.network = "double_z: true", .says = "encoder.conv_out.weight: expected the shape (8, 32, 3, 3)"},
    {.more = "remap: used.npy", .says = "params.remap: expected null"},
    {.more = "remap: null"},
    {.network = "resamp_with_conv: null", .says = "ddconfig.resamp_with_conv: expected true"},
    {.network = "tanh_out: null"}, /* as good as false */
    {.network = "tanh_out: 0", .says = "ddconfig.tanh_out: expected false"},
    {.network = "tanh_out: \"false\"",
     .says = "tanh_out: expected false, the only value of a VQGAN's network that is "
             "computed, found \"false\""},
    {.more = "l2_normalize: true", .says = "params.l2_normalize: expected false"},
    {.more = "lossconfig: {target: anything}"},
    {.more = "monitor: val/rec_loss"},
    {.more = "n_embeds: 4", .says = "the nearest one is n_embed"},
    {.sizes = "ch_mult: [1, 1], num_res_blocks: 2, attn_resolutions: []",
     .says = "decoder.up.1.block.2.norm1.weight is missing"},
    {.sizes = "ch_mult: [1, 1], num_res_blocks: 1, attn_resolutions: [16]",
     .says = "decoder.up.0.attn.0.norm.weight is missing"},
    {.sizes = "ch_mult: [1], num_res_blocks: 1, attn_resolutions: []", .says = "nothing in a VQGAN reads it"},
    {.sizes = "ch_mult: [1, 2], num_res_blocks: 1, attn_resolutions: []", .says = "expected the shape (64, 4, 3, 3)"},
    {.sizes = "ch_mult: [], num_res_blocks: 1, attn_resolutions: []", .says = "expected at least one number"},
};

static void config_write(const char *path, const config_case *test)
{
    FILE *stream = fopen(path, "w");
    assert_non_null(stream);
    assert_true(fprintf(stream,
                        "model: {%s%s%s: {embed_dim: 4, n_embed: 40%s%s,\n"
                        "  ddconfig: {z_channels: 4, resolution: 16, in_channels: 3, out_ch: 3, ch: 32, %s%s%s}}}\n",
                        test->target == NULL ? "target: ldm.models.autoencoder.VQModel" : test->target,
                        test->target != NULL && test->target[0] == '\0' ? "" : ", ",
                        test->params == NULL ? "params" : test->params, test->more == NULL ? "" : ", ",
                        test->more == NULL ? "" : test->more, test->sizes == NULL ? sizes_of_file : test->sizes,
                        test->network == NULL ? "" : ", ", test->network == NULL ? "" : test->network) > 0);
    assert_int_equal(fclose(stream), 0);
}

static void case_check(const char *path, const config_case *test, size_t number)
{
    vqc_error error = {0};
    vqc_generator generator;
    config_write(path, test);
    vqc_status status = vqc_generator_open(path, FIXTURES "latent_diffusion.safetensors", &generator, &error);
    if (test->says == NULL && status != VQC_OK)
        fail_msg("case %zu: %s", number, error.message);
    if (test->says == NULL) {
        assert_int_equal(generator.quantiser, test->quantiser);
        vqc_generator_close(&generator);
        return;
    }
    if (status != VQC_BAD_INPUT || strstr(error.message, test->says) == NULL)
        fail_msg("case %zu: expected %s, found %s", number, test->says, status == VQC_OK ? "success" : error.message);
}

static void test_configurations(void **state)
{
    (void)state;
    char path[PATH_SIZE];
    (void)path_in(path, "config.yaml");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        case_check(path, &cases[i], i);
}

/* ---- MaskGIT's ---- */

typedef struct companion_case {
    const char *text; /* of the members behind _class_name */
    const char *says; /* in the refusal; NULL: it must open */
} companion_case;

static const companion_case companions[] = {
    {.text = "", .says = NULL},
    {.text = ", \"_version\": \"0.0.1\", \"hidden_channels\": 32, \"channel_mult\": [1, 2], \"num_res_blocks\": 1, "
             "\"z_channels\": 6, \"num_embeddings\": 40, \"quantized_embed_dim\": 6, \"num_channels\": 3, "
             "\"resolution\": 16, \"attn_resolutions\": [16], \"resample_with_conv\": true, \"dropout\": 0.0, "
             "\"commitment_cost\": 0.25",
     .says = NULL},
    {.text = ", \"hidden_channels\": 64", .says = "hidden_channels: expected 32"},
    {.text = ", \"channel_mult\": [1, 1]", .says = "channel_mult"},
    {.text = ", \"channel_mult\": [1, 2, 2]", .says = "channel_mult"},
    {.text = ", \"num_res_blocks\": 2", .says = "num_res_blocks: expected 1"},
    {.text = ", \"z_channels\": 8", .says = "z_channels: expected 6"},
    {.text = ", \"num_embeddings\": 41", .says = "num_embeddings: expected 40"},
    {.text = ", \"quantized_embed_dim\": 4", .says = "quantized_embed_dim: expected 6"},
    {.text = ", \"num_channels\": 1", .says = "num_channels: expected 3"},
    {.text = ", \"use_ema\": true", .says = "use_ema: a key of a MaskGIT VQGAN that vqclip does not know"},
};

/* The configuration lies beside the weights. */
static void companion_check(const char *path, const char *weights, const char *class, const companion_case *test)
{
    vqc_error error = {0};
    vqc_generator generator;
    FILE *stream = fopen(path, "w");
    assert_non_null(stream);
    assert_true(fprintf(stream, "{\"_class_name\": \"%s\"%s}\n", class, test->text) > 0);
    assert_int_equal(fclose(stream), 0);
    vqc_status status = vqc_generator_open(NULL, weights, &generator, &error);
    if (test->says == NULL && status != VQC_OK)
        fail_msg("%s: %s", test->text, error.message);
    if (test->says == NULL)
        vqc_generator_close(&generator);
    else if (status != VQC_BAD_INPUT || strstr(error.message, test->says) == NULL)
        fail_msg("%s: expected %s, found %s", test->text, test->says, status == VQC_OK ? "success" : error.message);
}

static void test_maskgit(void **state)
{
    (void)state;
    static const companion_case other = {.text = "", .says = "expected one of"};
    char path[PATH_SIZE];
    char weights[PATH_SIZE];
    (void)path_in(path, "config.json");
    assert_int_equal(symlink(FIXTURES "maskgit.safetensors", path_in(weights, "maskgit.safetensors")), 0);
    for (size_t i = 0; i < sizeof companions / sizeof companions[0]; i++)
        companion_check(path, weights, "MaskGitVQGAN", &companions[i]);
    companion_check(path, weights, "MOVQ", &other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_configurations),
        cmocka_unit_test(test_maskgit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
