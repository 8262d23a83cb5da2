/* The resample operation of one implementation, named by the argument, against the public implementations. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../comparison.h"
#include "execution.h"
#include "ops/filter.h"
#include "reference_file.h"

enum { REFERENCE_COUNT = 5, CHANNELS = 3 };

/* One entry of the reference file, channels last. */
typedef struct resample_reference {
    int64_t height, width, side;
    double *input, *output, *weight, *gradient;
} resample_reference;

static double *read_numbered(const vqc_weights *file, const char *prefix, int number,
                             const vqc_weights_tensor **tensor)
{
    char name[32];
    (void)snprintf(name, sizeof name, "%s%d", prefix, number);
    return reference_file_read_picture(file, name, tensor);
}

static void reference_open(resample_reference *reference, const vqc_weights *file, int number)
{
    const vqc_weights_tensor *tensor;
    reference->weight = read_numbered(file, "w", number, &tensor);
    reference->gradient = read_numbered(file, "grad", number, &tensor);
    reference->output = read_numbered(file, "out", number, &tensor);
    reference->side = tensor->shape[2];
    assert_int_equal(tensor->shape[3], reference->side);
    reference->input = read_numbered(file, "in", number, &tensor);
    reference->height = tensor->shape[2];
    reference->width = tensor->shape[3];
    assert_int_equal(tensor->shape[1], CHANNELS);
}

static void reference_close(resample_reference *reference)
{
    free(reference->input);
    free(reference->output);
    free(reference->weight);
    free(reference->gradient);
}

static void assert_close(const char *what, const double *actual, const double *expected, int64_t count)
{
    comparison found = comparison_of(actual, expected, count);
    print_message("%s: relative %.2e, largest %.2e\n", what, found.relative, found.largest);
    if (!comparison_is_within(&found, &tolerances[TOLERANCE_RESAMPLE]))
        fail_msg("%s: relative %.3e, largest %.3e at %lld", what, found.relative, found.largest,
                 (long long)found.worst);
}

/* Puts the reference's picture at (top, left) into one of two larger pictures of other values, cuts it out again, and
 * compares the output and the gradient, which is to be zero everywhere else. */
static void crop_check(vqc_ops *ops, const resample_reference *reference, int64_t top, int64_t left, int64_t margin)
{
    int64_t height = top + reference->height + margin;
    int64_t width = left + reference->width + margin;
    vqc_operation operation = {
        .kind = VQC_OPERATION_RESAMPLE,
        .dtype = VQC_DTYPE_F32,
        .resample = {
            .batch = 2, .height = height, .width = width, .channels = CHANNELS, .crops = 1, .side = reference->side}};
    operation_execution execution;
    execution_open(&execution, ops, &operation);
    int64_t input_count = execution.layout.input_count_elements[0];
    double *input = execution_doubles(input_count);
    double *gradient = execution_doubles(input_count);
    double *expected = execution_doubles(input_count);
    double *output = execution_doubles(execution.layout.output_count_elements);
    for (int64_t i = 0; i < input_count; i++)
        input[i] = 1e3;
    for (int64_t y = 0; y < reference->height; y++) {
        int64_t at = (((height + top + y) * width) + left) * CHANNELS;
        size_t size = (size_t)(reference->width * CHANNELS) * sizeof(double);
        memcpy(input + at, reference->input + y * reference->width * CHANNELS, size);
        memcpy(expected + at, reference->gradient + y * reference->width * CHANNELS, size);
    }
    const double crop[5] = {1.0, (double)top, (double)left, (double)reference->height, (double)reference->width};
    execution_forward(&execution, (const double *const[2]){input, crop}, output);
    execution_backward(&execution, reference->weight, (const double *const[2]){NULL, NULL},
                       (double *const[2]){gradient, NULL});
    assert_close("output", output, reference->output, execution.layout.output_count_elements);
    assert_close("gradient", gradient, expected, input_count);
    for (int64_t i = 0; i < input_count; i++)
        if (expected[i] == 0.0)
            assert_true(gradient[i] == 0.0);
    free(input);
    free(gradient);
    free(expected);
    free(output);
    execution_close(&execution);
}

static void resample_is_as_published(void **state)
{
    vqc_weights *file = reference_file_open("resample_expected.safetensors");
    for (int i = 0; i < REFERENCE_COUNT; i++) {
        resample_reference reference;
        reference_open(&reference, file, i);
        crop_check(*state, &reference, 0, 0, 0);
        crop_check(*state, &reference, 7, 11, 3);
        reference_close(&reference);
    }
    vqc_weights_close(file);
}

/* The filter keeps its bands inside the axis and its memory, and constants constant, for all lengths. */
static void filter_rows_are_sound(void **state)
{
    (void)state;
    enum { MAX_LENGTH = 70 };
    const int64_t sides[] = {1, 2, 7, 32, 80};
    for (size_t s = 0; s < sizeof sides / sizeof sides[0]; s++) {
        void *memory = malloc(vqc_filter_size(MAX_LENGTH, sides[s]));
        assert_non_null(memory);
        for (int64_t length = 1; length <= MAX_LENGTH; length++) {
            vqc_filter filter;
            vqc_filter_compute(length, MAX_LENGTH, sides[s], memory, &filter);
            for (int64_t i = 0; i < sides[s]; i++) {
                assert_true(filter.first[i] >= 0 && filter.count[i] >= 1 && filter.count[i] <= filter.stride);
                assert_true(filter.first[i] + filter.count[i] <= length);
                double sum = 0.0;
                for (int64_t k = 0; k < filter.stride; k++) {
                    assert_true(k < filter.count[i] || filter.weight[i * filter.stride + k] == 0.0);
                    sum += filter.weight[i * filter.stride + k];
                }
                assert_true(fabs(sum - 1.0) < 1e-12);
            }
        }
        free(memory);
    }
}

static int tests_run(vqc_ops *ops)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(resample_is_as_published, ops),
        cmocka_unit_test(filter_rows_are_sound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(int argument_count, char **arguments)
{
    return execution_main(argument_count, arguments, tests_run);
}
