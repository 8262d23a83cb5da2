/* Files as the public libraries save them (tests/oracle/containers.py): tensors under keys, in types that are rare,
 * in several files. */

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "../support/scratch.h"
#include "weights/parts.h"
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

static void test_several_files(void **state)
{
    (void)state;
    static const struct several_case {
        const char *given, *meant;
        size_t files;
        const char *sha256; /* by sha256sum, as parts.h says */
    } cases[] = {
        {"sharded", "sharded/model.safetensors.index.json", 2,
         "31634b4fbdf40eaf469d38c2d1b0f1fea8c355c37ee50564b3d1a9cf42d0dbc2"},
        {"sharded/", "sharded/model.safetensors.index.json", 2,
         "31634b4fbdf40eaf469d38c2d1b0f1fea8c355c37ee50564b3d1a9cf42d0dbc2"},
        {"sharded_bin/pytorch_model.bin.index.json", "sharded_bin/pytorch_model.bin.index.json", 2,
         "065900d3a91dc1052c9398b1d5fd5f104579dec63791b66e36f7244d4c78eaed"},
        {"fp8.safetensors", "fp8.safetensors", 1, NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char path[4096];
        char digest[VQC_DIGEST_TEXT_SIZE];
        char single[VQC_DIGEST_TEXT_SIZE];
        vqc_error error = {0};
        vqc_weights *weights = fixture_open(cases[i].given, NULL);
        (void)snprintf(path, sizeof path, FIXTURES "%s", cases[i].meant);
        assert_string_equal(vqc_weights_path(weights), path);
        assert_int_equal(vqc_weights_file_count(weights), cases[i].files);
        assert_int_equal(vqc_weights_digest(path, digest, &error), VQC_OK);
        assert_int_equal(vqc_digest_file(path, single, &error), VQC_OK);
        assert_string_equal(digest, cases[i].sha256 == NULL ? single : cases[i].sha256);
        if (cases[i].files > 1)
            common_check(weights, 0.0F);
        vqc_weights_close(weights);
    }
    fixture_refused("sharded/model-00001-of-00002.safetensors", "model", "no keys above");
}

/* A folder of a test's own. */
typedef struct own_folder {
    char path[64];
    char names[4][64];
    int count;
} own_folder;

static void folder_add(own_folder *folder, const char *name, const char *text)
{
    char path[256];
    (void)snprintf(folder->names[folder->count++], sizeof folder->names[0], "%s", name);
    (void)snprintf(path, sizeof path, "%s/%s", folder->path, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void folder_link(own_folder *folder, const char *fixture, const char *name)
{
    char path[256];
    char target[4096];
    (void)snprintf(folder->names[folder->count++], sizeof folder->names[0], "%s", name);
    (void)snprintf(path, sizeof path, "%s/%s", folder->path, name);
    (void)snprintf(target, sizeof target, FIXTURES "%s", fixture);
    assert_int_equal(symlink(target, path), 0);
}

static void folder_pipe(own_folder *folder, const char *name)
{
    char path[256];
    (void)snprintf(folder->names[folder->count++], sizeof folder->names[0], "%s", name);
    (void)snprintf(path, sizeof path, "%s/%s", folder->path, name);
    assert_int_equal(mkfifo(path, 0600), 0);
}

/* Opening the folder, or a file in it, is refused so. Empties the folder. */
static void folder_refused(own_folder *folder, const char *name, const char *expected)
{
    char path[256];
    vqc_error error = {0};
    vqc_weights *weights;
    (void)snprintf(path, sizeof path, "%s/%s", folder->path, name);
    assert_int_equal(vqc_weights_open(path, &weights, &error), VQC_BAD_INPUT);
    if (strstr(error.message, expected) == NULL || strstr(error.message, folder->path) == NULL)
        fail_msg("expected the folder and \"%s\" in: %s", expected, error.message);
    for (int i = 0; i < folder->count; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", folder->path, folder->names[i]);
        assert_int_equal(unlink(path), 0);
    }
    folder->count = 0;
}

static void test_folders(void **state)
{
    (void)state;
    own_folder folder = {0};
    folder_make(folder.path, sizeof folder.path);
    folder_refused(&folder, "", "expected a folder with model.safetensors, ");
    folder_link(&folder, "fp8.safetensors", "model.safetensors");
    folder_link(&folder, "fp8.pt", "pytorch_model.bin");
    folder_refused(&folder, "", "holds both model.safetensors and pytorch_model.bin: name one of them");
    folder_add(&folder, "model_index.json", "{}");
    folder_refused(&folder, "", "is a pipeline of several models: name the folder of one");
    folder_link(&folder, "fp8.safetensors", "model.safetensors");
    folder_add(&folder, "adapter_config.json", "{}");
    folder_refused(&folder, "", "holds adapter_config.json beside model.safetensors: an adapter of peft");
    folder_add(&folder, "adapter_config.json", "{}");
    folder_refused(&folder, "", "is an adapter of peft without its model");
    folder_add(&folder, ".metadata", "x");
    folder_refused(&folder, "", "is a distributed checkpoint (DCP)");
    folder_add(&folder, "__0_0.distcp", "x");
    folder_refused(&folder, "__0_0.distcp", "part of a distributed checkpoint (DCP)");
    folder_add(&folder, "model.onnx", "\x08\x0a\x12\x07pytorch");
    folder_refused(&folder, "model.onnx", "an ONNX model: convert it to safetensors first");
    folder_add(&folder, "flax_model.msgpack", "\x81\xa1w\x01");
    folder_refused(&folder, "flax_model.msgpack", "a msgpack file (Flax): convert it");
    folder_add(&folder, "x.gguf", "GGUF....");
    folder_refused(&folder, "x.gguf", "found a GGUF file, of whatever model: convert it");
    folder_add(&folder, "x.h5", "\x89HDF\r\n\x1a\n....");
    folder_refused(&folder, "x.h5", "found an HDF5 file");
    assert_int_equal(rmdir(folder.path), 0);
}

static void test_indexes(void **state)
{
    (void)state;
    static const struct index_case {
        const char *text;
        const char *expected;
    } cases[] = {
        {"{", "model.safetensors.index.json:1:1: not valid JSON: "},
        {"{}", "expected the object weight_map"},
        {"{\"weight_map\": {}}", "expected the object weight_map"},
        {"{\"weight_map\": {\"a\": 1}}", "weight_map: a: expected the name of a file"},
        {"{\"weight_map\": {\"a\": \"../x\"}}", "weight_map: a: expected the name of a file in the same folder"},
        {"{\"weight_map\": {\"a\": \"/etc/passwd\"}}", "in the same folder, found /etc/passwd"},
        {"{\"weight_map\": {\"a\": \"model.safetensors.index.json\"}}", "in the same folder, found model"},
        {"{\"weight_map\": {\"a\": \"gone.safetensors\"}}", "gone.safetensors: cannot be opened"},
        {"{\"weight_map\": {\"a\": \"1.safetensors\", \"c\": \"1.safetensors\"}}", "tensor c: expected in "},
        {"{\"weight_map\": {\"e4m3\": \"2.safetensors\"}}", "tensor e5m2: is not what "},
        {"{\"weight_map\": {\"a\": \"1.safetensors\", \"a\": \"2.safetensors\"}}", "duplicate"},
    };
    own_folder folder = {0};
    folder_make(folder.path, sizeof folder.path);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        folder_add(&folder, "model.safetensors.index.json", cases[i].text);
        folder_link(&folder, "sharded/model-00001-of-00002.safetensors", "1.safetensors");
        folder_link(&folder, "fp8.safetensors", "2.safetensors");
        folder_refused(&folder, "", cases[i].expected);
    }
    folder_pipe(&folder, "model.safetensors.index.json");
    folder_refused(&folder, "", "model.safetensors.index.json: expected a regular file, found a pipe");
    assert_int_equal(rmdir(folder.path), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keys),
        cmocka_unit_test(test_fp8),
        cmocka_unit_test(test_unreadable_types),
        cmocka_unit_test(test_without_checksums),
        cmocka_unit_test(test_several_files),
        cmocka_unit_test(test_folders),
        cmocka_unit_test(test_indexes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
