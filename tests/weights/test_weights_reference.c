/* The reference checkpoints: every format, compared with what PyTorch reads (constants below, made with torch.load,
 * torch.jit.load and safetensors.safe_open) and with each other. */

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/digest.h"
#include "weights/weights.h"

#define REFERENCE VQC_SHARED_DIR "/reference/"

/* Opens a reference file or skips the test. */
static vqc_weights *reference_open(const char *name)
{
    char path[4096];
    (void)snprintf(path, sizeof path, REFERENCE "%s", name);
    if (access(path, R_OK) != 0) {
        print_message("%s is not there\n", path);
        skip();
    }
    vqc_weights *weights = NULL;
    vqc_error error = {0};
    if (vqc_weights_open(path, &weights, &error) != VQC_OK)
        fail_msg("%s", error.message);
    return weights;
}

static float *tensor_read(const vqc_weights *weights, const vqc_weights_tensor *tensor)
{
    float *values = malloc(sizeof *values * (size_t)(tensor->count + 1));
    assert_non_null(values);
    vqc_error error = {0};
    if (vqc_weights_read_f32(weights, tensor, values, &error) != VQC_OK)
        fail_msg("%s", error.message);
    return values;
}

static int compare_tensors(const void *left, const void *right)
{
    const vqc_weights_tensor *const *a = left;
    const vqc_weights_tensor *const *b = right;
    return strcmp((*a)->name, (*b)->name);
}

/* SHA-256 over all tensors, sorted by name: name with its NUL, rank (int32), shape (int64), values (f32). */
static void weights_digest(const vqc_weights *weights, char text[VQC_DIGEST_TEXT_SIZE])
{
    size_t count = vqc_weights_count(weights);
    const vqc_weights_tensor **sorted = malloc(count * sizeof(void *));
    assert_non_null(sorted);
    char *bytes = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&bytes, &size);
    assert_non_null(stream);
    for (size_t i = 0; i < count; i++)
        sorted[i] = vqc_weights_at(weights, i);
    qsort(sorted, count, sizeof(void *), compare_tensors);
    for (size_t i = 0; i < count; i++) {
        const vqc_weights_tensor *tensor = sorted[i];
        float *values = tensor_read(weights, tensor);
        (void)fwrite(tensor->name, 1, strlen(tensor->name) + 1, stream);
        (void)fwrite(&tensor->rank, sizeof(int32_t), 1, stream);
        (void)fwrite(tensor->shape, sizeof(int64_t), (size_t)tensor->rank, stream);
        (void)fwrite(values, sizeof *values, (size_t)tensor->count, stream);
        free(values);
    }
    assert_int_equal(fclose(stream), 0);
    vqc_error error = {0};
    assert_int_equal(vqc_digest_bytes(bytes, size, text, &error), VQC_OK);
    free(bytes);
    free(sorted);
}

typedef struct expected_file {
    const char *name;
    vqc_weights_format format;
    size_t count;
    const char *digest;
} expected_file;

static const expected_file expected_files[] = {
    {"clip_vit.safetensors", VQC_WEIGHTS_SAFETENSORS, 74,
     "cba1bb581f53331da02537221b486ca98cf014b787206d7b096a0bdee9f7c07d"},
    {"clip_vit.pt", VQC_WEIGHTS_TORCHSCRIPT, 77, "d646e46e19396f6b9f14662de354a09453f4fdeff8549a431f83c8d4deab2488"},
    {"clip_vit_statedict.pt", VQC_WEIGHTS_PYTORCH_ZIP, 74,
     "9c300280df12b1b504c7167e40a2f1b0a02a88478bcb4abf89313832dcf78832"},
    {"clip_vit_legacy.pt", VQC_WEIGHTS_PYTORCH_LEGACY, 74,
     "9c300280df12b1b504c7167e40a2f1b0a02a88478bcb4abf89313832dcf78832"},
    {"clip_resnet.safetensors", VQC_WEIGHTS_SAFETENSORS, 171,
     "cdea6ce80ae17977e869ceadee5792ec5d9d4794ea7a072bae19068d8704e34b"},
    {"clip_resnet.pt", VQC_WEIGHTS_TORCHSCRIPT, 174,
     "8265f5cf4d29797f3144c1e857ca3d6d3f1aea1423ff412afd4ce28297adc1d5"},
    {"vqgan.ckpt", VQC_WEIGHTS_PYTORCH_ZIP, 253, "2365c6dbb84cd519d813ba14e062cd58a58e6face453c2f4c3b34e16ef60e7c1"},
    {"vqgan_legacy.ckpt", VQC_WEIGHTS_PYTORCH_LEGACY, 253,
     "2365c6dbb84cd519d813ba14e062cd58a58e6face453c2f4c3b34e16ef60e7c1"},
    {"vqgan_gumbel.ckpt", VQC_WEIGHTS_PYTORCH_ZIP, 187,
     "25cf2331356776086c7b3e8fdf062061329b86ac5b92dfe1aba31fc24834edb9"},
};

static void test_digests(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof expected_files / sizeof expected_files[0]; i++) {
        const expected_file *expected = &expected_files[i];
        vqc_weights *weights = reference_open(expected->name);
        char digest[VQC_DIGEST_TEXT_SIZE];
        assert_int_equal(vqc_weights_format_of(weights), expected->format);
        assert_int_equal(vqc_weights_count(weights), expected->count);
        weights_digest(weights, digest);
        assert_string_equal(digest, expected->digest);
        vqc_weights_close(weights);
    }
}

static void test_values(void **state)
{
    (void)state;
    vqc_weights *weights = reference_open("vqgan.ckpt");
    const vqc_weights_tensor *tensor = vqc_weights_find(weights, "encoder.conv_in.weight");
    assert_non_null(tensor);
    assert_ptr_equal(tensor, vqc_weights_at(weights, 0)); /* the file's order */
    assert_int_equal(tensor->dtype, VQC_DTYPE_F32);
    assert_int_equal(tensor->rank, 4);
    assert_int_equal(tensor->shape[0], 32);
    assert_int_equal(tensor->shape[1], 3);
    assert_int_equal(tensor->shape[2], 3);
    assert_int_equal(tensor->shape[3], 3);
    assert_int_equal(tensor->count, 32 * 27);
    float *values = tensor_read(weights, tensor);
    assert_true(values[0] == -0.13379375636577606f);
    assert_true(values[1] == 0.29963693022727966f);
    free(values);
    assert_null(vqc_weights_find(weights, "encoder.conv_in"));
    assert_null(vqc_weights_find(weights, "state_dict"));
    assert_null(vqc_weights_metadata(weights, "what"));
    vqc_weights_close(weights);
}

/* Every tensor of `part` is in `whole` with the same type, shape and bits. (The safetensors files have shape [1]
 * where PyTorch's have a scalar.) */
static void assert_contained(const vqc_weights *part, const vqc_weights *whole)
{
    for (size_t i = 0; i < vqc_weights_count(part); i++) {
        const vqc_weights_tensor *a = vqc_weights_at(part, i);
        const vqc_weights_tensor *b = vqc_weights_find(whole, a->name);
        assert_non_null(b);
        assert_int_equal(a->dtype, b->dtype);
        assert_int_equal(a->count, b->count);
        if (a->count > 1) {
            assert_int_equal(a->rank, b->rank);
            assert_memory_equal(a->shape, b->shape, sizeof a->shape[0] * (size_t)a->rank);
        }
        float *left = tensor_read(part, a);
        float *right = tensor_read(whole, b);
        assert_memory_equal(left, right, sizeof *left * (size_t)a->count);
        free(left);
        free(right);
    }
}

static void test_formats_agree(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {{"clip_vit.safetensors", "clip_vit.pt"},
                                           {"clip_resnet.safetensors", "clip_resnet.pt"},
                                           {"clip_vit_legacy.pt", "clip_vit_statedict.pt"},
                                           {"vqgan_legacy.ckpt", "vqgan.ckpt"}};
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        vqc_weights *part = reference_open(pairs[i][0]);
        vqc_weights *whole = reference_open(pairs[i][1]);
        assert_contained(part, whole);
        vqc_weights_close(part);
        vqc_weights_close(whole);
    }
}

/* The f16 files hold the f32 ones rounded: at most half a unit in the last of 11 places away. */
static void test_half_is_rounded_single(void **state)
{
    (void)state;
    vqc_weights *half = reference_open("clip_vit.safetensors");
    vqc_weights *single = reference_open("clip_vit_statedict.pt");
    for (size_t i = 0; i < vqc_weights_count(half); i++) {
        const vqc_weights_tensor *a = vqc_weights_at(half, i);
        const vqc_weights_tensor *b = vqc_weights_find(single, a->name);
        assert_non_null(b);
        assert_int_equal(a->count, b->count);
        float *rounded = tensor_read(half, a);
        float *exact = tensor_read(single, b);
        for (int64_t k = 0; k < a->count; k++)
            assert_true(fabsf(rounded[k] - exact[k]) <= ldexpf(fabsf(exact[k]), -11) + ldexpf(1.0f, -25));
        free(rounded);
        free(exact);
    }
    vqc_weights_close(half);
    vqc_weights_close(single);
}

static void test_integers(void **state)
{
    (void)state;
    vqc_weights *weights = reference_open("clip_vit.pt");
    const vqc_weights_tensor *length = vqc_weights_find(weights, "context_length");
    assert_non_null(length);
    assert_int_equal(length->dtype, VQC_DTYPE_I64);
    assert_int_equal(length->rank, 0);
    assert_int_equal(length->count, 1);
    int64_t value = 0;
    vqc_error error = {0};
    assert_int_equal(vqc_weights_read_i64(weights, length, &value, &error), VQC_OK);
    assert_int_equal(value, 16);
    const vqc_weights_tensor *scale = vqc_weights_find(weights, "logit_scale");
    assert_non_null(scale);
    assert_int_equal(vqc_weights_read_i64(weights, scale, &value, &error), VQC_BAD_INPUT);
    assert_non_null(strstr(error.message, "clip_vit.pt: tensor logit_scale: expected integers, found f16"));
    vqc_weights_close(weights);
}

static void test_metadata(void **state)
{
    (void)state;
    vqc_weights *weights = reference_open("vqgan_expected.safetensors");
    assert_non_null(vqc_weights_metadata(weights, "what"));
    assert_null(vqc_weights_metadata(weights, "whatever"));
    assert_null(vqc_weights_find(weights, "__metadata__"));
    vqc_weights_close(weights);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_digests),       cmocka_unit_test(test_values),
        cmocka_unit_test(test_formats_agree), cmocka_unit_test(test_half_is_rounded_single),
        cmocka_unit_test(test_integers),      cmocka_unit_test(test_metadata),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
