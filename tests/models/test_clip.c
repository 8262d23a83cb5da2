/* CLIP towers against expected values of the public implementations, in every format that the files come in. */

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "model_test.h"
#include "models/clip.h"

static void image_tower_check(const model_test *test, const vqc_clip *clip, const vqc_weights *expected)
{
    vqc_error error = {0};
    vqc_clip_image_tower tower;
    int64_t shape[4];
    float *pixels = model_test_tensor(expected, "pixels", shape);
    int64_t weight_shape[4];
    float *weight = model_test_tensor(expected, "embed_weight", weight_shape);
    assert_true(pixels != NULL && weight != NULL);
    model_test_ok(vqc_clip_image_tower_create(clip, test->ops, test->precision, shape[0], true, &tower, &error),
                  &error);
    model_test_ok(vqc_network_write(tower.network, tower.pixels, pixels, &error), &error);
    model_test_ok(vqc_network_forward(tower.network, &error), &error);
    model_test_compare(test, tower.network, tower.embedding, MODEL_TEST_OUTPUT, expected, "image_embed");
    model_test_ok(vqc_network_gradient_write(tower.network, tower.embedding, weight, &error), &error);
    model_test_ok(vqc_network_backward(tower.network, &error), &error);
    model_test_compare(test, tower.network, tower.pixels, MODEL_TEST_GRADIENT, expected, "pixels_grad");
    vqc_clip_image_tower_destroy(&tower);
    free(pixels);
    free(weight);
}

static void text_tower_check(const model_test *test, const vqc_clip *clip, const vqc_weights *expected)
{
    vqc_error error = {0};
    vqc_clip_text_tower tower;
    int64_t shape[4];
    int32_t *ids = model_test_integers(expected, "token_ids", shape);
    assert_non_null(ids);
    model_test_ok(vqc_clip_text_tower_create(clip, test->ops, test->precision, shape[0], shape[1], &tower, &error),
                  &error);
    model_test_ok(vqc_clip_text_tower_write(&tower, ids, &error), &error);
    model_test_ok(vqc_network_forward(tower.network, &error), &error);
    model_test_compare(test, tower.network, tower.embedding, MODEL_TEST_OUTPUT, expected, "text_embed");
    vqc_clip_text_tower_destroy(&tower);
    free(ids);
}

static void model_check(const model_test *test, const char *path, const char *expected_path)
{
    vqc_error error = {0};
    vqc_clip_options options = {0};
    vqc_clip *clip;
    (void)printf("  %s\n", path);
    model_test_ok(vqc_clip_open(path, &options, &clip, &error), &error);
    vqc_weights *expected = model_test_expected(expected_path);
    image_tower_check(test, clip, expected);
    text_tower_check(test, clip, expected);
    vqc_weights_close(expected);
    vqc_clip_close(clip);
}

static void reference_check(const model_test *test, const char *name, const char *expected_name)
{
    const char *found = model_test_reference(expected_name);
    if (found == NULL)
        skip();
    char *expected = strdup(found);
    model_check(test, model_test_reference(name), expected);
    free(expected);
}

static void fixture_check(const model_test *test, const char *name, const char *expected_name)
{
    char *expected = strdup(model_test_fixture(expected_name));
    model_check(test, model_test_fixture(name), expected);
    free(expected);
}

static void test_vit_torchscript(void **state)
{
    reference_check(*state, "clip_vit.pt", "clip_vit_expected.safetensors");
}

static void test_vit_safetensors(void **state)
{
    reference_check(*state, "clip_vit.safetensors", "clip_vit_expected.safetensors");
}

static void test_vit_state_dict(void **state)
{
    reference_check(*state, "clip_vit_statedict.pt", "clip_vit_expected.safetensors");
}

static void test_vit_legacy(void **state)
{
    reference_check(*state, "clip_vit_legacy.pt", "clip_vit_expected.safetensors");
}

static void test_resnet_torchscript(void **state)
{
    reference_check(*state, "clip_resnet.pt", "clip_resnet_expected.safetensors");
}

static void test_resnet_safetensors(void **state)
{
    reference_check(*state, "clip_resnet.safetensors", "clip_resnet_expected.safetensors");
}

static void test_open_clip_gelu(void **state)
{
    fixture_check(*state, "open_clip_gelu/open_clip_model.safetensors",
                  "open_clip_gelu/open_clip_model_expected.safetensors");
}

static void test_open_clip_custom_text(void **state)
{
    fixture_check(*state, "open_clip_custom_text/open_clip_model.safetensors",
                  "open_clip_custom_text/open_clip_model_expected.safetensors");
}

static void test_hugging_face_quick_gelu(void **state)
{
    fixture_check(*state, "hugging_face_quick_gelu/model.safetensors",
                  "hugging_face_quick_gelu/model_expected.safetensors");
}

static void test_hugging_face_gelu(void **state)
{
    fixture_check(*state, "hugging_face_gelu/model.safetensors", "hugging_face_gelu/model_expected.safetensors");
}

static void test_hugging_face_heads(void **state)
{
    fixture_check(*state, "hugging_face_heads/model.safetensors", "hugging_face_heads/model_expected.safetensors");
}

int main(int argc, char **argv)
{
    model_test test;
    model_test_open(&test, argc, argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(test_vit_torchscript, &test),
        cmocka_unit_test_prestate(test_vit_safetensors, &test),
        cmocka_unit_test_prestate(test_vit_state_dict, &test),
        cmocka_unit_test_prestate(test_vit_legacy, &test),
        cmocka_unit_test_prestate(test_resnet_torchscript, &test),
        cmocka_unit_test_prestate(test_resnet_safetensors, &test),
        cmocka_unit_test_prestate(test_open_clip_gelu, &test),
        cmocka_unit_test_prestate(test_open_clip_custom_text, &test),
        cmocka_unit_test_prestate(test_hugging_face_quick_gelu, &test),
        cmocka_unit_test_prestate(test_hugging_face_gelu, &test),
        cmocka_unit_test_prestate(test_hugging_face_heads, &test),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    model_test_close(&test);
    return failed;
}
