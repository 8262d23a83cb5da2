#include <stdlib.h>

#include "base/clock.h"
#include "base/median.h"
#include "base/memory.h"
#include "cli/bench_report.h"
#include "cli/commands.h"
#include "cli/lanes.h"
#include "cli/shipped_jobs.h"
#include "guide/targets.h"
#include "record/environment.h"

enum { MOST_STEPS = 1000000 };

typedef struct bench_options {
    vqc_compute compute;
    long render, steps, warm_up, lanes;
} bench_options;

/* What the timed steps took: (steps) each, in one block that `total` owns. */
typedef struct step_times {
    double *total, *decode, *update, *rest;
    double *perceptors; /* (perceptors, steps) */
} step_times;

static vqc_status times_create(size_t steps, size_t perceptors, step_times *times, vqc_error *error)
{
    VQC_TRY(
        vqc_memory_allocate((4 + perceptors) * steps, sizeof *times->total, "times of steps", &times->total, error));
    times->decode = times->total + steps;
    times->update = times->decode + steps;
    times->rest = times->update + steps;
    times->perceptors = times->rest + steps;
    return VQC_OK;
}

/* ---- Steps ---- */

static void step_note(const vqc_bench_report *report, const vqc_step_seconds *seconds, double total, size_t step,
                      step_times *times)
{
    size_t steps = (size_t)report->steps;
    times->total[step] = total;
    times->decode[step] = seconds->decode;
    times->update[step] = seconds->update;
    times->rest[step] = total - seconds->decode - seconds->update;
    for (size_t i = 0; i < report->study->perceptor_count; i++) {
        times->perceptors[i * steps + step] = seconds->groups[i];
        times->rest[step] -= seconds->groups[i];
    }
}

/* One step of the render in every lane. */
static vqc_status lanes_step(const vqc_lanes *lanes, double *losses, vqc_error *error)
{
    vqc_status status = VQC_OK;
    for (int lane = 0; lane < lanes->count; lane++)
        vqc_renderer_step_begin(lanes->renderers[lane]);
    for (int lane = 0; lane < lanes->count; lane++)
        if (vqc_renderer_step_end(lanes->renderers[lane], losses, error) != VQC_OK)
            status = error->status;
    return status;
}

static vqc_status steps_make(const vqc_lanes *lanes, const vqc_bench_report *report, step_times *times,
                             double *losses, vqc_error *error)
{
    for (int64_t step = -report->warm_up; step < report->steps; step++) {
        double started = vqc_clock_seconds();
        VQC_TRY(lanes_step(lanes, losses, error));
        double total = vqc_clock_seconds() - started;
        if (step >= 0)
            step_note(report, vqc_renderer_step_seconds(lanes->renderers[0]), total, (size_t)step, times);
    }
    return VQC_OK;
}

/* The medians, and each part's share of their sum. */
static void steps_summarise(step_times *times, vqc_bench_report *report)
{
    size_t steps = (size_t)report->steps;
    size_t perceptors = report->study->perceptor_count;
    report->step_median = vqc_median(times->total, steps);
    report->step_smallest = times->total[0];
    report->decode.median = vqc_median(times->decode, steps);
    report->update.median = vqc_median(times->update, steps);
    report->rest.median = vqc_median(times->rest, steps);
    double sum = report->decode.median + report->update.median + report->rest.median;
    for (size_t i = 0; i < perceptors; i++) {
        report->perceptors[i].median = vqc_median(times->perceptors + i * steps, steps);
        sum += report->perceptors[i].median;
    }
    report->decode.share = report->decode.median / sum;
    report->update.share = report->update.median / sum;
    report->rest.share = report->rest.median / sum;
    for (size_t i = 0; i < perceptors; i++)
        report->perceptors[i].share = report->perceptors[i].median / sum;
}

static vqc_status steps_time(const vqc_lanes *lanes, vqc_bench_report *report, double *losses, vqc_error *error)
{
    step_times times = {0};
    VQC_TRY(times_create((size_t)report->steps, report->study->perceptor_count, &times, error));
    vqc_status status = steps_make(lanes, report, &times, losses, error);
    if (status == VQC_OK)
        steps_summarise(&times, report);
    free(times.total);
    return status;
}

/* ---- The render ---- */

static vqc_status picture_time(vqc_renderer *renderer, const vqc_render_extents *shape, vqc_bench_report *report,
                               vqc_error *error)
{
    float *picture;
    int32_t *codes = NULL;
    VQC_TRY(vqc_memory_allocate((size_t)(3 * shape->height * shape->width), sizeof *picture, "a picture", &picture,
                                error));
    vqc_status status = vqc_memory_allocate((size_t)shape->codes, sizeof *codes, "codes", &codes, error);
    double started = vqc_clock_seconds();
    if (status == VQC_OK)
        status = vqc_renderer_picture(renderer, picture, codes, error);
    report->picture = vqc_clock_seconds() - started;
    free(picture);
    free(codes);
    return status;
}

/* As forecast/prediction.h has it for one rank; where lanes share the device, its part. */
static double render_predict(const vqc_bench_report *report)
{
    const vqc_settings *settings = report->render->settings;
    int64_t snapshots = settings->snapshots == 0 ? 0 : settings->steps / settings->snapshots;
    return (report->start + (double)settings->steps * report->step_median) / report->lanes +
           (double)(snapshots + 1) * report->picture;
}

/* Networks and first latents of all lanes. */
static vqc_status lanes_start(const vqc_lanes *lanes, const vqc_render *render, vqc_error *error)
{
    for (int lane = 0; lane < lanes->count; lane++)
        VQC_TRY(vqc_renderer_start(lanes->renderers[lane], render, error));
    return VQC_OK;
}

static vqc_status render_time(const vqc_lanes *lanes, vqc_bench_report *report, vqc_error *error)
{
    vqc_renderer *renderer = lanes->renderers[0];
    vqc_render_extents shape;
    double *losses;
    double started = vqc_clock_seconds();
    VQC_TRY(lanes_start(lanes, report->render, error));
    report->start = vqc_clock_seconds() - started;
    report->groups = vqc_renderer_work(renderer)->groups[0];
    VQC_TRY(vqc_renderer_extents(renderer, report->render, &shape, error));
    VQC_TRY(vqc_memory_allocate((size_t)shape.terms, sizeof *losses, "losses", &losses, error));
    vqc_status status = steps_time(lanes, report, losses, error);
    report->loss = losses[shape.terms - 1];
    free(losses);
    VQC_TRY(status);
    VQC_TRY(picture_time(renderer, &shape, report, error));
    report->memory = vqc_renderer_device_memory(renderer);
    report->host_peak = vqc_memory_peak();
    report->render_seconds = render_predict(report);
    return VQC_OK;
}

static vqc_status device_memory_read(const vqc_compute *compute, vqc_bench_report *report, vqc_error *error)
{
    size_t available;
    size_t total;
    VQC_TRY(vqc_ops_memory(compute->ops, &available, &total, error));
    report->device_used = total - available;
    return VQC_OK;
}

static vqc_status environment_find(const vqc_compute *compute, vqc_bench_report *report, vqc_error *error)
{
    vqc_environment here;
    VQC_TRY(vqc_environment_find(compute->ops, compute->dtype, VQC_VERSION, &here, error));
    vqc_environment_write(&here, report->environment);
    vqc_ops_identify(compute->ops, &report->device);
    return VQC_OK;
}

static vqc_status render_bench(const bench_options *options, vqc_bench_report *report, vqc_error *error)
{
    vqc_renderer *renderer;
    VQC_TRY(environment_find(&options->compute, report, error));
    double started = vqc_clock_seconds();
    VQC_TRY(vqc_renderer_create_for(report->study, (vqc_prompt_range){report->render->prompt, 1},
                                    options->compute.ops, options->compute.dtype, &renderer, error));
    report->open = vqc_clock_seconds() - started;
    vqc_lanes lanes;
    vqc_status status = vqc_lanes_open(&lanes, &options->compute, renderer, (int)options->lanes, error);
    report->lanes = lanes.count;
    if (status == VQC_OK)
        status = render_time(&lanes, report, error);
    if (status == VQC_OK)
        status = device_memory_read(&options->compute, report, error);
    vqc_lanes_close(&lanes);
    vqc_renderer_destroy(renderer);
    VQC_TRY(status);
    if (options->compute.json)
        return vqc_bench_report_print_json(report, error);
    vqc_bench_report_print(report);
    return VQC_OK;
}

/* ---- The command ---- */

static vqc_status options_check(const bench_options *options, vqc_error *error)
{
    if (options->steps < 1 || options->steps > MOST_STEPS)
        return vqc_error_set(error, VQC_BAD_INPUT, "--steps: expected 1 to %d, found %ld", MOST_STEPS,
                             options->steps);
    if (options->warm_up > MOST_STEPS)
        return vqc_error_set(error, VQC_BAD_INPUT, "--warm-up: expected at most %d, found %ld", MOST_STEPS,
                             options->warm_up);
    if (options->lanes < 1)
        return vqc_error_set(error, VQC_BAD_INPUT, "--lanes: expected at least 1, found %ld", options->lanes);
    return vqc_lanes_check(options->lanes, error);
}

static vqc_status study_bench(bench_options *options, const vqc_study *study, vqc_error *error)
{
    if ((size_t)options->render >= study->render_count)
        return vqc_error_set(error, VQC_BAD_INPUT, "--render: expected less than %zu, the renders of %s, found %ld",
                             study->render_count, study->path, options->render);
    vqc_bench_report report = {
        .study = study,
        .render = &study->renders[options->render],
        .steps = options->steps,
        .warm_up = options->warm_up,
    };
    VQC_TRY(vqc_targets_check(study, false, error));
    VQC_TRY(vqc_compute_open(&options->compute, error));
    return render_bench(options, &report, error);
}

static vqc_status bench_run(void *context, const vqc_text_list *operands, vqc_error *error)
{
    bench_options *options = context;
    vqc_study *study;
    VQC_TRY(options_check(options, error));
    VQC_TRY(vqc_shipped_study_open(operands->items[0], &study, error));
    vqc_status status = study_bench(options, study, error);
    vqc_study_close(study);
    vqc_compute_close(&options->compute);
    return status;
}

static const vqc_option table[] = {
    {.name = "--render",
     .value = "K",
     .usual = "0",
     .help = "the render to make steps of, as plan numbers them",
     VQC_OPTION_MEMBER(bench_options, render)},
    {.name = "--steps",
     .value = "N",
     .usual = "10",
     .help = "steps to time",
     VQC_OPTION_MEMBER(bench_options, steps)},
    {.name = "--warm-up",
     .value = "N",
     .usual = "2",
     .help = "steps before them",
     VQC_OPTION_MEMBER(bench_options, warm_up)},
    {.name = "--lanes",
     .value = "N",
     .usual = "1",
     .help = "times that the render is made at a time",
     VQC_OPTION_MEMBER(bench_options, lanes)},
    VQC_COMPUTE_OPTIONS(bench_options, "cpu", "f32"),
};

const vqc_command vqc_command_bench = {
    .name = "bench",
    .summary = "how long the steps of a study's render take here, and what in them",
    .usage = "vqclip bench JOB [--render K] [--steps N]",
    .about = "Makes some steps of one render of the study, on one rank, and says what they take: seconds per\n"
             "step and in which part of it, memory, and what the whole render would take. Writes nothing.",
    .options = table,
    .option_count = sizeof table / sizeof table[0],
    .operand_minimum = 1,
    .operand_maximum = 1,
    .options_size = sizeof(bench_options),
    .run = bench_run,
};
