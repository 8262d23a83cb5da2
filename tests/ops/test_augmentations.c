/* The operations behind the augmentations, on the implementation that the argument names, against kornia 0.5.4
 * (tests/oracle/augmentations.py). */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../comparison.h"
#include "execution.h"
#include "ops/spline_formulas.h"
#include "reference_file.h"

static vqc_weights *fixture_open(void)
{
    vqc_error error = {0};
    vqc_weights *file = NULL;
    if (vqc_weights_open(VQC_SOURCE_DIR "/tests/ops/fixtures/augmentations.safetensors", &file, &error) != VQC_OK)
        fail_msg("%s", error.message);
    return file;
}

/* The tensor PREFIX_SUFFIX, channels last where it is a picture. */
static double *tensor_read(const vqc_weights *file, const char *prefix, const char *suffix, bool is_picture)
{
    const vqc_weights_tensor *tensor;
    char name[64];
    (void)snprintf(name, sizeof name, "%s_%s", prefix, suffix);
    return is_picture ? reference_file_read_picture(file, name, &tensor) : reference_file_read(file, name, &tensor);
}

static void assert_close(const char *name, const char *what, const double *actual, const double *expected,
                         int64_t count)
{
    comparison found = comparison_of(actual, expected, count);
    tolerance_kind kind = strcmp(name, "spline") == 0 ? TOLERANCE_SPLINE : TOLERANCE_AUGMENTATION;
    print_message("%s, %s: relative %.2e, largest %.2e\n", name, what, found.relative, found.largest);
    if (!comparison_is_within(&found, &tolerances[kind]))
        fail_msg("%s, %s: relative %.3e, largest %.3e at %lld", name, what, found.relative, found.largest,
                 (long long)found.worst);
}

/* Crops of the fixture. */
enum { CROPS = 4, SIDE = 20, CHANNELS = 3 };

/* The operation on the fixture's crops, with these parameters, against the outcome of the case. */
static void outcome_check(vqc_ops *ops, const vqc_weights *file, const char *name, vqc_operation operation,
                          const double *parameters)
{
    const vqc_weights_tensor *tensor;
    double *crops = reference_file_read_picture(file, "crops", &tensor);
    double *grad_output = reference_file_read_picture(file, "out_gradient", &tensor);
    double *expected = tensor_read(file, name, "output", true);
    double *expected_gradient = tensor_read(file, name, "gradient", true);
    double *output = execution_doubles(tensor->count);
    double *gradient = execution_doubles(tensor->count);
    operation_execution execution;
    operation.dtype = VQC_DTYPE_F32;
    execution_open(&execution, ops, &operation);
    assert_int_equal(execution.layout.output_count_elements, tensor->count);
    execution_forward(&execution, (const double *const[2]){crops, parameters}, output);
    execution_backward(&execution, grad_output, (const double *const[2]){NULL, NULL},
                       (double *const[2]){gradient, NULL});
    assert_close(name, "output", output, expected, tensor->count);
    assert_close(name, "gradient", gradient, expected_gradient, tensor->count);
    execution_close(&execution);
    free(gradient);
    free(output);
    free(expected_gradient);
    free(expected);
    free(grad_output);
    free(crops);
}

/* An operation with the parameters of the case. */
static void case_check(vqc_ops *ops, const char *name, vqc_operation operation)
{
    vqc_weights *file = fixture_open();
    double *parameters = tensor_read(file, name, "parameters", false);
    outcome_check(ops, file, name, operation, parameters);
    free(parameters);
    vqc_weights_close(file);
}

/* The places that a field operation makes of the parameters. */
static double *places_compute(vqc_ops *ops, vqc_operation field, const double *parameters)
{
    operation_execution execution;
    field.dtype = VQC_DTYPE_F32;
    execution_open(&execution, ops, &field);
    double *places = execution_doubles(execution.layout.output_count_elements);
    execution_forward(&execution, (const double *const[2]){parameters, NULL}, places);
    execution_close(&execution);
    return places;
}

/* A field that is made from the parameters of the case, and the warp by it. */
static void field_check(vqc_ops *ops, const char *name, vqc_operation field)
{
    vqc_weights *file = fixture_open();
    double *parameters = tensor_read(file, name, "parameters", false);
    double *places = places_compute(ops, field, parameters);
    const vqc_operation warp = {.kind = VQC_OPERATION_FIELD_WARP, .field_warp = {CROPS, SIDE, SIDE, CHANNELS}};
    outcome_check(ops, file, name, warp, places);
    free(places);
    free(parameters);
    vqc_weights_close(file);
}

static void rotation(void **state)
{
    case_check(*state, "rotation",
               (vqc_operation){.kind = VQC_OPERATION_WARP, .warp = {CROPS, SIDE, SIDE, CHANNELS}});
}

static void resized_crop(void **state)
{
    case_check(*state, "resized_crop",
               (vqc_operation){.kind = VQC_OPERATION_WARP, .warp = {CROPS, SIDE, SIDE, CHANNELS}});
}

static void erase(void **state)
{
    case_check(*state, "erase", (vqc_operation){.kind = VQC_OPERATION_ERASE, .erase = {CROPS, SIDE, SIDE, CHANNELS}});
}

static void sharpen(void **state)
{
    case_check(*state, "sharpen",
               (vqc_operation){.kind = VQC_OPERATION_SHARPEN, .sharpen = {CROPS, SIDE, SIDE, CHANNELS}});
}

static void spline(void **state)
{
    field_check(*state, "spline",
                (vqc_operation){.kind = VQC_OPERATION_SPLINE_FIELD, .spline_field = {CROPS, SIDE, SIDE}});
}

static void elastic(void **state)
{
    field_check(*state, "elastic",
                (vqc_operation){.kind = VQC_OPERATION_ELASTIC_FIELD, .elastic_field = {CROPS, SIDE, SIDE}});
}

/* The logarithm of splines, which vectors compute, against the library's. */
static void spline_logarithm(void **state)
{
    (void)state;
    for (int i = 0; i <= 100000; i++) {
        double x = 1e-8 * pow(10.0, (double)i / 1e4);
        double expected = log(x);
        if (fabs(vqc_spline_log(x) - expected) > 1e-15 * fmax(fabs(expected), 1.0))
            fail_msg("log %.17g is %.17g, expected %.17g", x, vqc_spline_log(x), expected);
    }
    assert_true(vqc_spline_log(1.0) == 0.0);
}

static int tests_run(vqc_ops *ops)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(spline_logarithm),           cmocka_unit_test_prestate(rotation, ops),
        cmocka_unit_test_prestate(resized_crop, ops), cmocka_unit_test_prestate(erase, ops),
        cmocka_unit_test_prestate(sharpen, ops),      cmocka_unit_test_prestate(spline, ops),
        cmocka_unit_test_prestate(elastic, ops),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(int argument_count, char **arguments)
{
    return execution_main(argument_count, arguments, tests_run);
}
