#include "model_test.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "../comparison.h"
#include "../device_absent.h"
#include "../device_precision.h"

void model_test_ok(vqc_status status, const vqc_error *error)
{
    if (status != VQC_OK)
        fail_msg("%s", error->message);
}

void model_test_open(model_test *test, int argc, char **argv)
{
    vqc_error error = {0};
    vqc_ops_options options = {0};
    if (argc != 3 && argc != 4) {
        (void)fprintf(stderr, "usage: %s DEVICE PRECISION [PATTERN]\n", argv[0]);
        exit(2);
    }
    if (argc == 4)
        cmocka_set_test_filter(argv[3]);
    test->precision = strcmp(argv[2], "bf16") == 0 ? VQC_DTYPE_BF16 : VQC_DTYPE_F32;
    if (vqc_ops_create(argv[1], &options, &test->ops, &error) != VQC_OK)
        device_absent_exit(&error);
    if (test->precision == VQC_DTYPE_BF16 && !device_has_bf16(test->ops)) {
        (void)printf("SKIPPED: no bf16 on this processor\n");
        exit(77);
    }
}

void model_test_close(model_test *test)
{
    vqc_ops_destroy(test->ops);
}

const char *model_test_reference(const char *name)
{
    static char path[4096];
    (void)snprintf(path, sizeof path, "%s/reference/%s", VQC_SHARED_DIR, name);
    if (access(path, R_OK) == 0)
        return path;
    (void)printf("SKIPPED: %s is not there\n", path);
    return NULL;
}

const char *model_test_fixture(const char *name)
{
    static char path[4096];
    (void)snprintf(path, sizeof path, "%s/tests/models/fixtures/%s", VQC_SOURCE_DIR, name);
    return path;
}

vqc_weights *model_test_expected(const char *path)
{
    vqc_weights *expected;
    vqc_error error = {0};
    model_test_ok(vqc_weights_open(path, &expected, &error), &error);
    return expected;
}

/* (N, C, H, W) to (N, H, W, C). */
static float *channels_last(float *data, int64_t shape[4])
{
    int64_t pixels = shape[2] * shape[3];
    float *last = malloc((size_t)(shape[0] * shape[1] * pixels) * sizeof *last);
    assert_non_null(last);
    for (int64_t n = 0; n < shape[0]; n++)
        for (int64_t c = 0; c < shape[1]; c++)
            for (int64_t p = 0; p < pixels; p++)
                last[(n * pixels + p) * shape[1] + c] = data[(n * shape[1] + c) * pixels + p];
    int64_t channels = shape[1];
    shape[1] = shape[2];
    shape[2] = shape[3];
    shape[3] = channels;
    free(data);
    return last;
}

float *model_test_tensor(const vqc_weights *expected, const char *name, int64_t shape[4])
{
    const vqc_weights_tensor *tensor = vqc_weights_find(expected, name);
    vqc_error error = {0};
    if (tensor == NULL)
        return NULL;
    assert_true(tensor->rank <= 4);
    memcpy(shape, tensor->shape, 4 * sizeof *shape);
    float *data = malloc((size_t)tensor->count * sizeof *data);
    assert_non_null(data);
    model_test_ok(vqc_weights_read_f32(expected, tensor, data, &error), &error);
    return tensor->rank == 4 ? channels_last(data, shape) : data;
}

int32_t *model_test_integers(const vqc_weights *expected, const char *name, int64_t shape[4])
{
    const vqc_weights_tensor *tensor = vqc_weights_find(expected, name);
    vqc_error error = {0};
    if (tensor == NULL)
        return NULL;
    memcpy(shape, tensor->shape, 4 * sizeof *shape);
    int64_t *wide = malloc((size_t)tensor->count * sizeof *wide);
    int32_t *data = malloc((size_t)tensor->count * sizeof *data);
    assert_true(wide != NULL && data != NULL);
    model_test_ok(vqc_weights_read_i64(expected, tensor, wide, &error), &error);
    for (int64_t i = 0; i < tensor->count; i++)
        data[i] = (int32_t)wide[i];
    free(wide);
    return data;
}

static size_t value_count(const vqc_network *network, vqc_value value)
{
    vqc_shape shape = vqc_network_shape(network, value);
    size_t count = 1;
    for (int i = 0; i < shape.rank; i++)
        count *= (size_t)shape.size[i];
    return count;
}

static double *doubles_of(const float *values, size_t count)
{
    double *wide = malloc((count + 1) * sizeof *wide);
    assert_non_null(wide);
    for (size_t i = 0; i < count; i++)
        wide[i] = (double)values[i];
    return wide;
}

static const tolerance *tolerance_for(const model_test *test, model_test_kind kind)
{
    bool output = kind == MODEL_TEST_OUTPUT;
    if (test->precision == VQC_DTYPE_F32)
        return &tolerances[output ? TOLERANCE_MODEL_OUTPUT_F32 : TOLERANCE_MODEL_GRADIENT_F32];
    return &tolerances[output ? TOLERANCE_MODEL_OUTPUT_BF16 : TOLERANCE_MODEL_GRADIENT_BF16];
}

static void figures_check(const model_test *test, model_test_kind kind, const char *name, const float *actual,
                          const float *expected, size_t count)
{
    const tolerance *allowed = tolerance_for(test, kind);
    double *wide_actual = doubles_of(actual, count);
    double *wide_expected = doubles_of(expected, count);
    comparison found = comparison_of(wide_actual, wide_expected, (int64_t)count);
    free(wide_actual);
    free(wide_expected);
    (void)printf("    %-20s relative L2 %.2e, cosine %.6f, largest %.2e\n", name, found.relative, found.cosine,
                 found.largest);
    if (!comparison_is_within(&found, allowed))
        fail_msg("%s: beyond relative L2 %.0e, cosine %.6f, largest %.0e", name, allowed->relative, allowed->cosine,
                 allowed->largest);
}

void model_test_compare(const model_test *test, vqc_network *network, vqc_value value, model_test_kind kind,
                        const vqc_weights *expected, const char *name)
{
    vqc_error error = {0};
    int64_t shape[4];
    float *wanted = model_test_tensor(expected, name, shape);
    assert_non_null(wanted);
    size_t count = value_count(network, value);
    assert_int_equal(vqc_weights_find(expected, name)->count, count);
    float *actual = malloc(count * sizeof *actual);
    assert_non_null(actual);
    model_test_ok(kind == MODEL_TEST_OUTPUT ? vqc_network_read(network, value, actual, &error)
                                            : vqc_network_gradient_read(network, value, actual, &error),
                  &error);
    figures_check(test, kind, name, actual, wanted, count);
    free(actual);
    free(wanted);
}
