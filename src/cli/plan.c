#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/commands.h"
#include "cli/compute.h"
#include "cli/forecast_report.h"
#include "cli/lanes.h"
#include "cli/memory_report.h"
#include "cli/shipped_jobs.h"
#include "cli/study_report.h"
#include "forecast/cost_file.h"
#include "forecast/measurement.h"
#include "guide/targets.h"
#include "record/environment.h"
#include "render/study_check.h"

/* ---- What a launch would be like ---- */

typedef struct plan_options {
    vqc_compute compute;
    long ranks, team, lanes;
    bool memory;
    const char *costs;
    const char *latency, *bandwidth;
    vqc_prediction_options prediction;
    vqc_text remarks;                      /* on the study */
    vqc_ops *queues[VQC_LAUNCH_MAX_LANES]; /* of lanes to be measured: the first is the compute's */
} plan_options;

/* A number above 0. */
static vqc_status real_parse(const char *option, const char *text, double *value_out, vqc_error *error)
{
    char *end;
    *value_out = strtod(text, &end);
    if (end != text && *end == '\0' && isfinite(*value_out) && *value_out > 0.0)
        return VQC_OK;
    return vqc_error_set(error, VQC_BAD_INPUT, "%s: expected a number above 0, found %s", option, text);
}

static vqc_status options_check(plan_options *options, vqc_error *error)
{
    enum { MOST_RANKS = 1 << 20 };
    if (options->ranks > MOST_RANKS || options->team > MOST_RANKS)
        return vqc_error_set(error, VQC_BAD_INPUT, "--ranks, --team: expected at most %d", MOST_RANKS);
    if (options->ranks == 0 && (options->team > 0 || options->costs != NULL))
        return vqc_error_set(error, VQC_BAD_INPUT, "--team and --costs: expected --ranks with them");
    if (options->ranks == 0 && !options->memory && options->lanes > 0)
        return vqc_error_set(error, VQC_BAD_INPUT, "--lanes: expected --memory or --ranks with it");
    VQC_TRY(vqc_lanes_check(options->lanes, error));
    if (options->ranks > 0 && options->memory)
        return vqc_error_set(error, VQC_BAD_INPUT, "--memory: expected without --ranks");
    options->prediction.ranks = (int)options->ranks;
    VQC_TRY(real_parse("--latency", options->latency, &options->prediction.latency, error));
    return real_parse("--bandwidth", options->bandwidth, &options->prediction.bandwidth, error);
}

/* A device queue for each lane. */
static vqc_status queues_open(plan_options *options, int lanes, vqc_error *error)
{
    options->queues[0] = options->compute.ops;
    for (int lane = 1; lane < lanes; lane++)
        VQC_TRY(vqc_compute_open_beside(&options->compute, &options->queues[lane], error));
    return VQC_OK;
}

static void queues_close(plan_options *options)
{
    for (int lane = 1; lane < VQC_LAUNCH_MAX_LANES; lane++)
        vqc_ops_destroy(options->queues[lane]);
}

/* Measures with as many lanes as a launch would have, on one rank even, so that the costs serve for any number. */
static vqc_status costs_measure(plan_options *options, const vqc_study *study, vqc_cost_table *costs, char *where,
                                vqc_error *error)
{
    vqc_environment here;
    VQC_TRY(vqc_compute_open(&options->compute, error));
    VQC_TRY(vqc_environment_find(options->compute.ops, options->compute.dtype, VQC_VERSION, &here, error));
    vqc_environment_write(&here, where);
    options->prediction.lanes = vqc_lanes_choose(options->lanes, options->compute.ops);
    int lanes = vqc_lane_count_useful(options->prediction.lanes, study->render_count, 1);
    vqc_status status = queues_open(options, lanes, error);
    if (status == VQC_OK)
        status = vqc_measurement_run(study, options->queues, lanes, options->compute.dtype, costs, error);
    queues_close(options);
    return status;
}

/* Measures the costs here, or reads them; a file's number of lanes is the default then. `where`
 * (VQC_ARCHIVE_DEVICE_SIZE bytes) says where they come from. */
static vqc_status costs_find(plan_options *options, const vqc_study *study, vqc_cost_table *costs, char *where,
                             vqc_error *error)
{
    if (options->costs == NULL)
        return costs_measure(options, study, costs, where, error);
    (void)snprintf(where, VQC_ARCHIVE_DEVICE_SIZE, "from %s", options->costs);
    VQC_TRY(vqc_cost_table_read(options->costs, study->perceptor_count, costs, error));
    options->prediction.lanes = options->lanes > 0 ? (int)options->lanes : costs->lanes;
    return VQC_OK;
}

static vqc_status launch_predict(plan_options *options, const vqc_study *study, vqc_error *error)
{
    char where[VQC_ARCHIVE_DEVICE_SIZE];
    vqc_cost_table costs = {0};
    vqc_prediction prediction = {0};
    options->prediction.team = options->team > 0 ? options->team : study->team;
    vqc_status status = costs_find(options, study, &costs, where, error);
    if (status == VQC_OK)
        status = vqc_prediction_create(study, &costs, &options->prediction, &prediction, error);
    const vqc_forecast_report report = {study, &costs, where, &options->prediction, &prediction};
    if (status == VQC_OK)
        status = options->compute.json ? vqc_forecast_report_print_json(&report, error)
                                       : vqc_forecast_report_print(&report, error);
    vqc_prediction_release(&prediction);
    vqc_cost_table_release(&costs);
    return status;
}

static vqc_status memory_plan(plan_options *options, const vqc_study *study, vqc_error *error)
{
    VQC_TRY(vqc_compute_open(&options->compute, error));
    return vqc_memory_report_print(study, &options->compute, vqc_lanes_choose(options->lanes, options->compute.ops),
                                   error);
}

static vqc_status study_plan(plan_options *options, const vqc_study *study, vqc_error *error)
{
    VQC_TRY(vqc_targets_check(study, true, error));
    VQC_TRY(vqc_study_check(study, &options->remarks, error));
    if (options->ranks > 0)
        return launch_predict(options, study, error);
    return options->memory ? memory_plan(options, study, error)
                           : vqc_study_report_print(study, &options->remarks, options->compute.json, error);
}

static vqc_status plan_run(void *context, const vqc_text_list *operands, vqc_error *error)
{
    plan_options *options = context;
    vqc_study *study;
    VQC_TRY(options_check(options, error));
    VQC_TRY(vqc_shipped_study_open(operands->items[0], &study, error));
    vqc_status status = study_plan(options, study, error);
    vqc_study_close(study);
    vqc_compute_close(&options->compute);
    vqc_text_release(&options->remarks);
    return status;
}

/* Of the network, what clusters have, about: 2 µs and 100 Gbit/s. */
static const vqc_option table[] = {
    {.name = "--memory",
     .help = "plan the networks and say what memory they take on the device",
     VQC_OPTION_MEMBER(plan_options, memory)},
    {.name = "--ranks",
     .value = "N",
     .help = "predict a launch on so many ranks",
     VQC_OPTION_MEMBER(plan_options, ranks)},
    {.name = "--team",
     .value = "T",
     .help = "ranks that share a render (default: the study's, else chosen)",
     VQC_OPTION_MEMBER(plan_options, team)},
    VQC_LANES_OPTION(plan_options),
    {.name = "--costs",
     .value = "FILE",
     .help = "costs that an earlier --ranks N --json measured",
     VQC_OPTION_MEMBER(plan_options, costs)},
    {.name = "--latency",
     .value = "SECONDS",
     .usual = "2e-6",
     .help = "of a message between ranks",
     VQC_OPTION_MEMBER(plan_options, latency)},
    {.name = "--bandwidth",
     .value = "BYTES",
     .usual = "12.5e9",
     .help = "that a rank's connection carries in a second",
     VQC_OPTION_MEMBER(plan_options, bandwidth)},
    VQC_COMPUTE_OPTIONS(plan_options, "cpu", "f32"),
};

const vqc_command vqc_command_plan = {
    .name = "plan",
    .summary = "the renders that a study expands to",
    .usage = "vqclip plan JOB [--memory | --ranks N] [--lanes N]",
    .about =
        "Reads a job file and looks at what a render would: that texts fit the perceptors and sizes the\n"
        "generator, and that files of pictures, masks, codes and embeddings are of use. Lists the renders, says\n"
        "which keys have no effect and which pictures are brought to another shape. Loads no model.\n"
        "With --memory it opens the models and says what device memory each kind of render takes, alone\n"
        "and several at a time, before any of it is allocated. With --ranks it measures here what the renders\n"
        "cost, a few steps of each shape, alone and beside each other, and predicts a launch on so many\n"
        "ranks like this one: which of them make which renders and when, memory, messages, time, efficiency.\n"
        "Costs of a file serve for at most as many lanes as they were measured with, the default then.",
    .options = table,
    .option_count = sizeof table / sizeof table[0],
    .operand_minimum = 1,
    .operand_maximum = 1,
    .options_size = sizeof(plan_options),
    .run = plan_run,
};
