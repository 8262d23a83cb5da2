/* `vqclip bench JOB`: what it measures of a small render, and what it says of bad options. Seconds depend on the
 * machine; what they add up to does not. */

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

#include "../support/command_run.h"
#include "../support/scratch.h"
#include "cli/commands.h"

#define FIXTURES VQC_SOURCE_DIR "/tests/models/fixtures/"

enum { MAX_WORDS = 12 };

static const char job_text[] =
    "study: benched\n"
    "models:\n"
    "  generator: {config: " FIXTURES "net2net.yaml, checkpoint: " FIXTURES "net2net.safetensors}\n"
    "  perceptors:\n"
    "    - {name: first, checkpoint: " FIXTURES "open_clip_gelu/open_clip_model.safetensors}\n"
    "    - {name: second, checkpoint: " FIXTURES "open_clip_gelu/open_clip_model.safetensors}\n"
    "render: {size: [40, 24], steps: 30, crops: {count: 5, group: 2}, snapshots: 10}\n";
static const char first_prompt[] = "{targets: [{noise: 1}]}, ";
static const char second_prompt[] = "{targets: [{noise: 2}, {noise: 3}], size: [32, 32]}";

/* Writes a job with these prompts. */
static void job_write(const char *first, const char *second)
{
    char text[4096];
    assert_true(snprintf(text, sizeof text, "%sprompts: [%s%s]\n", job_text, first, second) < (int)sizeof text);
    text_write("job.yaml", text);
}

static int both_prompts(void **state)
{
    (void)state;
    job_write(first_prompt, second_prompt);
    return 0;
}

/* Benches the job with these NULL-terminated options; what is printed goes to a file of the folder. */
static vqc_status bench(const char *output, const char *const *options, vqc_error *error)
{
    char job[PATH_SIZE];
    char path[PATH_SIZE];
    char *words[MAX_WORDS] = {(char *)path_in(job, "job.yaml")};
    int count = 1;
    for (; options[count - 1] != NULL; count++)
        words[count] = (char *)options[count - 1];
    return command_run_into(path_in(path, output), &vqc_command_bench, count, words, error);
}

/* Benches with --json and reads the result. */
static json_t *report_make(const char *const *options)
{
    char path[PATH_SIZE];
    vqc_error error;
    if (bench("report.json", options, &error) != VQC_OK)
        fail_msg("%s", error.message);
    json_t *report = json_load_file(path_in(path, "report.json"), 0, NULL);
    assert_non_null(report);
    return report;
}

static double number(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    if (!json_is_number(value))
        fail_msg("%s: not a number", key);
    return json_number_value(value);
}

/* Of one step, the parts' medians are its parts. */
static void test_parts_of_one_step(void **state)
{
    (void)state;
    json_t *report = report_make((const char *[]){"--steps", "1", "--threads", "1", "--json", NULL});
    const json_t *step = json_object_get(report, "step");
    const json_t *perceptors = json_object_get(step, "perceptors");
    static const char *const parts[] = {"decoder_forward", "decoder_backward", "rest"};
    double seconds = 0.0;
    double share = 0.0;
    for (size_t i = 0; i < 3; i++) {
        const json_t *part = json_object_get(step, parts[i]);
        assert_true(number(part, "seconds") > 0.0);
        seconds += number(part, "seconds");
        share += number(part, "share");
    }
    assert_int_equal(json_array_size(perceptors), 2);
    for (size_t i = 0; i < 2; i++) {
        const json_t *part = json_array_get(perceptors, i);
        assert_true(number(part, "seconds") > 0.0);
        assert_int_equal(number(part, "groups"), 3); /* 5 crops in groups of 2 */
        seconds += number(part, "seconds");
        share += number(part, "share");
    }
    assert_true(fabs(seconds / number(step, "median_seconds") - 1.0) < 1e-6);
    assert_true(fabs(share - 1.0) < 1e-6);
    assert_true(number(step, "smallest_seconds") == number(step, "median_seconds"));
    json_decref(report);
}

static void test_prediction(void **state)
{
    (void)state;
    json_t *report =
        report_make((const char *[]){"--steps", "4", "--warm-up", "1", "--threads", "1", "--json", NULL});
    const json_t *step = json_object_get(report, "step");
    double median = number(step, "median_seconds");
    assert_true(number(step, "smallest_seconds") <= median);
    assert_true(fabs(number(step, "per_second") * median - 1.0) < 1e-6);
    /* 30 steps, 3 snapshots and the last picture */
    double predicted = number(report, "start_seconds") + 30.0 * median + 4.0 * number(report, "picture_seconds");
    assert_true(fabs(number(report, "render_seconds") / predicted - 1.0) < 1e-6);
    assert_true(number(report, "activation_bytes") > 40.0 * 24.0 * 3.0 * sizeof(float));
    assert_true(number(report, "parameter_bytes") > 0.0);
    assert_true(number(report, "peak_memory_bytes") > number(report, "activation_bytes"));
    assert_int_equal(strncmp(json_string_value(json_object_get(report, "environment")), "cpu; ", 5), 0);
    json_decref(report);
}

static double loss_of(const char *render)
{
    json_t *report =
        report_make((const char *[]){"--render", render, "--steps", "2", "--threads", "1", "--json", NULL});
    double loss = number(report, "loss");
    assert_int_equal(number(json_object_get(report, "render"), "width"), 32);
    json_decref(report);
    return loss;
}

/* A render whose prompt is not the first one is the same as in a study of its own. */
static void test_another_render(void **state)
{
    (void)state;
    double among_others = loss_of("1");
    job_write("", second_prompt);
    double alone = loss_of("0");
    job_write(first_prompt, second_prompt);
    assert_true(isfinite(alone) && alone != 0.0);
    assert_true(among_others == alone);
}

static void test_text(void **state)
{
    (void)state;
    char path[PATH_SIZE];
    char text[PATH_SIZE] = "";
    vqc_error error;
    assert_int_equal(bench("text", (const char *[]){"--steps", "1", "--threads", "1", NULL}, &error), VQC_OK);
    FILE *stream = fopen(path_in(path, "text"), "r");
    assert_non_null(stream);
    assert_true(fread(text, 1, sizeof text - 1, stream) > 0);
    assert_int_equal(fclose(stream), 0);
    assert_non_null(strstr(text, "benched, render 0: 40x24, 5 crops for each perceptor (crop groups: 3), 30 steps"));
    assert_non_null(strstr(text, "crop groups of second"));
}

static void refused(const char *const *options, const char *message)
{
    vqc_error error;
    vqc_status status = bench("refused", options, &error);
    if (status != VQC_BAD_INPUT || strstr(error.message, message) == NULL)
        fail_msg("expected \"%s\", found status %d: %s", message, status, error.message);
}

static void test_bad_options(void **state)
{
    (void)state;
    refused((const char *[]){"--steps", "0", NULL}, "--steps: expected 1 to 1000000, found 0");
    refused((const char *[]){"--steps", "1000001", NULL}, "--steps: expected 1 to 1000000, found 1000001");
    refused((const char *[]){"--steps", "few", NULL}, "--steps");
    refused((const char *[]){"--warm-up", "1000001", NULL}, "--warm-up: expected at most 1000000");
    refused((const char *[]){"--render", "2", NULL}, "--render: expected less than 2, the renders of");
    refused((const char *[]){"--precision", "f64", NULL}, "--precision f64: expected f32, tf32 or bf16");
    refused((const char *[]){"--precision", "tf32", NULL}, "tf32: cpu does not have it, only cuda does");
    refused((const char *[]){"another.yaml", NULL}, "another.yaml");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parts_of_one_step), cmocka_unit_test(test_prediction),
        cmocka_unit_test(test_another_render),    cmocka_unit_test(test_text),
        cmocka_unit_test(test_bad_options),
    };
    return cmocka_run_group_tests(tests, both_prompts, NULL);
}
