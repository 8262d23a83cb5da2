/* Models under the prefixes that wrappers put in front of their names: found, whatever words they are made of; two in
 * one file are refused. */

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "../support/scratch.h"
#include "models/clip.h"
#include "models/generator.h"
#include "models/prefixes.h"
#include "weights_copy.h"

#define FIXTURES VQC_SOURCE_DIR "/tests/models/fixtures/"
#define DEMO VQC_SOURCE_DIR "/jobs/models/picturebook"

typedef struct scratch {
    char folder[64];
    char path[128];
} scratch;

static int setup(void **state)
{
    static scratch fixture;
    folder_make(fixture.folder, sizeof fixture.folder);
    (void)snprintf(fixture.path, sizeof fixture.path, "%s/w.safetensors", fixture.folder);
    *state = &fixture;
    return 0;
}

static int teardown(void **state)
{
    const scratch *fixture = *state;
    (void)unlink(fixture->path);
    return rmdir(fixture->folder);
}

static const char vit[] = FIXTURES "open_clip_gelu/open_clip_model.safetensors";
static const char custom_text[] = FIXTURES "open_clip_custom_text/open_clip_model.safetensors";
static const char hugging_face[] = FIXTURES "hugging_face_gelu/model.safetensors";
static const char vqgan[] = DEMO "-vqgan.safetensors";
static const char vqgan_config[] = DEMO "-vqgan.yaml";

static void test_clip(void **state)
{
    static const char *const files[] = {vit, custom_text, hugging_face};
    static const char *const prefixes[] = {"model.",
                                           "clip.",
                                           "clip_model.",
                                           "_orig_mod.",
                                           "module.",
                                           "module._orig_mod.",
                                           "_orig_mod.module.",
                                           "model.clip.",
                                           "module.model.clip_model."};
    const scratch *fixture = *state;
    const vqc_clip_options options = {0};
    for (size_t f = 0; f < sizeof files / sizeof files[0]; f++) {
        for (size_t p = 0; p < sizeof prefixes / sizeof prefixes[0]; p++) {
            vqc_error error = {0};
            vqc_clip *clip;
            weights_copy(files[f], fixture->path, prefixes[p], 1, "head.weight");
            if (vqc_clip_open(fixture->path, &options, &clip, &error) != VQC_OK)
                fail_msg("%s: %s", prefixes[p], error.message);
            assert_string_equal(clip->prefix, prefixes[p]);
            vqc_clip_close(clip);
        }
    }
}

static void test_generator(void **state)
{
    static const char *const prefixes[] = {"", "first_stage_model.", "module.", "model.first_stage_model."};
    const scratch *fixture = *state;
    for (size_t p = 0; p < sizeof prefixes / sizeof prefixes[0]; p++) {
        vqc_error error = {0};
        vqc_generator generator;
        weights_copy(vqgan, fixture->path, prefixes[p], 1, "loss.quantize.embedding.weight");
        if (vqc_generator_open(vqgan_config, fixture->path, &generator, &error) != VQC_OK)
            fail_msg("%s: %s", prefixes[p], error.message);
        assert_string_equal(generator.prefix, prefixes[p]);
        vqc_generator_close(&generator);
    }
}

static void two_check(vqc_status status, const vqc_error *error, const char *expected)
{
    assert_int_equal(status, VQC_BAD_INPUT);
    if (strstr(error->message, expected) == NULL)
        fail_msg("%s", error->message);
}

static void test_two(void **state)
{
    const scratch *fixture = *state;
    const vqc_clip_options options = {0};
    vqc_error error = {0};
    vqc_clip *clip;
    const vqc_clip_options chosen = {.key = "model."};
    vqc_generator generator;
    weights_copy(hugging_face, fixture->path, "model.", 2, NULL);
    two_check(vqc_clip_open(fixture->path, &options, &clip, &error), &error,
              "expected one CLIP model, found two: names that begin with \"\" and with \"model.\"");
    assert_int_equal(vqc_clip_open(fixture->path, &chosen, &clip, &error), VQC_OK);
    assert_string_equal(clip->prefix, "model.");
    vqc_clip_close(clip);
    weights_copy(vqgan, fixture->path, "first_stage_model.", 2, NULL);
    assert_int_equal(vqc_generator_open_key(vqgan_config, fixture->path, "first_stage_model.", &generator, &error),
                     VQC_OK);
    assert_string_equal(generator.prefix, "first_stage_model.");
    vqc_generator_close(&generator);
    two_check(vqc_generator_open(vqgan_config, fixture->path, &generator, &error), &error,
              "expected one VQGAN, found two: names that begin with \"\" and with \"first_stage_model.\"");
}

static size_t tensor_number(const char *path, const char *name)
{
    vqc_error error = {0};
    vqc_weights *weights;
    size_t number = 0;
    assert_int_equal(vqc_weights_open(path, &weights, &error), VQC_OK);
    while (number < vqc_weights_count(weights) && strcmp(vqc_weights_at(weights, number)->name, name) != 0)
        number++;
    assert_true(number < vqc_weights_count(weights));
    vqc_weights_close(weights);
    return number;
}

/* One tensor of a tower under the name that a wrapper gives it: the refusal says which wrapper it was. */
static void test_wrapped_layers(void **state)
{
#define BLOCK "vision_model.encoder.layers.0."
    static const struct {
        const char *name, *wrapped, *says;
    } cases[] = {
        {BLOCK "self_attn.q_proj.weight", BLOCK "self_attn.q_proj.base_layer.weight", "a layer that peft wraps"},
        {BLOCK "mlp.fc1.weight", BLOCK "mlp.fc1.parametrizations.weight.original0",
         "a layer that torch parametrises"},
        {BLOCK "mlp.fc1.weight", BLOCK "mlp.fc1.weight_g", "a layer with weight_norm"},
        {BLOCK "mlp.fc1.weight", BLOCK "mlp.fc1.weight_orig", "a pruned layer, or one with spectral_norm"},
        {BLOCK "mlp.fc1.weight", BLOCK "mlp.fc1._packed_params._packed_params", "a layer that torch quantised"},
        {BLOCK "layer_norm1.weight", BLOCK "_checkpoint_wrapped_module.layer_norm1.weight",
         "a part wrapped for checkpointing: take _checkpoint_wrapped_module. out of the names"},
        {BLOCK "layer_norm1.weight", BLOCK "module.layer_norm1.weight", "a part wrapped for several devices"},
    };
    const scratch *fixture = *state;
    const vqc_clip_options options = {0};
    vqc_clip *clip;
    vqc_weights *weights;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char expected[512];
        vqc_error error = {0};
        (void)weights_change(hugging_face, fixture->path, tensor_number(hugging_face, cases[i].name),
                             cases[i].wrapped);
        (void)snprintf(expected, sizeof expected, "tensor %s is missing; tensor %s: %s", cases[i].name,
                       cases[i].wrapped, cases[i].says);
        assert_int_equal(vqc_weights_open(fixture->path, &weights, &error), VQC_OK);
        two_check(vqc_prefixes_missing(weights, cases[i].name, &error), &error, expected);
        vqc_weights_close(weights);
    }
    vqc_error error = {0}; /* the last, as a model */
    two_check(vqc_clip_open(fixture->path, &options, &clip, &error), &error, ": a part wrapped for several devices");
#undef BLOCK
}

static bool count_prefix(void *context, const char *prefix)
{
    int *count = context;
    if (*count == 0)
        assert_string_equal(prefix, "");
    (*count)++;
    return false;
}

/* Names made to have more prefixes than there is room for are no trouble. */
static void test_many(void **state)
{
    const scratch *fixture = *state;
    vqc_error error = {0};
    vqc_weights *weights;
    int count = 0;
    weights_copy(vit, fixture->path, "model.model.model.model.model.model.model.model.model.model.model.", 2,
                 "module.net.clip._orig_mod.vqvae.vqmodel.module.net.clip._orig_mod.vqvae.vqmodel.a");
    assert_int_equal(vqc_weights_open(fixture->path, &weights, &error), VQC_OK);
    assert_false(vqc_prefixes_fit(weights, count_prefix, &count));
    assert_in_range(count, 10, 24);
    vqc_weights_close(weights);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_clip),           cmocka_unit_test(test_generator), cmocka_unit_test(test_two),
        cmocka_unit_test(test_wrapped_layers), cmocka_unit_test(test_many),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
