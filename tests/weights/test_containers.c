/* Files as the public libraries save them (tests/oracle/containers.py): tensors under keys, in types that are rare,
 * in several files. */

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "weights/weights.h"

#define FIXTURES VQC_SOURCE_DIR "/tests/weights/fixtures/"

static vqc_weights *fixture_open(const char *name, const char *key)
{
    char path[4096];
    vqc_error error = {0};
    vqc_weights *weights = NULL;
    (void)snprintf(path, sizeof path, FIXTURES "%s", name);
    if (vqc_weights_open_key(path, key, &weights, &error) != VQC_OK)
        fail_msg("%s", error.message);
    return weights;
}

static void fixture_refused(const char *name, const char *key, const char *expected)
{
    char path[4096];
    vqc_error error = {0};
    vqc_weights *weights;
    (void)snprintf(path, sizeof path, FIXTURES "%s", name);
    assert_int_equal(vqc_weights_open_key(path, key, &weights, &error), VQC_BAD_INPUT);
    if (strstr(error.message, expected) == NULL || strncmp(error.message, FIXTURES, strlen(FIXTURES)) != 0)
        fail_msg("expected the file and \"%s\" in: %s", expected, error.message);
}

static void read_tensor(const vqc_weights *weights, const char *name, int64_t count, float *values)
{
    vqc_error error = {0};
    const vqc_weights_tensor *tensor = vqc_weights_find(weights, name);
    if (tensor == NULL)
        fail_msg("%s: no tensor %s", vqc_weights_path(weights), name);
    assert_int_equal(tensor->count, count);
    if (vqc_weights_read_f32(weights, tensor, values, &error) != VQC_OK)
        fail_msg("%s", error.message);
}

/* The tensors that all these files hold; `more` is added to their numbers. */
static void common_check(const vqc_weights *weights, float more)
{
    float a[6];
    float b[4];
    read_tensor(weights, "a", 6, a);
    read_tensor(weights, "b", 4, b);
    for (int i = 0; i < 6; i++)
        assert_true(a[i] == (float)i + more);
    for (int i = 0; i < 4; i++)
        assert_true(b[i] == (float)(i + 1) * 10.0F + more);
}

static void test_keys(void **state)
{
    (void)state;
    static const struct key_case {
        const char *file, *wanted, *found;
        float more;
    } cases[] = {
        {.file = "key_model.pt", .found = "model"},
        {.file = "key_model.pt", .wanted = "model", .found = "model"},
        {.file = "key_model_state_dict.pt", .found = "model_state_dict"},
        {.file = "key_state_dict.pt", .found = "state_dict"},
        {.file = "key_params_ema.pt", .found = "params_ema"},
        {.file = "key_module.pt", .found = "model"},
        {.file = "key_two.pt", .wanted = "ema", .found = "ema"},
        {.file = "key_two.pt", .wanted = "model", .found = "model", .more = 100.0F},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        vqc_weights *weights = fixture_open(cases[i].file, cases[i].wanted);
        assert_string_equal(vqc_weights_key(weights), cases[i].found);
        assert_int_equal(vqc_weights_count(weights), 2);
        common_check(weights, cases[i].more);
        vqc_weights_close(weights);
    }
    fixture_refused("key_two.pt", NULL, "found tensors under the keys model and ema: say which with `key`");
    fixture_refused("key_two.pt", "generator", "expected a mapping with the key generator, found none");
    fixture_refused("key_two.pt", "steps", "found an integer");
    fixture_refused("fp8.safetensors", "model", "no keys above their tensors, expected model");
    vqc_weights *plain = fixture_open("others.pt", NULL);
    assert_null(vqc_weights_key(plain));
    vqc_weights_close(plain);
}

/* All numbers of both types, as PyTorch converts them; bit by bit, NaNs as such. */
static void test_fp8(void **state)
{
    (void)state;
    static const char *const files[] = {"fp8.pt", "fp8.safetensors"};
    static const char *const names[] = {"e4m3", "e5m2"};
    vqc_weights *expected = fixture_open("fp8_expected.safetensors", NULL);
    for (size_t f = 0; f < 2; f++) {
        vqc_weights *weights = fixture_open(files[f], NULL);
        for (size_t n = 0; n < 2; n++) {
            float values[256];
            float right[256];
            read_tensor(weights, names[n], 256, values);
            read_tensor(expected, names[n], 256, right);
            for (int i = 0; i < 256; i++)
                if (isnan(right[i]) ? !isnan(values[i]) : memcmp(&values[i], &right[i], sizeof right[i]) != 0)
                    fail_msg("%s: %s: byte %d is %a, expected %a", files[f], names[n], i, (double)values[i],
                             (double)right[i]);
        }
        vqc_weights_close(weights);
    }
    vqc_weights_close(expected);
}

/* Tensors of other types do not hinder, and are refused when they are read. */
static void test_unreadable_types(void **state)
{
    (void)state;
    static const char *const files[] = {"others.safetensors", "others.pt", "others_legacy.pt"};
    for (size_t f = 0; f < sizeof files / sizeof files[0]; f++) {
        vqc_weights *weights = fixture_open(files[f], NULL);
        common_check(weights, 0.0F);
        size_t others = 0;
        for (size_t i = 0; i < vqc_weights_count(weights); i++) {
            const vqc_weights_tensor *tensor = vqc_weights_at(weights, i);
            vqc_error error = {0};
            float values[3];
            int64_t whole[3];
            if (tensor->unreadable == NULL)
                continue;
            others++;
            assert_int_equal(tensor->count, 3);
            assert_string_equal(vqc_weights_type_name(tensor), tensor->unreadable);
            assert_int_equal(vqc_weights_read_f32(weights, tensor, values, &error), VQC_BAD_INPUT);
            assert_non_null(strstr(error.message, "elements of type "));
            assert_non_null(strstr(error.message, tensor->name));
            assert_int_equal(vqc_weights_read_i64(weights, tensor, whole, &error), VQC_BAD_INPUT);
            assert_false(vqc_weights_was_read(tensor));
        }
        assert_in_range(others, 7, 8);
        vqc_weights_close(weights);
    }
}

static void test_without_checksums(void **state)
{
    (void)state;
    vqc_weights *weights = fixture_open("without_checksums.pt", NULL);
    common_check(weights, 0.0F);
    vqc_weights_close(weights);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keys),
        cmocka_unit_test(test_fp8),
        cmocka_unit_test(test_unreadable_types),
        cmocka_unit_test(test_without_checksums),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
