/* `vqclip plan JOB --ranks N`: costs measured and read again, and what it says of bad options and files. */

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
#include "cli/memory_report.h"

#define FIXTURES VQC_SOURCE_DIR "/tests/models/fixtures/"

enum { MAX_WORDS = 12 };

static const char job_text[] =
    "study: planned\n"
    "models:\n"
    "  generator: {config: " FIXTURES "net2net.yaml, checkpoint: " FIXTURES "net2net.safetensors}\n"
    "  perceptors: [{checkpoint: " FIXTURES "open_clip_gelu/open_clip_model.safetensors}]\n"
    "render: {size: [41, 25], size_rounding: down, steps: 30, crops: {count: 6, group: 2}, snapshots: 10}\n"
    "seeds: [0, 1]\n"
    "prompts: [{targets: [{noise: 1}]}, {targets: [{noise: 2}, {noise: 3}], size: [32, 32], init: pixels}]\n";

/* Plans the job with these NULL-terminated options; what is printed goes to a file of the folder. */
static vqc_status plan(const char *output, const char *const *options, vqc_error *error)
{
    char job[PATH_SIZE];
    char path[PATH_SIZE];
    char *words[MAX_WORDS] = {(char *)path_in(job, "job.yaml")};
    int count = 1;
    for (; options[count - 1] != NULL; count++)
        words[count] = (char *)options[count - 1];
    return command_run_into(path_in(path, output), &vqc_command_plan, count, words, error);
}

static json_t *report_read(const char *name)
{
    char path[PATH_SIZE];
    json_t *report = json_load_file(path_in(path, name), 0, NULL);
    assert_non_null(report);
    return report;
}

static double number(const json_t *report, const char *key)
{
    return json_number_value(json_object_get(report, key));
}

static void refused(const char *const *options, const char *message)
{
    vqc_error error;
    vqc_status status = plan("refused", options, &error);
    if (status != VQC_BAD_INPUT || strstr(error.message, message) == NULL)
        fail_msg("expected \"%s\", found status %d: %s", message, status, error.message);
}

/* Whether in every shape the decoder takes longer there and back than there alone. */
static bool back_takes_time(const char *name)
{
    json_t *report = report_read(name);
    size_t i;
    const json_t *shape;
    bool longer = true;
    json_array_foreach(json_object_get(json_object_get(report, "costs"), "shapes"), i, shape)
    {
        longer = longer && number(shape, "decode_seconds") > number(shape, "picture_seconds");
    }
    json_decref(report);
    return longer;
}

/* Measures costs into costs.json; again where other programs have disturbed it so much that this is not so. */
static int costs_measure(void **state)
{
    (void)state;
    enum { TRIES = 10 };
    vqc_error error;
    int tries = 0;
    text_write("job.yaml", job_text);
    do {
        if (plan("costs.json", (const char *[]){"--ranks", "1", "--threads", "1", "--json", NULL}, &error) != VQC_OK)
            fail_msg("%s", error.message);
    } while (!back_takes_time("costs.json") && ++tries < TRIES);
    return 0;
}

static void test_measured_costs(void **state)
{
    (void)state;
    json_t *report = report_read("costs.json");
    const json_t *shapes = json_object_get(json_object_get(report, "costs"), "shapes");
    assert_true(number(report, "efficiency") == 1.0);
    assert_int_equal(json_array_size(shapes), 2);
    assert_int_equal(json_array_size(json_object_get(report, "renders")), 4);
    for (size_t i = 0; i < 2; i++) {
        const json_t *shape = json_array_get(shapes, i);
        assert_true(number(shape, "picture_seconds") > 0.0 && number(shape, "activation_bytes") > 0.0);
        assert_true(json_number_value(json_array_get(json_object_get(shape, "group_seconds"), 0)) > 0.0);
    }
    assert_true(back_takes_time("costs.json"));
    assert_int_equal(number(json_array_get(shapes, 0), "pixels"), 40 * 24); /* whole codes of the generator */
    json_decref(report);
}

/* The costs of a file give the same prediction, without a model being opened. */
static void test_costs_of_a_file(void **state)
{
    (void)state;
    char path[PATH_SIZE];
    vqc_error error;
    path_in(path, "costs.json");
    assert_int_equal(plan("again.json", (const char *[]){"--ranks", "1", "--costs", path, "--json", NULL}, &error),
                     VQC_OK);
    assert_int_equal(plan("two.json", (const char *[]){"--ranks", "2", "--costs", path, "--json", NULL}, &error),
                     VQC_OK);
    assert_int_equal(plan("text", (const char *[]){"--ranks", "2", "--costs", path, NULL}, &error), VQC_OK);
    json_t *measured = report_read("costs.json");
    json_t *again = report_read("again.json");
    json_t *two = report_read("two.json");
    assert_true(fabs(number(again, "seconds") / number(measured, "seconds") - 1.0) < 1e-6);
    assert_true(number(two, "seconds") < number(again, "seconds"));
    assert_true(number(two, "efficiency") <= 1.0);
    /* 8 · (3 · 40 · 24 + 3 groups · 1 target + 2 + 5) */
    const json_t *teams = json_object_get(json_array_get(json_object_get(two, "shapes"), 0), "teams");
    assert_int_equal(number(json_array_get(teams, 1), "bytes_summed"), 8 * (3 * 40 * 24 + 3 + 2 + 5));
    assert_int_equal(number(json_array_get(teams, 1), "messages_sent"), 2);
    json_decref(measured);
    json_decref(again);
    json_decref(two);
}

/* Three lanes, measured: whole steps of one, two and three, and a launch in which one rank makes three of the four
 * renders at a time, and two ranks two each. From the file, the number of lanes is the default. */
static void test_lanes(void **state)
{
    (void)state;
    char path[PATH_SIZE];
    vqc_error error;
    if (plan("lanes.json", (const char *[]){"--ranks", "1", "--lanes", "3", "--threads", "1", "--json", NULL},
             &error) != VQC_OK)
        fail_msg("%s", error.message);
    path_in(path, "lanes.json");
    assert_int_equal(plan("again.json", (const char *[]){"--ranks", "1", "--costs", path, "--json", NULL}, &error),
                     VQC_OK);
    assert_int_equal(plan("two.json", (const char *[]){"--ranks", "2", "--costs", path, "--json", NULL}, &error),
                     VQC_OK);
    assert_int_equal(
        plan("one.json", (const char *[]){"--ranks", "1", "--costs", path, "--lanes", "1", "--json", NULL}, &error),
        VQC_OK);
    assert_int_equal(plan("text", (const char *[]){"--ranks", "2", "--costs", path, NULL}, &error), VQC_OK);
    json_t *measured = report_read("lanes.json");
    json_t *again = report_read("again.json");
    json_t *two = report_read("two.json");
    json_t *one = report_read("one.json");
    const json_t *costs = json_object_get(measured, "costs");
    assert_int_equal(number(costs, "lanes"), 3);
    for (size_t i = 0; i < 2; i++) {
        const json_t *steps = json_object_get(json_array_get(json_object_get(costs, "shapes"), i), "lane_steps");
        const json_t *shape = json_array_get(json_object_get(measured, "shapes"), i);
        const json_t *lanes = json_object_get(shape, "lanes");
        assert_int_equal(json_array_size(steps), 3);
        assert_int_equal(json_array_size(lanes), 3);
        double first = number(json_array_get(steps, 0), "seconds");
        double alone = number(json_array_get(lanes, 0), "step_seconds");
        for (size_t k = 0; k < 3; k++) {
            const json_t *lane = json_array_get(lanes, k);
            double slowdown = fmax(1.0, number(json_array_get(steps, k), "seconds") / first);
            assert_int_equal(number(json_array_get(steps, k), "lanes"), k + 1);
            assert_int_equal(number(lane, "lanes"), k + 1);
            assert_true(fabs(number(lane, "step_seconds") / (alone * slowdown) - 1.0) < 1e-6);
            assert_true(fabs(number(lane, "gain") * slowdown / (double)(k + 1) - 1.0) < 1e-6);
            assert_true(number(lane, "device_bytes") ==
                        (double)(k + 1) * (number(shape, "activation_bytes") + number(shape, "parameter_bytes")));
        }
    }
    assert_int_equal(number(measured, "lanes"), 3);
    assert_int_equal(number(again, "lanes"), 3);
    assert_int_equal(number(two, "lanes"), 2);
    assert_int_equal(number(one, "lanes"), 1);
    assert_int_equal(number(measured, "lanes_closed"), 0);
    assert_int_equal(number(json_array_get(json_object_get(measured, "renders"), 2), "lane"), 2);
    assert_true(fabs(number(again, "seconds") / number(measured, "seconds") - 1.0) < 1e-6);
    assert_true(fabs(number(again, "seconds_with_one_lane") / number(one, "seconds") - 1.0) < 1e-6);
    assert_true(fabs(number(again, "gain_of_lanes") * number(again, "seconds") / number(one, "seconds") - 1.0) <
                1e-6);
    json_decref(measured);
    json_decref(again);
    json_decref(two);
    json_decref(one);
}

/* Costs of before there were lanes are of one lane. */
static void test_older_costs(void **state)
{
    (void)state;
    char path[PATH_SIZE];
    vqc_error error;
    json_t *report = report_read("lanes.json");
    json_t *costs = json_object_get(report, "costs");
    size_t i;
    json_t *shape;
    json_object_del(costs, "lanes");
    json_object_del(costs, "free_bytes");
    json_array_foreach(json_object_get(costs, "shapes"), i, shape)
    {
        json_object_del(shape, "lane_steps");
        json_object_del(shape, "encoder_bytes");
    }
    assert_int_equal(json_dump_file(report, path_in(path, "older.json"), 0), 0);
    json_decref(report);
    assert_int_equal(
        plan("older_plan.json", (const char *[]){"--ranks", "1", "--costs", path, "--json", NULL}, &error), VQC_OK);
    report = report_read("older_plan.json");
    assert_int_equal(number(report, "lanes"), 1);
    json_decref(report);
    refused((const char *[]){"--ranks", "1", "--costs", path, "--lanes", "2", NULL},
            "measured for up to 1 renders at a time on a rank, but 2 are asked for");
}

/* Expects that the costs with this instead of the lanes' steps of the first shape are refused. */
static void lane_steps_refused(const char *steps, const char *message)
{
    char path[PATH_SIZE];
    json_t *report = report_read("lanes.json");
    json_t *shape = json_array_get(json_object_get(json_object_get(report, "costs"), "shapes"), 0);
    json_object_set_new(shape, "lane_steps", json_loads(steps, 0, NULL));
    assert_int_equal(json_dump_file(report, path_in(path, "steps.json"), 0), 0);
    json_decref(report);
    refused((const char *[]){"--ranks", "1", "--costs", path, NULL}, message);
}

static void test_bad_lane_steps(void **state)
{
    (void)state;
    lane_steps_refused("[]", "lane_steps: expected seconds of steps with 1 lane and more");
    lane_steps_refused("[{\"lanes\": 2, \"seconds\": 1}]", "lane_steps: expected the seconds of one lane first");
    lane_steps_refused("[{\"lanes\": 1, \"seconds\": 1}, {\"lanes\": 1, \"seconds\": 1}]", "lanes: expected a whole");
    lane_steps_refused("[{\"lanes\": 1, \"seconds\": 1}, {\"lanes\": 17, \"seconds\": 1}]",
                       "lanes: expected a whole");
    lane_steps_refused("[{\"lanes\": 1, \"seconds\": 1e-300}]", "lane_steps: expected seconds of at least");
    lane_steps_refused("[{\"lanes\": 1}]", "seconds: expected a number");
}

/* `vqclip plan JOB --memory` gives what the measured networks took. */
static void test_memory(void **state)
{
    (void)state;
    vqc_error error;
    assert_int_equal(plan("memory.json", (const char *[]){"--memory", "--threads", "1", "--json", NULL}, &error),
                     VQC_OK);
    assert_int_equal(plan("text", (const char *[]){"--memory", "--threads", "1", NULL}, &error), VQC_OK);
    json_t *measured = report_read("costs.json");
    json_t *report = report_read("memory.json");
    const json_t *shapes = json_object_get(report, "shapes");
    assert_int_equal(json_array_size(shapes), 2);
    for (size_t i = 0; i < 2; i++) {
        const json_t *shape = json_array_get(shapes, i);
        const json_t *costs = json_array_get(json_object_get(json_object_get(measured, "costs"), "shapes"), i);
        const json_t *parts = json_object_get(shape, "parts");
        double activations = 0.0;
        double parameters = 0.0;
        for (size_t k = 0; k < 3; k++) {
            activations += number(json_array_get(parts, k), "activation_bytes");
            parameters += number(json_array_get(parts, k), "parameter_bytes");
        }
        assert_true(activations == number(costs, "activation_bytes"));
        assert_true(parameters == number(costs, "parameter_bytes"));
        /* The second starts from pixels: an encoder comes on top. */
        assert_int_equal(json_array_size(parts), 3 + i);
        double encoder = i == 0 ? 0.0
                                : number(json_array_get(parts, 3), "activation_bytes") +
                                      number(json_array_get(parts, 3), "parameter_bytes");
        assert_true(number(shape, "peak_bytes") == activations + parameters + encoder);
        assert_true(number(shape, "peak_bytes_recomputed") < number(shape, "peak_bytes"));
    }
    json_decref(measured);
    json_decref(report);
}

/* Bytes that a shape's parts take; of the encoder alone, or of the others. */
static double part_bytes(const json_t *shape, bool encoder)
{
    double bytes = 0.0;
    size_t i;
    const json_t *part;
    json_array_foreach(json_object_get(shape, "parts"), i, part)
    {
        bool is_encoder = strcmp(json_string_value(json_object_get(part, "part")), "encoder") == 0;
        if (is_encoder == encoder)
            bytes += number(part, "parameter_bytes") + number(part, "activation_bytes");
    }
    return bytes;
}

/* Renders that fit a device one after the other, each with its encoder while it starts. */
static int lanes_that_fit(const json_t *shape, double available)
{
    int lanes = 0;
    while (part_bytes(shape, false) + part_bytes(shape, true) <= available) {
        available -= part_bytes(shape, false);
        lanes++;
    }
    return lanes;
}

static vqc_status memory_report_run(void *context, const vqc_text_list *operands, vqc_error *error)
{
    (void)context;
    char path[PATH_SIZE];
    vqc_study *study;
    vqc_compute compute = {.json = operands->count > 0, .dtype = VQC_DTYPE_F32};
    const vqc_ops_options options = {.threads = 1, .memory_limit = (size_t)strtoul(operands->items[0], NULL, 10)};
    VQC_TRY(vqc_study_open(path_in(path, "job.yaml"), &study, error));
    VQC_TRY(vqc_ops_create("cpu", &options, &compute.ops, error));
    vqc_status status = vqc_memory_report_print(study, &compute, 3, error);
    vqc_compute_close(&compute);
    vqc_study_close(study);
    return status;
}

static const vqc_command memory_report = {.operand_maximum = 1, .options_size = 1, .run = memory_report_run};

/* The lanes that fit a device of two and a half times a render's memory, and of none. On the host nobody knows. */
static void test_memory_of_lanes(void **state)
{
    (void)state;
    char path[PATH_SIZE];
    char limit[32];
    vqc_error error;
    assert_int_equal(
        plan("memory.json", (const char *[]){"--memory", "--lanes", "3", "--threads", "1", "--json", NULL}, &error),
        VQC_OK);
    json_t *host = report_read("memory.json");
    const json_t *largest = json_array_get(json_object_get(host, "shapes"), 0);
    double bytes = 2.5 * part_bytes(largest, false);
    (void)snprintf(limit, sizeof limit, "%.0f", bytes);
    assert_int_equal(command_run_into(path_in(path, "device.json"), &memory_report, 1, (char *[]){limit}, &error),
                     VQC_OK);
    json_t *device = report_read("device.json");
    for (size_t i = 0; i < 2; i++) {
        const json_t *shape = json_array_get(json_object_get(host, "shapes"), i);
        const json_t *lanes = json_object_get(shape, "lanes");
        assert_int_equal(number(lanes, "lanes"), 3);
        assert_true(number(lanes, "peak_bytes") == 3.0 * part_bytes(shape, false) + part_bytes(shape, true));
        assert_true(number(lanes, "parameter_bytes") + number(lanes, "activation_bytes") ==
                    number(lanes, "peak_bytes"));
        assert_null(json_object_get(lanes, "fitting"));
        lanes = json_object_get(json_array_get(json_object_get(device, "shapes"), i), "lanes");
        assert_int_equal(number(lanes, "fitting"), lanes_that_fit(shape, bytes));
        assert_true(number(lanes, "fitting_recomputed") >= number(lanes, "fitting"));
    }
    assert_int_equal(lanes_that_fit(largest, bytes), 2);
    json_decref(host);
    json_decref(device);
}

static void test_bad_options(void **state)
{
    (void)state;
    char path[PATH_SIZE];
    refused((const char *[]){"--team", "2", NULL}, "expected --ranks");
    refused((const char *[]){"--lanes", "2", NULL}, "--lanes: expected --memory or --ranks");
    refused((const char *[]){"--memory", "--lanes", "17", NULL}, "--lanes: expected at most 16, found 17");
    refused((const char *[]){"--memory", "--ranks", "2", NULL}, "--memory: expected without --ranks");
    refused((const char *[]){"--ranks", "2", "--latency", "soon", NULL}, "--latency: expected a number above 0");
    refused((const char *[]){"--ranks", "2", "--bandwidth", "-1", NULL}, "--bandwidth: expected a number above 0");
    refused((const char *[]){"--ranks", "2", "--costs", path_in(path, "absent"), NULL}, "absent");
    text_write("list.json", "[1, 2]");
    refused((const char *[]){"--ranks", "2", "--costs", path_in(path, "list.json"), NULL},
            "costs: expected an object");
    text_write("other.json", "{\"costs\": {\"perceptors\": 3}}");
    refused((const char *[]){"--ranks", "2", "--costs", path_in(path, "other.json"), NULL}, "perceptors: expected");
}

/* Costs whose shapes are not the study's, or whose numbers are none. */
static void test_costs_that_do_not_fit(void **state)
{
    (void)state;
    char path[PATH_SIZE];
    json_t *report = report_read("costs.json");
    json_t *shape = json_array_get(json_object_get(json_object_get(report, "costs"), "shapes"), 1);
    json_object_set_new(shape, "decode_seconds", json_real(-1.0));
    assert_int_equal(json_dump_file(report, path_in(path, "negative.json"), 0), 0);
    refused((const char *[]){"--ranks", "2", "--costs", path, NULL}, "decode_seconds: expected a number");
    json_object_set_new(shape, "decode_seconds", json_real(0.0));
    assert_int_equal(json_dump_file(report, path_in(path, "nothing.json"), 0), 0);
    refused((const char *[]){"--ranks", "2", "--costs", path, NULL}, "decode_seconds: expected a number above 0");
    json_object_set_new(shape, "decode_seconds", json_real(1.0));
    json_object_set_new(shape, "width", json_integer(48));
    assert_int_equal(json_dump_file(report, path_in(path, "wide.json"), 0), 0);
    refused((const char *[]){"--ranks", "2", "--costs", path, NULL}, "lack the shape of render 2: 32");
    json_decref(report);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_measured_costs),
        cmocka_unit_test(test_costs_of_a_file),
        cmocka_unit_test(test_lanes),
        cmocka_unit_test(test_older_costs),
        cmocka_unit_test(test_bad_lane_steps),
        cmocka_unit_test(test_memory),
        cmocka_unit_test(test_memory_of_lanes),
        cmocka_unit_test(test_bad_options),
        cmocka_unit_test(test_costs_that_do_not_fit),
    };
    return cmocka_run_group_tests(tests, costs_measure, NULL);
}
