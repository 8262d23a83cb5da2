/* Every operation of one implementation, named by the argument, against `ref` in f64; and, if it is `ref` itself,
 * its gradients against finite differences. */
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
#include "../device_precision.h"
#include "cases.h"
#include "execution.h"

/* What one test runs. */
typedef struct case_run {
    vqc_ops *reference;
    vqc_ops *tested;
    const operation_case *which;
    vqc_dtype dtype;
    char name[128];
} case_run;

/* Results of one operation on one implementation. */
typedef struct case_results {
    double *output;
    double *grad_input[VQC_OPERATION_MAX_INPUTS]; /* NULL where there is none */
} case_results;

static void results_open(case_results *results, const vqc_operation_layout *layout)
{
    *results = (case_results){.output = execution_doubles(layout->output_count_elements)};
    for (int i = 0; i < layout->input_count; i++)
        if (layout->input_has_gradient[i])
            results->grad_input[i] = execution_doubles(layout->input_count_elements[i]);
}

static void results_close(case_results *results)
{
    free(results->output);
    for (int i = 0; i < VQC_OPERATION_MAX_INPUTS; i++)
        free(results->grad_input[i]);
}

static bool is_ref(const case_run *run)
{
    return strcmp(vqc_ops_name(run->tested), "ref") == 0;
}

static const tolerance *tolerance_for(const case_run *run, vqc_dtype dtype, bool backward)
{
    if (dtype == VQC_DTYPE_BF16) {
        tolerance_kind kind = backward ? TOLERANCE_BF16_BACKWARD : TOLERANCE_BF16_FORWARD;
        return &tolerances[is_ref(run) ? TOLERANCE_REF_BF16 : kind];
    }
    tolerance_kind kind = backward ? TOLERANCE_F32_BACKWARD : TOLERANCE_F32_FORWARD;
    return &tolerances[is_ref(run) ? TOLERANCE_REF_F32 : kind];
}

static void assert_close(const char *what, const double *actual, const double *expected, int64_t count,
                         const tolerance *allowed)
{
    comparison found = comparison_of(actual, expected, count);
    print_message("%s: relative %.2e, largest %.2e, cosine 1 - %.2e\n", what, found.relative, found.largest,
                  1.0 - found.cosine);
    if (!comparison_is_within(&found, allowed))
        fail_msg("%s: relative %.3e, expected %.1e; largest %.3e, expected %.1e, at %lld, %.9g instead of %.9g; "
                 "cosine %.9f",
                 what, found.relative, allowed->relative, found.largest, allowed->largest, (long long)found.worst,
                 actual[found.worst], expected[found.worst], found.cosine);
}

static void assert_same(const char *what, const double *actual, const double *expected, int64_t count)
{
    for (int64_t i = 0; i < count; i++)
        if (memcmp(&actual[i], &expected[i], sizeof actual[i]) != 0)
            fail_msg("%s: element %lld is %.9g, expected exactly %.9g", what, (long long)i, actual[i], expected[i]);
}

static bool has_gradient(const vqc_operation_layout *layout)
{
    return layout->input_has_gradient[0] || layout->input_has_gradient[1];
}

/* Output and plain gradients of ref in f64 on the same values, and its codes if it has any. */
static void reference_compute(vqc_ops *reference, const case_data *data, case_results *results, int32_t *codes)
{
    vqc_operation operation = operation_with_dtype(&data->operation, VQC_DTYPE_F64);
    operation_execution execution;
    execution_open(&execution, reference, &operation);
    execution_forward(&execution, (const double *const *)data->input, results->output);
    if (codes != NULL)
        execution_saved(&execution, codes);
    if (has_gradient(&data->layout))
        execution_backward(&execution, data->grad_output, (const double *const[2]){NULL, NULL}, results->grad_input);
    execution_close(&execution);
}

/* One backward call of the tested implementation: for the inputs in `wanted`, added to data->before or not. */
static void backward_check(const case_run *run, operation_execution *execution, const case_data *data,
                           const case_results *expected, const bool wanted[2], bool accumulate)
{
    const double *before[VQC_OPERATION_MAX_INPUTS] = {NULL, NULL};
    double *actual[VQC_OPERATION_MAX_INPUTS] = {NULL, NULL};
    for (int i = 0; i < data->layout.input_count; i++) {
        if (!wanted[i] || !data->layout.input_has_gradient[i])
            continue;
        actual[i] = execution_doubles(data->layout.input_count_elements[i]);
        before[i] = accumulate ? data->before[i] : NULL;
    }
    execution_backward(execution, data->grad_output, before, actual);
    for (int i = 0; i < data->layout.input_count; i++) {
        if (actual[i] == NULL)
            continue;
        int64_t count = data->layout.input_count_elements[i];
        double *sum = execution_doubles(count);
        for (int64_t k = 0; k < count; k++)
            sum[k] = expected->grad_input[i][k] + (accumulate ? data->before[i][k] : 0.0);
        char what[192];
        (void)snprintf(what, sizeof what, "%s, gradient %d%s", run->name, i, accumulate ? " added" : "");
        assert_close(what, actual[i], sum, count, tolerance_for(run, data->layout.input_dtype[i], true));
        free(sum);
        free(actual[i]);
    }
}

/* Two forward and backward calls in a row give the same bits. */
static void repetition_check(const case_run *run, operation_execution *execution, const case_data *data)
{
    case_results results[2];
    for (int k = 0; k < 2; k++) {
        results_open(&results[k], &data->layout);
        execution_forward(execution, (const double *const *)data->input, results[k].output);
        if (has_gradient(&data->layout))
            execution_backward(execution, data->grad_output, (const double *const[2]){NULL, NULL},
                               results[k].grad_input);
    }
    assert_same(run->name, results[1].output, results[0].output, data->layout.output_count_elements);
    for (int i = 0; i < data->layout.input_count; i++)
        if (data->layout.input_has_gradient[i])
            assert_same(run->name, results[1].grad_input[i], results[0].grad_input[i],
                        data->layout.input_count_elements[i]);
    results_close(&results[0]);
    results_close(&results[1]);
}

/* The codes of quantise; other operations' saved state is their own affair. */
static void codes_check(const operation_execution *execution, const case_data *data, const int32_t *expected)
{
    int64_t rows = data->operation.quantise.rows;
    assert_int_equal(execution->saved.size, (size_t)rows * sizeof(int32_t));
    int32_t *codes = malloc((size_t)rows * sizeof *codes);
    assert_non_null(codes);
    execution_saved(execution, codes);
    for (int64_t r = 0; r < rows; r++)
        assert_int_equal(codes[r], expected[r]);
    free(codes);
}

static void values_test(void **state)
{
    const case_run *run = *state;
    case_data data;
    case_results expected;
    if (run->dtype == VQC_DTYPE_BF16 && !device_has_bf16(run->tested)) {
        print_message("SKIPPED: no bf16 on this processor\n");
        skip();
    }
    case_data_open(&data, run->which, run->dtype);
    results_open(&expected, &data.layout);
    bool quantises = data.operation.kind == VQC_OPERATION_QUANTISE;
    int32_t *codes = quantises ? malloc((size_t)data.operation.quantise.rows * sizeof *codes) : NULL;
    reference_compute(run->reference, &data, &expected, codes);

    operation_execution execution;
    execution_open(&execution, run->tested, &data.operation);
    double *output = execution_doubles(data.layout.output_count_elements);
    execution_forward(&execution, (const double *const *)data.input, output);
    assert_close(run->name, output, expected.output, data.layout.output_count_elements,
                 tolerance_for(run, data.layout.output_dtype, false));
    if (quantises)
        codes_check(&execution, &data, codes);
    if (has_gradient(&data.layout)) {
        const bool wanted[3][2] = {{true, true}, {true, false}, {false, true}};
        int variants = data.layout.input_has_gradient[1] ? 3 : 1;
        for (int v = 0; v < variants; v++)
            for (int accumulate = 0; accumulate < 2; accumulate++)
                backward_check(run, &execution, &data, &expected, wanted[v], accumulate == 1);
    }
    repetition_check(run, &execution, &data);
    free(output);
    free(codes);
    execution_close(&execution);
    results_close(&expected);
    case_data_close(&data);
}

/* Finite differences. */

enum { DIRECTIONS = 4, ELEMENTS = 12, STREAM_DIRECTION = 100 };
static const double difference_step = 1e-5;

/* Σ output · grad_output for the inputs moved by step along the directions. */
static double loss_at(operation_execution *execution, const case_data *data,
                      double *const direction[VQC_OPERATION_MAX_INPUTS], double step)
{
    double *moved[VQC_OPERATION_MAX_INPUTS] = {NULL, NULL};
    for (int i = 0; i < data->layout.input_count; i++) {
        int64_t count = data->layout.input_count_elements[i];
        moved[i] = execution_doubles(count);
        for (int64_t k = 0; k < count; k++)
            moved[i][k] = data->input[i][k] + (data->layout.input_has_gradient[i] ? step * direction[i][k] : 0.0);
    }
    double *output = execution_doubles(data->layout.output_count_elements);
    execution_forward(execution, (const double *const *)moved, output);
    double loss = 0.0;
    for (int64_t k = 0; k < data->layout.output_count_elements; k++)
        loss += output[k] * data->grad_output[k];
    free(output);
    free(moved[0]);
    free(moved[1]);
    return loss;
}

static double difference_along(operation_execution *execution, const case_data *data,
                               double *const direction[VQC_OPERATION_MAX_INPUTS])
{
    double after = loss_at(execution, data, direction, difference_step);
    double before = loss_at(execution, data, direction, -difference_step);
    return (after - before) / (2.0 * difference_step);
}

/* The derivative along the directions as the gradient has it. */
static double gradient_along(const case_data *data, const case_results *results,
                             double *const direction[VQC_OPERATION_MAX_INPUTS])
{
    double sum = 0.0;
    for (int i = 0; i < data->layout.input_count; i++)
        if (data->layout.input_has_gradient[i])
            for (int64_t k = 0; k < data->layout.input_count_elements[i]; k++)
                sum += results->grad_input[i][k] * direction[i][k];
    return sum;
}

/* Direction `index`: the first ones random in all inputs, the others one element of one input. */
static void direction_fill(const case_data *data, int index, double *const direction[VQC_OPERATION_MAX_INPUTS])
{
    for (int i = 0; i < data->layout.input_count; i++)
        for (int64_t k = 0; k < data->layout.input_count_elements[i]; k++)
            direction[i][k] = index >= DIRECTIONS
                                  ? 0.0
                                  : random_between(STREAM_DIRECTION + (uint32_t)(2 * index + i), k, -1.0, 1.0);
    if (index < DIRECTIONS)
        return;
    int input = data->layout.input_has_gradient[1] ? index % 2 : 0;
    double count = (double)data->layout.input_count_elements[input];
    direction[input][(int64_t)random_between(STREAM_DIRECTION - 1, index, 0.0, count)] = 1.0;
}

static void differences_test(void **state)
{
    const case_run *run = *state;
    case_data data;
    case_data_open(&data, run->which, VQC_DTYPE_F32);
    case_results results;
    results_open(&results, &data.layout);
    reference_compute(run->tested, &data, &results, NULL);
    double *direction[VQC_OPERATION_MAX_INPUTS] = {NULL, NULL};
    for (int i = 0; i < data.layout.input_count; i++)
        direction[i] = execution_doubles(data.layout.input_count_elements[i]);
    vqc_operation operation = operation_with_dtype(&data.operation, VQC_DTYPE_F64);
    operation_execution execution;
    execution_open(&execution, run->tested, &operation);
    double actual[DIRECTIONS + ELEMENTS];
    double expected[DIRECTIONS + ELEMENTS];
    for (int d = 0; d < DIRECTIONS + ELEMENTS; d++) {
        direction_fill(&data, d, direction);
        actual[d] = gradient_along(&data, &results, direction);
        expected[d] = difference_along(&execution, &data, direction);
    }
    assert_close(run->name, actual, expected, DIRECTIONS, &tolerances[TOLERANCE_FINITE_DIFFERENCE]);
    assert_close(run->name, actual + DIRECTIONS, expected + DIRECTIONS, ELEMENTS,
                 &tolerances[TOLERANCE_FINITE_DIFFERENCE]);
    execution_close(&execution);
    free(direction[0]);
    free(direction[1]);
    results_close(&results);
    case_data_close(&data);
}

/* A plan without a backward pass computes the same and refuses the backward call. */
static void forward_only_test(void **state)
{
    const case_run *run = *state;
    const float weight[6] = {1.0F, 2.0F, 3.0F, 4.0F, 5.0F, 6.0F};
    const vqc_operation operation = {.kind = VQC_OPERATION_LINEAR,
                                     .dtype = VQC_DTYPE_F32,
                                     .linear = {.rows = 1, .in_width = 3, .out_width = 2, .weight = weight}};
    vqc_error error = {0};
    vqc_plan *plan = NULL;
    void *memory = NULL;
    assert_int_equal(vqc_plan_create(run->tested, &operation, false, &plan, &error), VQC_OK);
    size_t workspace = 256;
    assert_int_equal(vqc_ops_memory_allocate(run->tested, workspace + vqc_plan_workspace_size(plan), &memory, &error),
                     VQC_OK);
    char *bytes = memory;
    const float input[3] = {1.0F, -1.0F, 2.0F};
    float output[2];
    assert_int_equal(vqc_ops_upload(run->tested, bytes, input, sizeof input, &error), VQC_OK);
    const vqc_forward arguments = {
        .input = {bytes}, .output = bytes + 64, .saved = bytes + 128, .workspace = bytes + workspace};
    assert_int_equal(vqc_plan_forward(plan, &arguments, &error), VQC_OK);
    assert_int_equal(vqc_ops_download(run->tested, output, bytes + 64, sizeof output, &error), VQC_OK);
    assert_true(output[0] == 5.0F && output[1] == 11.0F);
    const vqc_backward backward = {.grad_output = bytes + 64, .grad_input = {bytes}, .workspace = bytes + workspace};
    assert_int_equal(vqc_plan_backward(plan, &backward, &error), VQC_FAILED);
    assert_non_null(strstr(error.message, "linear"));
    vqc_ops_memory_release(run->tested, memory);
    vqc_plan_destroy(plan);
}

static void plan_refuses_nonsense_test(void **state)
{
    const case_run *run = *state;
    const vqc_operation operation = {.kind = VQC_OPERATION_ADD, .dtype = VQC_DTYPE_F32, .add = {.count = 0}};
    vqc_error error = {0};
    vqc_plan *plan = NULL;
    assert_int_equal(vqc_plan_create(run->tested, &operation, true, &plan, &error), VQC_FAILED);
    assert_non_null(strstr(error.message, "add"));
}

/* Cases are what every implementation is tested with: an operation that has none is tested nowhere. */
static void every_operation_has_a_case_test(void **state)
{
    (void)state;
    bool found[VQC_OPERATION_COUNT] = {false};
    for (int c = 0; c < operation_case_count; c++)
        found[operation_cases[c].operation.kind] = true;
    for (int kind = 0; kind < VQC_OPERATION_COUNT; kind++)
        if (!found[kind])
            fail_msg("%s: no case in cases.c", vqc_operation_name((vqc_operation_kind)kind));
}

/* The crops whose numbers an input without a gradient holds; of any other, its elements. */
static int64_t numbers_crops(const case_data *data, int input)
{
    static const int64_t numbers[VQC_OPERATION_COUNT] = {
#define NUMBERS_OWN(KIND)
#define NUMBERS_PICTURES(KIND) [VQC_OPERATION_##KIND] = VQC_##KIND##_NUMBERS,
#define NUMBERS_PIXELS(KIND) NUMBERS_PICTURES(KIND)
#define NUMBERS(KIND, name, words, types, form, ...) NUMBERS_##form(KIND)
        VQC_OPERATIONS(NUMBERS)[VQC_OPERATION_RESAMPLE] = VQC_RESAMPLE_NUMBERS,
    };
    int64_t count = data->layout.input_count_elements[input];
    int64_t each = numbers[data->operation.kind];
    return data->layout.input_has_gradient[input] || each == 0 ? count : count / each;
}

/* Whether the gradient of a case becomes another when an input is changed between the forward and the backward call:
 * its values come in the opposite order, or, where they are numbers of crops, those of the crops do. */
static bool backward_reads(vqc_ops *ops, const case_data *data, int input)
{
    int64_t count = data->layout.input_count_elements[input];
    double *changed = execution_doubles(count);
    case_results results[2];
    operation_execution execution;
    bool differs = false;
    int64_t crops = numbers_crops(data, input);
    int64_t block = count / crops;
    for (int64_t i = 0; i < count; i++)
        changed[i] = data->input[input][(crops - 1 - i / block) * block + i % block];
    execution_open(&execution, ops, &data->operation);
    for (int k = 0; k < 2; k++) {
        results_open(&results[k], &data->layout);
        if (k == 0)
            execution_forward(&execution, (const double *const *)data->input, results[k].output);
        else
            execution_input_change(&execution, input, changed);
        execution_backward(&execution, data->grad_output, (const double *const[2]){NULL, NULL},
                           results[k].grad_input);
    }
    for (int i = 0; i < data->layout.input_count; i++)
        if (data->layout.input_has_gradient[i])
            differs |= memcmp(results[0].grad_input[i], results[1].grad_input[i],
                              (size_t)data->layout.input_count_elements[i] * sizeof(double)) != 0;
    execution_close(&execution);
    results_close(&results[0]);
    results_close(&results[1]);
    free(changed);
    return differs;
}

/* An input that a layout keeps for the backward call (operation.h) is needed there: by this implementation or by ref,
 * in some case. */
static void inputs_that_are_kept_are_read_test(void **state)
{
    const case_run *run = *state;
    bool kept[VQC_OPERATION_COUNT][VQC_OPERATION_MAX_INPUTS] = {{false}};
    bool read[VQC_OPERATION_COUNT][VQC_OPERATION_MAX_INPUTS] = {{false}};
    for (int c = 0; c < operation_case_count; c++) {
        int kind = operation_cases[c].operation.kind;
        case_data data;
        case_data_open(&data, &operation_cases[c], VQC_DTYPE_F32);
        for (int i = 0; i < data.layout.input_count; i++)
            if (data.layout.backward_reads_input[i] && !read[kind][i]) {
                kept[kind][i] = true;
                read[kind][i] = backward_reads(run->tested, &data, i) || backward_reads(run->reference, &data, i);
            }
        case_data_close(&data);
    }
    for (int kind = 0; kind < VQC_OPERATION_COUNT; kind++)
        for (int i = 0; i < VQC_OPERATION_MAX_INPUTS; i++)
            if (kept[kind][i] && !read[kind][i])
                fail_msg(
                    "%s: its layout keeps input %d for the backward call, which does not read it; or the numbers of "
                    "its cases read the same from the last crop to the first",
                    vqc_operation_name((vqc_operation_kind)kind), i);
}

static void unknown_name_test(void **state)
{
    (void)state;
    vqc_error error = {0};
    vqc_ops *ops = NULL;
    assert_int_equal(vqc_ops_create("abacus", &(vqc_ops_options){0}, &ops, &error), VQC_BAD_INPUT);
    assert_non_null(strstr(error.message, "abacus"));
    assert_non_null(strstr(error.message, "ref"));
    vqc_ops_destroy(NULL);
}

enum { OTHER_TESTS = 5, MAX_TESTS = 3 * OPERATION_CASES_MOST + OTHER_TESTS };

/* The tests of one case: values in f32 and bf16, and differences if it is `ref` that is tested. */
static int tests_of_case(vqc_ops *reference, vqc_ops *tested, const operation_case *which, case_run *runs,
                         struct CMUnitTest *tests)
{
    int count = 0;
    for (int k = 0; k < 3; k++) {
        bool differences = k == 2;
        vqc_dtype dtype = k == 1 ? VQC_DTYPE_BF16 : VQC_DTYPE_F32;
        case_run *run = &runs[count];
        *run = (case_run){.reference = reference, .tested = tested, .which = which, .dtype = dtype};
        if (!case_has_dtype(which, dtype) || (differences && (!is_ref(run) || which->without_differences)))
            continue;
        (void)snprintf(run->name, sizeof run->name, "%s, %s", which->name,
                       differences ? "differences" : vqc_dtype_name(dtype));
        tests[count++] = (struct CMUnitTest){
            .name = run->name, .test_func = differences ? differences_test : values_test, .initial_state = run};
    }
    return count;
}

/* Where the cases are shared out to several runs, "VQC_CASES_PART=K/N" says that this is run K, from 0, of N. */
static bool is_of_this_part(int number)
{
    int part = 0;
    int parts = 1;
    const char *text = getenv("VQC_CASES_PART");
    if (text != NULL && (sscanf(text, "%d/%d", &part, &parts) != 2 || part < 0 || part >= parts))
        fail_msg("VQC_CASES_PART is %s", text);
    return number % parts == part;
}

static int tests_run(vqc_ops *tested)
{
    static case_run runs[MAX_TESTS];
    static struct CMUnitTest tests[MAX_TESTS]; /* cmocka passes over entries without a name */
    vqc_error error = {0};
    vqc_ops *reference = NULL;
    if (vqc_ops_create("ref", &(vqc_ops_options){0}, &reference, &error) != VQC_OK) {
        print_error("%s\n", error.message);
        return 1;
    }
    runs[0] = (case_run){.reference = reference, .tested = tested};
    tests[0] = (struct CMUnitTest)cmocka_unit_test_prestate(forward_only_test, &runs[0]);
    tests[1] = (struct CMUnitTest)cmocka_unit_test_prestate(plan_refuses_nonsense_test, &runs[0]);
    tests[2] = (struct CMUnitTest)cmocka_unit_test_prestate(unknown_name_test, &runs[0]);
    tests[3] = (struct CMUnitTest)cmocka_unit_test_prestate(every_operation_has_a_case_test, &runs[0]);
    tests[4] = (struct CMUnitTest)cmocka_unit_test_prestate(inputs_that_are_kept_are_read_test, &runs[0]);
    int count = OTHER_TESTS;
    for (int c = 0; c < operation_case_count; c++)
        if (is_of_this_part(c))
            count += tests_of_case(reference, tested, &operation_cases[c], runs + count, tests + count);
    int failures = cmocka_run_group_tests_name(vqc_ops_name(tested), tests, NULL, NULL);
    vqc_ops_destroy(reference);
    return failures;
}

int main(int argument_count, char **arguments)
{
    return execution_main(argument_count, arguments, tests_run);
}
