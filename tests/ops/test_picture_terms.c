/* Every picture term, on the implementation that the argument names, against PyTorch (tests/oracle/picture_terms.py).
 */
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
#include "reference_file.h"

#define TERM_NAME(KIND, name, ...) [VQC_PICTURE_TERM_##KIND] = #name,
static const char *const names[VQC_PICTURE_TERM_COUNT] = {VQC_PICTURE_TERMS(TERM_NAME)};

static void assert_close(const char *name, const char *what, const double *actual, const double *expected,
                         int64_t count)
{
    comparison found = comparison_of(actual, expected, count);
    print_message("%s, %s: relative %.2e, largest %.2e\n", name, what, found.relative, found.largest);
    if (!comparison_is_within(&found, &tolerances[TOLERANCE_PICTURE_TERM]))
        fail_msg("%s, %s: relative %.3e, largest %.3e at %lld", name, what, found.relative, found.largest,
                 (long long)found.worst);
}

static void term_check(vqc_ops *ops, const vqc_weights *file, vqc_picture_term_function function)
{
    char value_name[64];
    char gradient_name[64];
    const vqc_weights_tensor *tensor;
    (void)snprintf(value_name, sizeof value_name, "%s_value", names[function]);
    (void)snprintf(gradient_name, sizeof gradient_name, "%s_gradient", names[function]);
    double *value = reference_file_read(file, value_name, &tensor);
    double *gradient = reference_file_read_picture(file, gradient_name, &tensor);
    double *beside = reference_file_read_picture(file, "beside", &tensor);
    double *picture = reference_file_read_picture(file, "picture", &tensor);
    double *found = execution_doubles(tensor->count);
    const bool range = function == VQC_PICTURE_TERM_RANGE;
    const vqc_operation operation = {.kind = VQC_OPERATION_PICTURE_TERM,
                                     .dtype = VQC_DTYPE_F32,
                                     .picture_term = {.height = tensor->shape[2],
                                                      .width = tensor->shape[3],
                                                      .function = function,
                                                      .scale = range ? 2.0F : 1.0F,
                                                      .shift = range ? -0.5F : 0.0F}};
    double output;
    operation_execution execution;
    execution_open(&execution, ops, &operation);
    execution_forward(&execution, (const double *const[2]){picture, beside}, &output);
    execution_backward(&execution, (const double[]){1.0}, (const double *const[2]){NULL, NULL},
                       (double *const[2]){found, NULL});
    assert_close(names[function], "value", &output, value, 1);
    assert_close(names[function], "gradient", found, gradient, tensor->count);
    execution_close(&execution);
    free(found);
    free(picture);
    free(beside);
    free(gradient);
    free(value);
}

static void terms_are_the_public_ones(void **state)
{
    vqc_error error = {0};
    vqc_weights *file = NULL;
    if (vqc_weights_open(VQC_SOURCE_DIR "/tests/ops/fixtures/picture_terms.safetensors", &file, &error) != VQC_OK)
        fail_msg("%s", error.message);
    for (int function = 0; function < VQC_PICTURE_TERM_COUNT; function++)
        term_check(*state, file, (vqc_picture_term_function)function);
    vqc_weights_close(file);
}

static int tests_run(vqc_ops *ops)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test_prestate(terms_are_the_public_ones, ops)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(int argument_count, char **arguments)
{
    return execution_main(argument_count, arguments, tests_run);
}
